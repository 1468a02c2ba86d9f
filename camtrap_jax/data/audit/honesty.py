"""What the test images have in common with the training images, and how even the split is."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from camtrap_jax.data.bursts import burst_names
from camtrap_jax.data.splits.split import FRACTIONS, SPLITS

_FAR = 0.05  # difference from the wanted share of a species' images that is named
_FEWEST = 2  # images that the difference amounts to at least


def shared_with_train(
    manifest: pd.DataFrame, near_duplicate: Int[np.ndarray, " images"]
) -> dict[str, float]:
    """Measures how much of the test was seen in training.

    Args:
      manifest: the table of all images.
      near_duplicate: number of each row's group of images that look alike.

    Returns:
      Shares of the test images of which train has the `same_picture` (equal bytes), a
      `near_duplicate` (the same picture included), a frame of the `same_burst`, the `same_camera`;
      nan where there is no test image, or none of which burst or camera are known.
    """
    found = _shared(manifest.assign(near_duplicate=np.asarray(near_duplicate)))
    return {name: float("nan") if hit is None else float(hit.mean()) for name, hit in found.items()}


def shared_images(images: pd.DataFrame) -> dict[str, Any]:
    """Counts the same for `audit.json`.

    Args:
      images: the manifest with `near_duplicate`.

    Returns:
      `images`, the number of test images, and by kind `{"images", "share"}`, or None where it
      cannot be told.
    """
    return {
        "images": list(images["split"]).count("test"),
        **{
            name: hit if hit is None else {"images": int(hit.sum()), "share": float(hit.mean())}
            for name, hit in _shared(images).items()
        },
    }


def split_shares(animals: pd.DataFrame) -> dict[str, Any]:
    """Compares the known species' shares in each split with the wanted ones.

    Args:
      animals: images of known and unknown species.

    Returns:
      `wanted` and `found` shares of train, val and test, and `far_off`: species and split whose
      share differs by more than a twentieth of the species' images, and by two images at least.
    """
    known = animals.loc[animals["split"].isin(SPLITS)]
    wanted = dict(zip(SPLITS, FRACTIONS, strict=True))
    far_off = []
    for name, of_species in known.groupby("species")["split"]:
        counts, total = Counter(of_species), len(of_species)
        far_off += [
            {"species": str(name), "split": split, "images": counts[split], "of": total}
            for split, share in wanted.items()
            if abs(counts[split] - share * total) > max(_FAR * total, _FEWEST - 0.5)
        ]
    totals = Counter(known["split"])
    found = {split: totals[split] / max(len(known), 1) for split in SPLITS}
    return {"wanted": wanted, "found": found, "far_off": far_off}


def _shared(images: pd.DataFrame) -> dict[str, Bool[np.ndarray, " test"] | None]:
    is_test = (images["split"] == "test").to_numpy()
    is_train = (images["split"] == "train").to_numpy()
    keys = {
        "same_picture": images["sha256"].to_numpy(object),
        "near_duplicate": images["near_duplicate"].to_numpy(),
        "same_burst": np.array(burst_names(images), object),
        "same_camera": images["camera"].to_numpy(object),
    }
    return {name: _hits(key[is_test], key[is_train]) for name, key in keys.items()}


def _hits(test: np.ndarray, train: np.ndarray) -> Bool[np.ndarray, " test"] | None:
    """Tells which test images share their key with train; "" is no key."""
    if all(key == "" for key in test):
        return None
    trained = set(train) - {""}
    return np.array([key in trained for key in test], bool)
