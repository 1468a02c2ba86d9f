import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from camtrap_jax.mesh import (
    describe_devices,
    make_mesh,
    padded_batch_size,
    put_batch,
    put_replicated,
)


def test_a_batch_lies_in_equal_parts_on_all_devices_in_order():
    values = np.arange(24).reshape(8, 3)
    placed = put_batch({"a": values, "b": values[:, 0]}, make_mesh())
    assert jax.device_count() == 4
    for name, expected in (("a", values), ("b", values[:, 0])):
        array = placed[name]
        assert array.sharding.spec == PartitionSpec("data")
        parts = {shard.device.id: np.asarray(shard.data) for shard in array.addressable_shards}
        assert len(parts) == 4
        np.testing.assert_array_equal(np.concatenate([parts[k] for k in sorted(parts)]), expected)


def test_a_replicated_tree_is_whole_on_every_device():
    tree = put_replicated({"w": np.arange(3.0)}, make_mesh())
    assert len(tree["w"].addressable_shards) == 4
    for shard in tree["w"].addressable_shards:
        np.testing.assert_array_equal(shard.data, np.arange(3.0))


def test_a_batch_that_the_devices_cannot_share_is_refused():
    with pytest.raises(ValueError, match="evenly divide"):
        put_batch({"a": np.zeros((6, 2))}, make_mesh())


@pytest.mark.parametrize(("asked", "padded"), [(1, 4), (4, 4), (5, 8), (64, 64)])
def test_a_batch_size_is_rounded_up_to_the_devices(asked, padded):
    assert padded_batch_size(asked) == padded


def test_a_batch_for_one_device_keeps_its_size():
    assert padded_batch_size(5, make_mesh(jax.devices()[:1])) == 5
    assert padded_batch_size(5, make_mesh(jax.devices()[:2])) == 6


def test_devices_are_described_as_json_can_hold_them():
    assert describe_devices() == {
        "platform": "cpu",
        "kind": "cpu",
        "num_devices": 4,
        "num_processes": 1,
    }
