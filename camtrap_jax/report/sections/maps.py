"""What the network looks at: maps of correct images, of random images, and of mistakes."""

from __future__ import annotations

from typing import Any

from camtrap_jax.report.gallery import Row, is_correct, mistakes, random_gallery
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results

PREDICTIONS = "evaluate/predictions.csv"
LEADING_PANELS = 5  # that are open; the others are a long way to scroll
IMAGES_PER_SPECIES = 9  # as many as the paper's raters saw of each species


def maps_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws panels of correct images and the gallery of each species."""
    predictions = results.rows(PREDICTIONS)
    if predictions is None or "explain/index.csv" not in results.files:
        return None
    # An image_id is a hash: its order is random, the table's would start with one camera.
    predictions.sort(key=lambda row: row["image_id"])
    chosen = set(random_gallery(results.run, results.config.explain, limit=IMAGES_PER_SPECIES))
    count = results.config.report.panels_per_species
    species, panels = [], []
    for name in results.run.dataset.classes:
        gallery = [row for row in predictions if row["species"] == name]
        gallery = [row for row in gallery if row["image_id"] in chosen]
        right = [row for row in gallery if is_correct(row)][:count]
        panels.append([_panel(row, pictures) for row in right])
        species.append({"name": name, "pairs": [_pair(row, pictures) for row in gallery]})
    leading = [own[0] for own in panels if own][:LEADING_PANELS]
    others = [panel for own in panels for panel in own if panel not in leading]
    return {"species": species, "leading": leading, "others": others}


def mistakes_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws misclassified images with their maps."""
    predictions = results.rows(PREDICTIONS)
    if predictions is None:
        return None
    maps = results.rows("explain/maps_index.csv") or []
    shown = mistakes(
        results.shown(predictions),
        [row["image_id"] for row in maps],
        limit=results.config.report.mistakes,
    )
    return {
        "cards": [_mistake(row, pictures) for row in shown],
        "target": results.config.explain.target,
        "wrong": sum(not is_correct(row) for row in predictions),
        "images": len(predictions),
    }


def _panel(row: Row, pictures: Pictures) -> Row:
    """Draws one image four times: as it is, and with each map."""
    image_id = row["image_id"]
    frame = pictures.frame(image_id)
    views = {
        "image": frame,
        "Grad-CAM": pictures.drawn("grad_cam", image_id, frame),
        "guided backpropagation": pictures.drawn("guided_backprop", image_id, frame),
        "guided Grad-CAM": pictures.drawn("guided_grad_cam", image_id, frame),
    }
    saved = {
        view: pictures.save(pixels, "panel", image_id, view)
        for view, pixels in views.items()
        if pixels is not None
    }
    return {**row, "views": saved, "filepath": pictures.filepaths[image_id]}


def _pair(row: Row, pictures: Pictures) -> Row:
    """Draws one image beside its guided Grad-CAM, or beside Grad-CAM where that is all."""
    image_id = row["image_id"]
    frame = pictures.frame(image_id)
    beside = pictures.drawn("guided_grad_cam", image_id, frame)
    if beside is None:
        beside = pictures.drawn("grad_cam", image_id, frame)
    picture = pictures.save_row([frame, beside], "pair", image_id)
    return {**row, "picture": picture, "filepath": pictures.filepaths[image_id]}


def _mistake(row: Row, pictures: Pictures) -> Row:
    """Draws one image, its Grad-CAM and its guided Grad-CAM, as far as they are stored."""
    image_id = row["image_id"]
    frame = pictures.frame(image_id)
    heatmap = pictures.drawn("grad_cam", image_id, frame)
    guided = pictures.drawn("guided_grad_cam", image_id, frame)
    picture = pictures.save_row([frame, heatmap, guided], "mistake", image_id)
    return {**row, "picture": picture, "filepath": pictures.filepaths[image_id]}
