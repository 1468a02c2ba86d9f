"""Whether another program's explanation of a batch is ours."""

from __future__ import annotations

import numpy as np

from benchmarks.attribution_task import CAPTUM, CAPTUM_GUIDED_GRAD_CAM, PYTORCH_GRAD_CAM

# Of saliencies, image by image: in float32 an activation at a ReLU's kink may fall to either side.
_CORRELATION = 0.999
_SALIENCIES = ("guided_backprop", "guided_grad_cam")
_DIFFERENCE = 1e-3  # of all else, as a fraction of our largest value
_CELLS = 0.01  # of the units, whose hottest cell may be another one

Arrays = dict[str, np.ndarray]


def check_explanation(name: str, peer: str, theirs: Arrays, ours: Arrays) -> dict[str, float]:
    """Compares all that a peer returns.

    Args:
      name: of what is compared, for the error.
      peer: of `PEERS`.
      theirs: its arrays.
      ours: our arrays, with the enlarged Grad-CAM.

    Returns:
      For each of their arrays the largest difference as a fraction of our largest value, for
      saliencies also the least correlation of an image, and for hottest cells how many differ.

    Raises:
      ValueError: they differ by too much.
    """
    expected = as_done_by(peer, ours)
    found: dict[str, float] = {}
    for output, array in theirs.items():
        if array.shape != expected[output].shape:
            raise ValueError(
                f"{name}: {output} has the shape {list(array.shape)}, ours "
                f"{list(expected[output].shape)}; the two sides do not do the same work"
            )
        found |= _compared(name, output, array, expected[output])
    return found


def as_done_by(peer: str, ours: Arrays) -> Arrays:
    """Returns our arrays by the peer's own rule for the heatmap of the product.

    Captum repeats the nearest cell; pytorch-grad-cam stretches each enlarged heatmap to 0..1.
    """
    guided = ours["guided_backprop"]
    if peer in (CAPTUM, CAPTUM_GUIDED_GRAD_CAM):
        enlarged = _repeated(ours["grad_cam"], guided.shape[1:3])
        return {**ours, "guided_grad_cam": guided * enlarged[..., None]}
    if peer == PYTORCH_GRAD_CAM:
        enlarged = _stretched(ours["enlarged"])
        return {**ours, "grad_cam": enlarged, "guided_grad_cam": guided * enlarged[..., None]}
    return ours


def _compared(name: str, output: str, theirs: np.ndarray, ours: np.ndarray) -> dict[str, float]:
    if output == "unit_cell":
        share = float((theirs != ours).mean())
        _refuse_unless(share <= _CELLS, name, output, f"differs for {share:.2%} of the units")
        return {output: share}
    difference = float(np.abs(theirs - ours).max() / np.abs(ours).max())
    if output in _SALIENCIES:
        pairs = zip(theirs, ours, strict=True)
        correlation = min(_correlation(one, other) for one, other in pairs)
        is_alike = correlation > _CORRELATION
        words = f"has a correlation of {correlation:.6f} with ours, expected above {_CORRELATION}"
        _refuse_unless(is_alike, name, output, words)
        return {output: difference, f"{output}, correlation": correlation}
    words = f"differs by {difference:.1e} of our largest value, expected at most {_DIFFERENCE}"
    _refuse_unless(difference <= _DIFFERENCE, name, output, words)
    return {output: difference}


def _refuse_unless(is_alike: bool, name: str, output: str, words: str) -> None:
    if not is_alike:
        raise ValueError(f"{name}: {output} {words}; the two sides do not do the same work")


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Returns Pearson's correlation; 1 of two maps without any signal, 0 where one has none."""
    one, other = (array.astype(np.float64).ravel() for array in (one, other))
    one, other = one - one.mean(), other - other.mean()
    product = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / product if product else float(not one.any() and not other.any())


def _repeated(heatmap: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    rows, columns = (
        np.arange(large) * small // large
        for large, small in zip(size, heatmap.shape[1:], strict=True)
    )
    return heatmap[:, rows][:, :, columns]


def _stretched(heatmap: np.ndarray) -> np.ndarray:
    least, largest = (of((1, 2), keepdims=True) for of in (heatmap.min, heatmap.max))
    return (heatmap - least) / np.maximum(largest - least, 1e-7)
