"""What a program consists of before XLA sees it."""


def primitives(jaxpr):
    """Returns the names of all operations of a jaxpr, those of its inner functions too."""
    names = []
    for equation in jaxpr.eqns:
        names.append(equation.primitive.name)
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple | list) else [value]:
                if hasattr(inner, "eqns") or hasattr(inner, "jaxpr"):
                    names += primitives(getattr(inner, "jaxpr", inner))
    return names
