"""The explained images whose features somebody marked, or a synthetic source planted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool

from camtrap_jax.config import Config
from camtrap_jax.human.marks import Entry, list_marks, mask_of, match_pictures
from camtrap_jax.human.tables import few
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.planted import PlantedTruth, read_planted_truth

Masks = Bool[np.ndarray, "images H W"]
Found = tuple[pd.DataFrame, Masks, dict[str, int], list[str]]  # images, masks, counts, notes


@dataclass(frozen=True)
class Marked:
    """Images with maps and masks.

    Attributes:
      images: their rows of the index, with `map_row`, that of the guided maps.
      masks: none of them empty.
      counts: how many images there were at each step; for the file.
      notes: what was left out, for the reader.
    """

    images: pd.DataFrame
    masks: Masks
    counts: dict[str, int]
    notes: list[str]


def marked_images(run: RunFolder, config: Config, path: Path | None) -> Marked | None:
    """Reads the masks of test images whose maps explain their own species.

    Args:
      run: one that was explained.
      config: its settings.
      path: of people's marks; without, the diagnostic parts that a synthetic source planted.

    Returns:
      None without a path, where nothing was planted.

    Raises:
      FileNotFoundError: nothing is at `path`.
      ValueError: a file there cannot be used, or no image is left.
    """
    truth = read_planted_truth(run)
    if path is not None:
        images, masks, counts, notes = _drawn(run, config, path)
    elif truth is not None:
        images, masks, counts, notes = _planted(run, config, truth)
    else:
        return None
    is_marked = masks.any((1, 2))
    counts |= {"empty_masks": int((~is_marked).sum()), "compared": int(is_marked.sum())}
    if not is_marked.any():
        steps = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ValueError(
            f"{path or run.source}: expected marks on test images that are named correctly and "
            f"have maps, got none ({steps}); `camtrap explain --images=all` has maps of all"
        )
    if not is_marked.all():
        notes = [*notes, f"left out, as nothing is marked: {counts['empty_masks']} of {len(masks)}"]
    return Marked(images.loc[is_marked].reset_index(drop=True), masks[is_marked], counts, notes)


def _with_own_maps(run: RunFolder) -> pd.DataFrame:
    """Lists test images of known species of which a map explains their own species.

    A map of another species, which the network took the animal for, need not lie on the features of
    this one.
    """
    if not (run.root / "explain" / "maps_index.csv").exists():
        raise ValueError(
            f"{run.root / 'explain'}: expected maps of a gallery, such as guided Grad-CAM, got "
            "none; run `camtrap explain` with them in explain.maps"
        )
    maps = run.maps_index.rename(columns={"row": "map_row"})
    images = run.index.merge(maps, on="image_id", how="inner")
    is_own = (images["split"] == "test") & (images["target"] == images["species"])
    is_known = images["species"].isin(run.dataset.classes)
    return images.loc[is_own & is_known].drop_duplicates("image_id").reset_index(drop=True)


def _drawn(run: RunFolder, config: Config, path: Path) -> Found:
    """Reads the marks of those images that somebody marked."""
    images = _with_own_maps(run)
    manifest = run.dataset.manifest
    entries = list_marks(path)
    ids = dict(zip(manifest["image_id"], manifest["filepath"], strict=True))
    found, strangers = match_pictures(entries, manifest["filepath"], ids)
    if not found:
        names = [entry.names[0] for entry in strangers]
        raise ValueError(
            f"{path}: expected marks of the dataset's pictures, such as "
            f"{manifest['filepath'].iloc[0]}, got {len(names)} of others: {few(names)}"
        )
    # On a picture of two species it is not known whose features are marked.
    rows = manifest["filepath"].tolist()
    twice = {path for path, count in Counter(rows).items() if count > 1} & set(found)
    used = images.loc[images["filepath"].isin([path for path in found if path not in twice])]
    size_px, crop = config.model.image_size, config.data.crop_bottom
    masks = [
        mask_of(found[row.filepath].read(), (row.width, row.height), crop_bottom=crop,
                size_px=size_px)
        for row in used.itertuples()
    ]  # fmt: skip
    counts = {
        "images": len(images),
        "marked": len(entries),
        "of_unknown_pictures": len(strangers),
        "of_two_species": len(twice),
        "with_maps": len(used),
    }
    notes = [_note(strangers, len(entries))] if strangers else []
    return used, np.reshape(np.array(masks, bool), (-1, size_px, size_px)), counts, notes


def _note(strangers: list[Entry], count: int) -> str:
    names = [entry.names[0] for entry in strangers]
    return f"not in the dataset: {len(names)} of {count} marked pictures, {few(names)}"


def _planted(run: RunFolder, config: Config, truth: PlantedTruth) -> Found:
    """Reads the parts that tell species apart; mislabelled frames are left out."""
    images = _with_own_maps(run)
    honest = images.loc[images["filepath"].map(truth.is_honest)]
    crop, size_px = config.data.crop_bottom, config.model.image_size
    masks = [
        np.isin(
            truth.mask(path, crop_bottom=crop, size_px=size_px), truth.diagnostic_parts(species)
        )
        for path, species in zip(honest["filepath"], honest["species"], strict=True)
    ]
    counts = {"images": len(images), "honest": len(honest)}
    return honest, np.reshape(np.array(masks, bool), (-1, size_px, size_px)), counts, []
