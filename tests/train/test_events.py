"""TensorBoard's event files, read back record by record."""

import struct

from tensorboardX.proto.event_pb2 import Event

from camtrap_jax.train.events import EventFiles
from camtrap_jax.train.metrics import MetricsLog


def records(path):
    """Yields a TFRecord file's payloads: length, its checksum, payload, its checksum."""
    data = path.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        yield data[12 : 12 + length]
        data = data[16 + length :]


def points(folder):
    found = []
    for path in sorted(folder.iterdir()):
        for record in records(path):
            event = Event.FromString(record)
            found += [(event.step, one.tag, one.simple_value) for one in event.summary.value]
    return found


def test_every_line_of_the_log_is_a_point_of_each_curve(tmp_path):
    events = EventFiles(tmp_path / "tensorboard", start_step=0)
    log = MetricsLog(tmp_path / "metrics.jsonl", start_step=0, events=events)
    log.add(1, {"loss": 0.5})
    log.add(1, {"val_loss": 0.25, "val_accuracy": 0.75})
    log.add(2, {"loss": 0.125})
    log.flush()
    log.close()
    assert points(tmp_path / "tensorboard") == [
        (1, "training/loss", 0.5),
        (1, "validation/loss", 0.25),
        (1, "validation/accuracy", 0.75),
        (2, "training/loss", 0.125),
    ]


def test_a_continued_log_takes_back_the_steps_that_run_again(tmp_path):
    EventFiles(tmp_path, start_step=4).close()
    (path,) = tmp_path.iterdir()
    events = [Event.FromString(record) for record in records(path)]
    starts = [event.step for event in events if event.session_log.status == 1]
    assert starts == [5]
