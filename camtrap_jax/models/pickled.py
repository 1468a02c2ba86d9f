"""Reads a pickle as data: no name in it is imported, and nothing in it is called."""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

_MARK = object()
_VALUES = frozenset(
    (  # noqa: SIM905 (a list would fill a screen)
        "NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT UNICODE "
        "BINUNICODE SHORT_BINUNICODE BINUNICODE8 STRING BINSTRING SHORT_BINSTRING BINBYTES "
        "SHORT_BINBYTES BINBYTES8"
    ).split()
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_DICTIONARIES = frozenset({"collections OrderedDict", "builtins dict", "__builtin__ dict"})


@dataclass(frozen=True, slots=True)
class Named:
    """A class or function that the pickle names, as `module name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """What the pickle wants made by calling something."""

    by: Any
    arguments: Any


@dataclass(frozen=True, slots=True)
class Referred:
    """What the pickle refers to outside itself, by the writer's id."""

    id: Any


def read_pickle(stream: BinaryIO) -> Any:
    """Reads one pickle and leaves the stream behind its end.

    Args:
      stream: of a pickle of any protocol.

    Returns:
      Numbers, texts, bytes, lists, tuples and dictionaries, ordered ones too, as they are. Whatever
      would have been imported, called or looked up elsewhere is `Named`, `Made` and `Referred`; the
      state and the items that such an object is given are dropped.

    Raises:
      ValueError: no pickle, damaged, or with an operation that plain data does not need.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no pickle of plain data: {error}") from None
    raise ValueError("no pickle of plain data: it ends too early")


class _Machine:
    """The stack and the memory that a pickle's operations work on."""

    def __init__(self):
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Carries out one operation."""
        if name in _VALUES:
            self.push(_CONSTANTS.get(name, argument))
        elif name in _OPERATIONS:
            _OPERATIONS[name](self, argument)
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"the operation {name}")

    def push(self, value: Any) -> None:
        """Puts a value on top."""
        self._stack.append(value)

    def pop(self) -> Any:
        """Takes the top value."""
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value is expected")
        return value

    def pop_all(self, count: int) -> list[Any]:
        """Takes the top values, the lowest first."""
        return [self.pop() for _ in range(count)][::-1]

    def pop_to_mark(self) -> list[Any]:
        """Takes all values above the last mark, and the mark."""
        values = []
        while (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def top(self) -> Any:
        """Returns the top value without taking it."""
        return self._stack[-1]

    def remember(self, place: int | None) -> None:
        """Keeps the top value at a place; None is the next free one."""
        self._memory[len(self._memory) if place is None else place] = self.top()

    def recall(self, place: int) -> None:
        """Puts a kept value on top."""
        self.push(self._memory[place])

    def name_from_stack(self) -> None:
        """Names what the two texts on top say."""
        module, name = self.pop_all(2)
        self.push(Named(f"{module} {name}"))

    def make(self) -> None:
        """Notes a call of the second value with the arguments on top."""
        by, arguments = self.pop_all(2)
        if isinstance(by, Named) and by.name in _DICTIONARIES:
            self.push(dict(*arguments))
        else:
            self.push(Made(by, arguments))

    def extend(self, values: list[Any]) -> None:
        """Appends to the list on top."""
        if isinstance(self.top(), list):
            self.top().extend(values)

    def set_items(self, values: list[Any]) -> None:
        """Sets keys and values, which alternate, of the dictionary on top."""
        if isinstance(self.top(), dict):
            self.top().update(_as_dictionary(values))


def _as_dictionary(values: list[Any]) -> dict[Any, Any]:
    return dict(zip(values[::2], values[1::2], strict=True))


_OPERATIONS: dict[str, Callable[[_Machine, Any], object]] = {
    "MARK": lambda machine, _: machine.push(_MARK),
    "POP": lambda machine, _: machine.pop(),
    "POP_MARK": lambda machine, _: machine.pop_to_mark(),
    "DUP": lambda machine, _: machine.push(machine.top()),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE1": lambda machine, _: machine.push(tuple(machine.pop_all(1))),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.pop_all(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.pop_all(3))),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_to_mark())),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "LIST": lambda machine, _: machine.push(machine.pop_to_mark()),
    "APPEND": lambda machine, _: machine.extend(machine.pop_all(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_to_mark()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "DICT": lambda machine, _: machine.push(_as_dictionary(machine.pop_to_mark())),
    "SETITEM": lambda machine, _: machine.set_items(machine.pop_all(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_to_mark()),
    "PUT": lambda machine, place: machine.remember(place),
    "BINPUT": lambda machine, place: machine.remember(place),
    "LONG_BINPUT": lambda machine, place: machine.remember(place),
    "MEMOIZE": lambda machine, _: machine.remember(None),
    "GET": lambda machine, place: machine.recall(place),
    "BINGET": lambda machine, place: machine.recall(place),
    "LONG_BINGET": lambda machine, place: machine.recall(place),
    "GLOBAL": lambda machine, name: machine.push(Named(name)),
    "STACK_GLOBAL": lambda machine, _: machine.name_from_stack(),
    "REDUCE": lambda machine, _: machine.make(),
    "NEWOBJ": lambda machine, _: machine.make(),
    "BUILD": lambda machine, _: machine.pop(),  # an object's state
    "PERSID": lambda machine, key: machine.push(Referred(key)),
    "BINPERSID": lambda machine, _: machine.push(Referred(machine.pop())),
}
