"""Labels that images of other bursts contradict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax import embedding, evaluation
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.sample import sequence_codes


def suspected_labels(
    run: RunFolder,
    config: Config,
    logits: Float[np.ndarray, "images classes"],
    features: Float[np.ndarray, "images dim"],
    sample: tuple[Int[np.ndarray, " sample"], Int[np.ndarray, " sample"]],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Finds images of known species, of any split, that look like another species than their label.

    The network itself is no judge: it has learnt the labels of the training images by heart, and
    frames of one burst share their label, right or wrong. So the training images nearest in
    feature space vote, without those of the same burst and copies of the same file. What is left
    of the leak: the features were learnt from these labels, too.

    Args:
      run: the run.
      config: settings of the stage.
      logits: of all explained images.
      features: likewise.
      sample: rows and labels of the training images that vote, those behind the centroids.

    Returns:
      One row a suspected image, most doubtful first, and the numbers of metrics.json. A picture
      that is stored under the suggested species, too, shows two species: it is only counted.
    """
    index, classes = run.index, run.dataset.classes
    known = index.loc[index["species"].isin(classes) & (index["split"] != "unknown")]
    rows = known["row"].to_numpy(np.int64)
    labels = pd.Index(classes).get_indexer(pd.Index(known["species"]))
    pictures = pd.factorize(index["sha256"])[0]
    groups = np.stack([sequence_codes(index), pictures], axis=1)
    shares = embedding.neighbour_shares(
        features[rows],
        features[sample[0]],
        sample[1],
        k=config.evaluate.neighbours,
        num_classes=len(classes),
        groups=groups[rows],
        training_groups=groups[sample[0]],
    )
    suggested, score = evaluation.confident_disagreement(shares, labels)
    found = np.flatnonzero(suggested >= 0)
    names = np.array(classes, object)
    filed = set(zip(known["sha256"], known["species"], strict=True))
    suggestions = zip(known["sha256"].iloc[found], names[suggested[found]], strict=True)
    is_filed = np.array([pair in filed for pair in suggestions], bool)
    kept = found[~is_filed]
    images = known.iloc[kept].assign(suggested=names[suggested[kept]], score=score[kept])
    table = _ranked(images, shares[kept], logits[rows[kept]], classes)
    splits = table["split"].to_numpy(object)
    return table, {
        "images": len(known),
        "suspected": len(table),
        **{split: int(np.sum(splits == split)) for split in ("train", "val", "test")},
        "stored_under_both": int(is_filed.sum()),
        "neighbours": config.evaluate.neighbours,
    }


def _ranked(
    images: pd.DataFrame, shares: np.ndarray, logits: np.ndarray, classes: list[str]
) -> pd.DataFrame:
    """Adds what neighbours and network say; most doubtful first, ties broken by the network."""
    probabilities = evaluation.probabilities_of(logits)
    own, other = (
        pd.Index(classes).get_indexer(pd.Index(images[name])) for name in ("species", "suggested")
    )
    at = np.arange(len(images))
    columns = ["image_id", "filepath", "split", "camera", "sequence", "species", "suggested"]
    table = images[[*columns, "score"]].assign(
        neighbours_species=shares[at, own],
        neighbours_suggested=shares[at, other],
        predicted=np.array(classes, object)[logits.argmax(axis=1)],
        probability_species=probabilities[at, own],
        probability_suggested=probabilities[at, other],
    )
    network = table["probability_suggested"] - table["probability_species"]
    order = np.lexsort([table["image_id"], -network, -table["score"]])
    return table.iloc[order].reset_index(drop=True)
