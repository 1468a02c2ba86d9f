import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference.slow_splits import slow_components, slow_near_duplicates

from camtrap_jax.data import duplicates
from camtrap_jax.data.duplicates import exact_duplicates, near_duplicates

QUICK = settings(deadline=None, max_examples=60)


@st.composite
def hashes(draw):
    """Hashes around a few centres, some missing, some chained, some in capitals."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    centres = [int.from_bytes(rng.bytes(32)) for _ in range(draw(st.integers(1, 4)))]
    found = []
    for _ in range(draw(st.integers(0, 40))):
        flips = rng.choice(256, rng.integers(0, 9), replace=False)
        number = centres[rng.integers(len(centres))]
        for bit in flips.tolist():
            number ^= 1 << bit
        if rng.random() < 0.3:
            centres.append(number)
        text = f"{number:064x}"
        found.append(["", text.upper(), text][rng.choice(3, p=[0.1, 0.1, 0.8])])
    return found


@QUICK
@given(hashes(), st.sampled_from([0, 1, 4, 5, 8, 120, 256]), st.sampled_from([1, 8, 2048]))
def test_near_duplicates_are_the_components_of_all_pairs(found, max_bits, tile):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_TILE", tile)
        labels = near_duplicates(found, max_bits=max_bits)
    assert labels.tolist() == slow_near_duplicates(found, max_bits)
    assert np.issubdtype(labels.dtype, np.integer)


@pytest.mark.parametrize("bit", [0, 31, 32, 100, 255])
def test_every_bit_counts_once(bit):
    found = ["0" * 64, f"{(1 << bit) | (1 << (bit ^ 1)):064x}"]
    assert near_duplicates(found, max_bits=1).tolist() == [0, 1]
    assert near_duplicates(found, max_bits=2).tolist() == [0, 0]


def test_a_cluster_over_many_tiles_is_one_and_a_chain_holds():
    """5000 hashes over three tiles a side, in random order; some are 256 bits apart."""
    rng = np.random.default_rng(0)
    ring = [f"{(1 << length) - 1:064x}" for length in range(257)]  # one bit from link to link
    near = [f"{int.from_bytes(rng.bytes(1)) << 248 | number:064x}" for number in range(4743)]
    order = rng.permutation(len(ring) + len(near))
    found = np.array([*ring, *near], object)[order].tolist()
    assert set(near_duplicates(found, max_bits=30).tolist()) == {0}
    assert near_duplicates(ring, max_bits=1).tolist() == [0] * 257
    assert near_duplicates(ring, max_bits=0).tolist() == list(range(257))


@pytest.mark.parametrize("text", ["0" * 63, "0" * 65, "g" * 64, " " * 64, "0x" + "0" * 62])
def test_what_is_no_hash_is_refused(text):
    with pytest.raises(ValueError, match=r"image 1: expected 64 hexadecimal digits") as caught:
        near_duplicates(["", text], max_bits=3)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("max_bits", [-1, 257])
def test_bits_out_of_range_are_refused(max_bits):
    with pytest.raises(ValueError, match="expected 0 to 256"):
        near_duplicates([], max_bits=max_bits)


@given(st.lists(st.sampled_from(["", "a", "b", "c", "0", "1"]), max_size=20))
@example(["1", "", "", "1"])
def test_exact_duplicates_are_equal_and_unknown_hashes_equal_nothing(found):
    slow = slow_components(len(found), lambda i, j: bool(found[i]) and found[i] == found[j])
    assert exact_duplicates(found).tolist() == slow
