"""A classifier in one file, `NAME.camtrap`, for computers that do not have the run.

The file is safetensors: the weights under torchvision's names, the centroids beside them, and the
facts as JSON in the metadata. Programs that read safetensors find the network in it.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from camtrap_jax import __version__
from camtrap_jax.models import make_model
from camtrap_jax.models.torchvision import check_shape, tensors_of, variables_of
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_file
from camtrap_jax.study.classifier import Classifier, Facts, classifier_of_run

SUFFIX = ".camtrap"
_FORMAT_VERSION = 1
_KEY = "camtrap_jax"  # of the metadata
_CENTROIDS = "centroids"
_UNDEFINED = ("temperature", "threshold")  # facts that a run may not have


def save_classifier(path: Path, classifier: Classifier, *, overwrite: bool = False) -> None:
    """Writes the file; the same classifier gives the same bytes.

    Raises:
      FileExistsError: it exists with another content.
    """
    facts = {name: _plain(value) for name, value in dataclasses.asdict(classifier.facts).items()}
    described = {"format_version": _FORMAT_VERSION, "written_by": __version__, "facts": facts}
    tensors = {
        name: np.ascontiguousarray(tensor)
        for name, tensor in tensors_of(classifier.variables).items()
    }
    tensors[_CENTROIDS] = np.ascontiguousarray(classifier.centroids)
    with replaced_file(path, overwrite=overwrite) as fresh:
        metadata = {_KEY: json.dumps(described, ensure_ascii=False)}
        fresh.write_bytes(safetensors.numpy.save(tensors, metadata))


def open_classifier(path: Path) -> Classifier:
    """Takes a classifier from a run folder, or from a file that `save_classifier` wrote.

    Raises:
      FileNotFoundError: there is neither.
      ValueError: the run is not finished, or the file cannot be used.
    """
    return classifier_of_run(RunFolder(path)) if path.is_dir() else load_classifier(path)


def load_classifier(path: Path) -> Classifier:
    """Reads the file; nothing in it is executed.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it is no such file, damaged, or of a newer version; one line.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file or run folder")
    try:
        with safetensors.safe_open(path, "np") as stream:
            metadata = stream.metadata() or {}
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: expected a run folder or a {SUFFIX} file, got {error}") from None
    if _KEY not in metadata:
        raise ValueError(
            f"{path}: has weights and nothing about their species; write a {SUFFIX} file with "
            f"`camtrap weights --workdir=RUN --export=NAME{SUFFIX}`"
        )
    try:
        facts = _facts(json.loads(metadata[_KEY]))
        centroids = tensors.pop(_CENTROIDS)
        model = make_model(facts.network, num_classes=len(facts.classes), width=facts.width)
        check_shape(_CENTROIDS, centroids, (len(facts.classes), *centroids.shape[1:]))
        return Classifier(facts, variables_of(model, tensors), centroids)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: damaged: {error}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _facts(described: dict[str, Any]) -> Facts:
    version = described["format_version"]
    if version != _FORMAT_VERSION:
        raise ValueError(
            f"format version {version}, written by camtrap_jax {described.get('written_by')}; "
            f"camtrap_jax {__version__} reads version {_FORMAT_VERSION}; update it"
        )
    given = described["facts"]
    numbers = {name: _number(given[name]) for name in _UNDEFINED}
    return Facts(**{**given, **numbers, "classes": tuple(map(str, given["classes"]))})


def _plain(value: Any) -> Any:
    """Returns None for a number that JSON does not have."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
