"""The two descriptions of a synthetic data set.

The annotations are what a user would have; the truth is what is so.
"""

from dataclasses import asdict

import numpy as np

from camtrap_jax.config import SyntheticConfig
from camtrap_jax.synthetic.bursts import EMPTY, Burst
from camtrap_jax.synthetic.faults import Faults, mask_path
from camtrap_jax.synthetic.parts import CUTOUT_PARTS, PARTS
from camtrap_jax.synthetic.plan import Plan
from camtrap_jax.synthetic.species import SPECIES, trait_distances
from camtrap_jax.synthetic.studio import Filed
from camtrap_jax.synthetic.views.cameras import Place, frame_size, landmark_box


def with_duplicates(filed: list[Filed], faults: Faults) -> list[Filed]:
    """Adds the entries of the copied files."""
    by_path = {item.path: item for item in filed}
    copies = []
    for original, copy in faults.duplicates:
        item = by_path[original]
        copies.append(Filed(copy, item.label, item.species, item.burst, item.frame, item.boxes))
    return [*filed, *copies]


def annotations(filed: list[Filed], plan: Plan, image_size: int) -> dict:
    """COCO Camera Traps; boxes in px of the upright frame, category 0 is 'empty'."""
    names = [EMPTY, *sorted(plan.cast.roles)]
    category = {name: number for number, name in enumerate(names)}
    images, boxes = [], []
    for number, item in enumerate(filed):
        images.append(_listed(f"image-{number:06d}", item, plan.bursts[item.burst], image_size))
        for box in item.boxes or (None,):
            entry = {"id": f"annotation-{len(boxes):06d}", "image_id": images[-1]["id"]}
            entry |= {"category_id": category[item.label], "count": int(item.label != EMPTY)}
            boxes.append(entry | ({"bbox": list(box)} if box else {}))
    return {
        "info": {
            "description": "synthetic camera-trap frames with a planted truth (camtrap synthesize)",
            "version": "1.0",
        },
        "images": images,
        "categories": [{"id": number, "name": name} for name, number in category.items()],
        "annotations": boxes,
    }


def _listed(image_id: str, item: Filed, burst: Burst, image_size: int) -> dict:
    width, height, _ = frame_size(image_size)
    return {
        "id": image_id,
        "file_name": item.path,
        "width": width,
        "height": height,
        "datetime": f"{burst.time(item.frame):%Y-%m-%d %H:%M:%S}",
        "seq_id": burst.sequence,
        "seq_num_frames": burst.frames,
        "frame_num": item.frame + 1,
        "location": burst.camera,
    }


def truth(filed: list[Filed], plan: Plan, config: SyntheticConfig) -> dict:
    """Everything that was planted; paths are relative to images/, those of masks to masks/."""
    drawn, faults = plan.cast.drawn, plan.faults
    distance = {"species": list(SPECIES), "matrix": np.round(trait_distances(), 4).tolist()}
    return {
        "synthetic": True,
        "settings": asdict(config),
        "parts": list(PARTS if drawn else CUTOUT_PARTS),
        "species": {name: _species(name, role, drawn) for name, role in plan.cast.roles.items()},
        "trait_distance": distance if drawn else None,
        "cameras": {place.name: _camera(place, config.image_size) for place in plan.places},
        "camera_bound": plan.bound,
        "two_species": [list(pair) for pair in faults.two_species],
        "duplicates": [list(pair) for pair in faults.duplicates],
        "mislabelled": faults.mislabelled,
        "truncated": faults.truncated,
        "zero_byte": faults.zero_byte,
        "not_images": faults.zero_byte + faults.not_images,
        "rotated": list(faults.rotated),
        "images": {item.path: _image(item, plan.bursts[item.burst]) for item in filed},
    }


def _species(name: str, role: str, drawn: bool) -> dict:
    if not drawn:
        return {"role": role, "traits": {}, "diagnostic_parts": ["animal"]}
    species = SPECIES[name]
    return {
        "role": role,
        "traits": asdict(species.traits),
        "diagnostic_parts": list(species.diagnostic),
    }


def _camera(place: Place, image_size: int) -> dict:
    box = landmark_box(place, image_size)
    if box is None:
        return {"landmark": None, "landmark_box": None}
    width, height, _ = frame_size(image_size)
    relative = [box[0] / width, box[1] / height, box[2] / width, box[3] / height]
    return {"landmark": place.landmark, "landmark_box": [round(value, 4) for value in relative]}


def _image(item: Filed, burst: Burst) -> dict:
    return {
        "species": item.species,
        "label": item.label,
        "camera": burst.camera,
        "sequence": burst.sequence,
        "night": burst.night,
        "far": burst.far,
        "partial": burst.partial,
        "mask": mask_path(item.path),
    }
