"""The source's own pictures, upright and in their full resolution."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from camtrap_jax.data.decoding.images import decode_image
from camtrap_jax.data.sources import Failure
from camtrap_jax.data.sources.storage import Storage, open_storage
from camtrap_jax.run_folder import RunFolder

Pixels = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Originals:
    """Reads the pictures that a run's dataset was prepared from."""

    storage: Storage

    def read(self, filepath: str, sha256: str) -> Pixels | Failure:
        """Reads a picture, or says why it is not the one that was prepared."""
        try:
            data = self.storage.read(filepath)
            if hashlib.sha256(data).hexdigest() != sha256:
                raise ValueError("is another picture than the one that was prepared")
            return np.asarray(decode_image(data).image)
        except OSError as error:
            return Failure(filepath, error.strerror or str(error))
        except ValueError as error:
            return Failure(filepath, str(error))


def open_originals(run: RunFolder) -> Originals:
    """Finds the pictures of a run's dataset.

    Raises:
      ValueError: the dataset does not say where they are, or they came from no folder or zip
        archive.
      FileNotFoundError: they are gone.
    """
    source = run.dataset.source
    if source is None:
        raise ValueError(f"{run.dataset.root}: does not say what it was prepared from")
    return Originals(open_storage(source))
