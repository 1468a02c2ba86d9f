"""Layers in NumPy, float64, NCHW as torch has them; each returns its value and its gradient."""

from collections.abc import Callable

import numpy as np

Backward = Callable[[np.ndarray], np.ndarray]


def convolution(x, weight, bias=None, *, stride=1, pad=0) -> tuple[np.ndarray, Backward]:
    """Sums the input under every tap of an OIHW kernel."""
    height, width = weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows = (padded.shape[2] - height) // stride + 1
    columns = (padded.shape[3] - width) // stride + 1
    taps = [
        (i, j, np.s_[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride])
        for i in range(height)
        for j in range(width)
    ]
    y = np.zeros((len(x), len(weight), rows, columns))
    for i, j, part in taps:
        view = padded[part][:, :, :rows, :columns]
        y += np.einsum("bihw,oi->bohw", view, weight[:, :, i, j], optimize=True)
    if bias is not None:
        y += bias[None, :, None, None]

    def backward(gradient):
        result = np.zeros_like(padded)
        for i, j, part in taps:
            step = np.einsum("bohw,oi->bihw", gradient, weight[:, :, i, j], optimize=True)
            result[part][:, :, :rows, :columns] += step
        return result[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]

    return y, backward


def relu(x, *, guided=False) -> tuple[np.ndarray, Backward]:
    """Keeps what is positive; guided, keeps only the gradient that is positive, too."""

    def backward(gradient):
        passed = np.where(x > 0, gradient, 0)
        return np.where(passed > 0, passed, 0) if guided else passed

    return np.where(x > 0, x, 0), backward


def batch_norm(x, weight, bias, mean, var) -> tuple[np.ndarray, Backward]:
    """Normalises with running statistics."""
    factor = (weight / np.sqrt(var + 1e-5))[None, :, None, None]
    y = (x - mean[None, :, None, None]) * factor + bias[None, :, None, None]
    return y, lambda gradient: gradient * factor


def max_pool(x, *, window, stride, pad=0) -> tuple[np.ndarray, Backward]:
    """Takes the maximum window by window; the gradient goes to the first one in reading order."""
    edges = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    padded = np.pad(x, edges, constant_values=-np.inf)
    batch, channels, height, width = padded.shape
    rows, columns = (height - window) // stride + 1, (width - window) // stride + 1
    y = np.zeros((batch, channels, rows, columns))
    winners = {}
    for i, j in np.ndindex(rows, columns):
        top, left = i * stride, j * stride
        part = padded[:, :, top : top + window, left : left + window]
        part = part.reshape(batch, channels, window * window)
        first = part.argmax(-1)
        y[:, :, i, j] = part.max(-1)
        winners[i, j] = (top + first // window, left + first % window)

    def backward(gradient):
        result = np.zeros_like(padded)
        b, c = np.ogrid[:batch, :channels]
        for (i, j), (row, column) in winners.items():
            result[b, c, row, column] += gradient[:, :, i, j]  # one cell an image and channel
        return result[:, :, pad : height - pad, pad : width - pad]

    return y, backward


def adaptive_average_pool(x, size) -> tuple[np.ndarray, Backward]:
    """Averages bin (i, j), from floor(i h / size) to ceil((i + 1) h / size) and so on."""
    height, width = x.shape[2:]
    bins = {}
    for i in range(size):
        for j in range(size):
            top, bottom = int(np.floor(i * height / size)), int(np.ceil((i + 1) * height / size))
            left, right = int(np.floor(j * width / size)), int(np.ceil((j + 1) * width / size))
            bins[i, j] = np.s_[:, :, top:bottom, left:right]
    y = np.zeros((*x.shape[:2], size, size))
    for (i, j), part in bins.items():
        y[:, :, i, j] = x[part].mean((2, 3))

    def backward(gradient):
        result = np.zeros_like(x)
        for (i, j), part in bins.items():
            count = x[part].shape[2] * x[part].shape[3]
            result[part] += gradient[:, :, i, j][:, :, None, None] / count
        return result

    return y, backward


def dense(x, weight, bias) -> tuple[np.ndarray, Backward]:
    """Multiplies by the transpose of torch's [out, in] matrix."""
    return x @ weight.T + bias[None], lambda gradient: gradient @ weight
