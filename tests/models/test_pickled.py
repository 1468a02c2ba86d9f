"""Pickles are read as data: what they would import or call stays undone."""

import io
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap_jax.models.pickled import Made, Named, Referred, read_pickle

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=4).map(OrderedDict)
    ),
    max_leaves=20,
)


class Harm:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@given(PLAIN, st.integers(3, 5))
def test_plain_data_come_back(value, protocol):
    assert read_pickle(io.BytesIO(pickle.dumps(value, protocol))) == value


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_the_oldest_protocols(protocol):
    value = {"a": [1, 2.5, None, "x"], "b": (1, (2, 3)), "c": 10**20, "d": []}
    assert read_pickle(io.BytesIO(pickle.dumps(value, protocol))) == value


def test_one_object_in_two_places_is_one():
    inner = [1]
    first, second = read_pickle(io.BytesIO(pickle.dumps([inner, inner])))
    assert first is second


def test_the_stream_is_left_behind_the_pickle():
    stream = io.BytesIO(pickle.dumps({"a": 1}) + pickle.dumps([2]) + b"rest")
    assert read_pickle(stream) == {"a": 1}
    assert read_pickle(stream) == [2]
    assert stream.read() == b"rest"


@pytest.mark.parametrize("protocol", range(6))
def test_a_call_is_noted_and_not_made(protocol, tmp_path):
    harm = Harm(tmp_path / "harmed")
    read = read_pickle(io.BytesIO(pickle.dumps({"x": harm}, protocol)))
    assert read == {"x": Made(Named("posix mkdir"), (str(harm.path),))}
    assert not harm.path.exists()
    pickle.loads(pickle.dumps(harm, protocol))  # the trap itself works
    assert harm.path.exists()


def test_objects_lose_their_state_and_their_items():
    class_name = f"{__name__} Harm"
    plain = pickle.PROTO + b"\x02" + pickle.GLOBAL + class_name.replace(" ", "\n").encode() + b"\n"
    made = plain + pickle.EMPTY_TUPLE + pickle.NEWOBJ
    state = pickle.EMPTY_DICT + pickle.BUILD
    items = pickle.MARK + pickle.NONE + pickle.NONE + pickle.SETITEMS
    more = pickle.MARK + pickle.NONE + pickle.APPENDS
    read = read_pickle(io.BytesIO(made + state + items + more + pickle.STOP))
    assert read == Made(Named(class_name), ())


def test_what_lies_outside_is_referred_to():
    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            return ("storage", len(obj)) if isinstance(obj, bytes) else None

    stream = io.BytesIO()
    Pickler(stream, 2).dump([b"abc"])
    stream.seek(0)
    assert read_pickle(stream) == [Referred(("storage", 3))]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle",
        pickle.dumps([1, 2, 3])[:-3],
        pickle.MARK + pickle.STOP,
        pickle.APPEND + pickle.STOP,
        pickle.BINGET + b"\x07" + pickle.STOP,
        pickle.dumps(np.zeros(3))[:40],
        pickle.EXT1 + b"\x01" + pickle.STOP,
        pickle.INST + b"os\nsystem\n" + pickle.STOP,
        # A list as a key, and keys without values.
        pickle.MARK + pickle.EMPTY_LIST + pickle.NONE + pickle.DICT + pickle.STOP,
        pickle.MARK + pickle.NONE + pickle.DICT + pickle.STOP,
    ],
)
def test_anything_else_is_an_error_of_one_kind(data):
    with pytest.raises(ValueError, match="no pickle of plain data"):
        read_pickle(io.BytesIO(data))


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: b"\x80\x02}q\x00(" + tail))
def test_any_bytes_are_data_or_an_error(data):
    message = "no pickle of plain data"
    try:
        read_pickle(io.BytesIO(data))
    except ValueError as error:
        message = str(error)
    assert "no pickle of plain data" in message
