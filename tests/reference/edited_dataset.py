"""A prepared dataset with another manifest, as if it had been prepared so."""

from camtrap_jax.store import hash_file, read_json, write_json


def change_manifest(folder, change):
    """Passes the text of manifest.csv through `change`."""
    path = folder / "manifest.csv"
    path.write_text(change(path.read_text()))
    prepared = folder / "prepare.json"
    write_json(prepared, {**read_json(prepared), "manifest_sha256": hash_file(path)})
