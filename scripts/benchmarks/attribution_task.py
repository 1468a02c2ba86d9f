"""Explaining a batch, as each side does it. This file loads nobody's libraries; see `sides`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.network_task import AS_USUAL, KEEPS_MEMORY, Task

MAPS = ("grad_cam", "guided_backprop", "guided_grad_cam")

# Ours: the maps of each program; None stands for the network's logits and nothing else.
THREE_MAPS, GRAD_CAM = "ours, three maps", "ours, Grad-CAM"
RESPONSES, PREDICTING = "ours, responses", "ours, predicting"
OURS: dict[str, tuple[str, ...] | None] = {
    THREE_MAPS: MAPS,
    GRAD_CAM: ("grad_cam",),
    RESPONSES: (),
    PREDICTING: None,
}

CAPTUM, CAPTUM_GUIDED_GRAD_CAM = "captum's three", "captum's GuidedGradCam"
PYTORCH_GRAD_CAM, FUSED = "pytorch-grad-cam", "fused torch"
_TORCH = ("torch", "torchvision")


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program that explains.

    Attributes:
      modules: that it imports.
      environment: variables that its process starts with.
      finalists: how many of its ways compete in turn; each keeps its memory meanwhile.
    """

    modules: tuple[str, ...]
    environment: Mapping[str, str]
    finalists: int = 1


PEERS = {
    CAPTUM: Peer((*_TORCH, "captum"), AS_USUAL),
    CAPTUM_GUIDED_GRAD_CAM: Peer((*_TORCH, "captum"), AS_USUAL),
    PYTORCH_GRAD_CAM: Peer((*_TORCH, "pytorch_grad_cam"), AS_USUAL),
    FUSED: Peer(_TORCH, KEEPS_MEMORY, finalists=2),
}


@dataclass(frozen=True, slots=True)
class Way:
    """How a peer does it.

    Attributes:
      peer: its name.
      channels_last: whether maps lie in memory with their channels last.
      folded: whether BatchNorm is folded into the convolutions.
      compiled: whether `torch.compile` makes programs of its passes through the convolutions.
    """

    peer: str
    channels_last: bool
    folded: bool = False
    compiled: bool = False

    @property
    def name(self) -> str:
        """Says all of it."""
        layout = "channels_last" if self.channels_last else "contiguous"
        words = [self.peer, layout, "folded" * self.folded, "compiled" * self.compiled]
        return ", ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a side shows before it competes.

    Attributes:
      arrays: by the names of `Explanation`'s fields, saliencies with the colours last; ours have
        `enlarged`, too: Grad-CAM at the images' size.
      per_sec: images a second, alone.
      device: what it ran on.
    """

    arrays: dict[str, np.ndarray]
    per_sec: float
    device: str


_TRIAL_SEC, _TRIAL_STEPS = 1, 2


def ways(network: str, peers: tuple[str, ...]) -> list[Way]:
    """Lists all ways of some peers to explain a network."""
    layouts = (False, True)
    found = [Way(peer, last) for peer in peers for last in layouts]
    if FUSED in peers:
        has_norms = network == "resnet50"
        if has_norms:
            found += [Way(FUSED, last, folded=True) for last in layouts]
        found += [Way(FUSED, last, folded=has_norms, compiled=True) for last in layouts]
    return found


def images_per_sec(task: Task, explain: Callable[[], object]) -> float:
    """Times some batches of a program that has run before."""
    start, done = time.perf_counter(), 0
    while done < _TRIAL_STEPS or time.perf_counter() - start < _TRIAL_SEC:
        explain()
        done += 1
    return done * task.batch_size / (time.perf_counter() - start)
