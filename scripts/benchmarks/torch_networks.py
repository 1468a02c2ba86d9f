"""torchvision's networks, with weights of ours, on the device that torch has."""
# pyright: reportMissingImports=false

from __future__ import annotations

import torch
import torchvision

from benchmarks.network_task import Task, draw_batch

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """Names what torch runs on."""
    return torch.cuda.get_device_name() if DEVICE.type == "cuda" else "cpu"


def network(task: Task, *, channels_last: bool) -> torch.nn.Module:
    """Returns the network, ready to be trained or used."""
    if task.network == "vgg16":
        made = torchvision.models.vgg16(num_classes=task.num_classes, dropout=task.dropout)
    else:
        made = torchvision.models.resnet50(num_classes=task.num_classes)
    made.load_state_dict(torch.load(task.weights, weights_only=True))
    made.to(DEVICE)
    made.to(memory_format=_layout(channels_last))  # pyright: ignore[reportCallIssue] (torch's types lack it)
    return made


def batch(task: Task, *, channels_last: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns images and labels."""
    images, labels = (torch.from_numpy(one).to(DEVICE) for one in draw_batch(task))
    layout = _layout(channels_last)
    return images.permute(0, 3, 1, 2).contiguous(memory_format=layout), labels


def use_float32() -> None:
    """Has accelerators multiply in float32, not TF32, by the fastest algorithms they find."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True


def wait() -> None:
    """Returns when the device has done what it was told."""
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def _layout(channels_last: bool) -> torch.memory_format:
    return torch.channels_last if channels_last else torch.contiguous_format
