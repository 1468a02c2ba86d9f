"""torchvision's `vgg16` and `resnet50`, layer for layer and name for name, at any width.

Guided backpropagation and Grad-CAM are made with hooks, the way PyTorch's own libraries make them.
"""

import torch
from torch import nn

VGG_CHANNELS = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M")
VGG_CHANNELS += (512, 512, 512, "M")
LAST_RELU = 29  # relu(conv5_3) in VGG's `features`


def _scaled(channels: int, width: float) -> int:
    return max(4, round(channels * width))


class VGG16(nn.Module):
    def __init__(self, num_classes: int, width: float, dropout: float = 0.5):
        super().__init__()
        layers, channels = [], 3
        for item in VGG_CHANNELS:
            if item == "M":
                layers.append(nn.MaxPool2d(2, 2))
                continue
            layers += [nn.Conv2d(channels, _scaled(item, width), 3, padding=1), nn.ReLU()]
            channels = _scaled(item, width)
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        hidden = _scaled(4096, width)
        self.classifier = nn.Sequential(
            nn.Linear(channels * 49, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, num_classes),
        )

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

    def map_layer(self):
        return self.features[LAST_RELU]


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, channels: int, stride: int, *, project: bool):
        super().__init__()
        outputs = 4 * channels
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.downsample = None
        if project:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet50(nn.Module):
    def __init__(self, num_classes: int, width: float):
        super().__init__()
        inputs = _scaled(64, width)
        self.conv1 = nn.Conv2d(3, inputs, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        stages = []
        for stage, (channels, count) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
            blocks, narrow = [], _scaled(channels, width)
            for block in range(count):
                stride = 2 if stage and not block else 1
                blocks.append(Bottleneck(inputs, narrow, stride, project=not block))
                inputs = 4 * narrow
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, num_classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))

    def map_layer(self):
        return self.layer4


def torch_network(name: str, *, num_classes: int, width: float) -> nn.Module:
    """Makes `vgg16` or `resnet50`, in evaluation mode and double precision."""
    network = {"vgg16": VGG16, "resnet50": ResNet50}[name](num_classes, width)
    return network.double().eval()


def to_torch(images):
    """Turns NHWC into NCHW in double precision."""
    return torch.tensor(images, dtype=torch.float64).permute(0, 3, 1, 2).contiguous()


def image_gradient(network, images, targets):
    """Returns the gradient of each image's target logit with respect to that image, NHWC."""
    pixels = to_torch(images).requires_grad_()
    network(pixels)[torch.arange(len(targets)), torch.tensor(targets)].sum().backward()
    return pixels.grad.permute(0, 2, 3, 1).numpy()


def guided_backprop(network, images, targets):
    """The same with a backward hook on every ReLU that drops negative gradients."""

    def keep_positive(_module, grad_input, _grad_output):
        return (grad_input[0].clamp(min=0),)

    handles = [
        module.register_full_backward_hook(keep_positive)
        for module in network.modules()
        if isinstance(module, nn.ReLU)
    ]
    result = image_gradient(network, images, targets)
    for handle in handles:
        handle.remove()
    return result


def grad_cam(network, images, targets):
    """Returns relu(sum_k mean_ij(dy/dA_kij) A_k) from a hook on the map's layer."""
    seen = []
    handle = network.map_layer().register_forward_hook(lambda _m, _i, out: seen.append(out))
    logits = network(to_torch(images))
    handle.remove()
    chosen = logits[torch.arange(len(targets)), torch.tensor(targets)].sum()
    (gradients,) = torch.autograd.grad(chosen, seen[0])
    weights = gradients.mean((2, 3), keepdim=True)
    return torch.relu((weights * seen[0]).sum(1)).detach().numpy()
