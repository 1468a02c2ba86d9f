"""Training: state, optimizer, compiled steps, checkpoints, loop."""
