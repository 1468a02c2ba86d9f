"""Records of a prepared dataset in which bits were flipped, as on a failing disk."""

from camtrap_jax.data.records import RecordSource

_FROM_END = 40  # bytes before a JPEG's end, where pixels are


def damage_records(dataset, rows):
    """Flips bits in the JPEGs of some rows of a dataset's folder; no file changes its size."""
    [path] = dataset.glob("records/*.array_record*")
    records, data = RecordSource(dataset / "records"), bytearray(path.read_bytes())
    for row in rows:
        tail = records[int(row)]["image"][-_FROM_END:-2]
        assert data.count(tail) == 1
        data[data.find(tail)] ^= 0xFF
    path.write_bytes(data)
