import pytest

from camtrap_jax.data.labels import label_role


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("empty", "empty"),
        ("Ghost", "empty"),
        ("NONE", "empty"),
        (" blank ", "empty"),
        ("Setup", "excluded"),
        ("human", "excluded"),
        ("UNID", "excluded"),
        ("unclassified", "excluded"),
        ("NA", "species"),
        ("007", "species"),
        ("fire finch", "species"),
        ("ghost crab", "species"),
    ],
)
def test_roles_of_labels(label, role):
    assert label_role(label) == role
