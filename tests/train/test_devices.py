"""Training is the same on any number of devices: crops, colours, dropout, BatchNorm, momentum."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest
import safetensors.numpy
from reference import devices_program
from reference.joint_processes import run_together
from reference.small_network import make_training, random_batch

from camtrap_jax.mesh import make_mesh, put_batch

NUM_STEPS = 20
TOLERANCE = 1e-5


def train(num_devices):
    mesh = make_mesh(jax.devices()[:num_devices])
    state, train_step, _ = make_training(mesh=mesh, num_steps=NUM_STEPS)
    losses = []
    for step in range(NUM_STEPS):
        state, metrics = train_step(state, put_batch(random_batch(step), mesh))
        losses.append(float(metrics["loss"]))
    return np.array(losses), [np.asarray(leaf) for leaf in jax.tree.leaves(state)]


def test_twenty_steps_of_a_small_network_on_one_two_and_four_devices():
    (losses, leaves), *others = (train(count) for count in (1, 2, 4))
    assert len(set(losses.round(3))) > NUM_STEPS / 2  # it moves
    for their_losses, their_leaves in others:
        np.testing.assert_allclose(their_losses, losses, rtol=TOLERANCE)
        for theirs, ours in zip(their_leaves, leaves, strict=True):
            np.testing.assert_allclose(theirs, ours, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "precision"), list(devices_program.RATES))
def test_twenty_steps_of_the_real_networks_on_up_to_eight_devices(name, precision, tmp_path):
    """In double precision to 1e-12; in single an activation at a ReLU's kink may count or not."""
    path = tmp_path / "found.npz"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= devices_program.ENVIRONMENT
    program = [sys.executable, devices_program.__file__, name, precision, str(path)]
    subprocess.run(program, check=True, env=environment)
    tolerance = {"float32": TOLERANCE, "float64": 1e-12}[precision]
    with np.load(path) as found:
        assert np.isfinite(found["losses_1"]).all()
        for count in devices_program.DEVICES[1:]:
            losses, state = found[f"losses_{count}"], found[f"state_{count}"]
            np.testing.assert_allclose(losses, found["losses_1"], rtol=tolerance)
            np.testing.assert_allclose(state, found["state_1"], rtol=tolerance, atol=tolerance)


@pytest.mark.slow
def test_the_program_trains_the_same_on_one_two_four_and_eight_devices(tiny_dataset, tmp_path):
    config = tmp_path / "tiny.py"
    config.write_text("from reference.tiny_study import tiny_config as get_config\n")
    words = ["train", f"--config={config}", "--config.train.epochs=5", f"--dataset={tiny_dataset}"]
    found = []
    for count in devices_program.DEVICES:
        root = tmp_path / f"run{count}"
        log = tmp_path / f"log{count}"
        codes = run_together([*words, f"--workdir={root}"], [log], num_devices=count)
        assert codes == [0], log.read_text()
        assert len((root / "train" / "metrics.jsonl").read_text().splitlines()) > NUM_STEPS
        found.append(safetensors.numpy.load_file(root / "weights.safetensors"))
    for other in found[1:]:
        for name, value in found[0].items():
            np.testing.assert_allclose(
                other[name], value, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name
            )
