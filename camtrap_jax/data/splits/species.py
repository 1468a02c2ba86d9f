"""Which species the network learns."""

from __future__ import annotations

from collections.abc import Mapping

from camtrap_jax.data.splits.split import SPLITS

_SMALLEST = len(SPLITS)  # one image for each


def choose_species(
    counts: Mapping[str, int], *, num_known: int, min_images: int
) -> tuple[list[str], list[str]]:
    """Chooses the most abundant species as known; the others are unknown.

    Args:
      counts: images of each species.
      num_known: how many are known; all, where there are fewer species. Ties go by name.
      min_images: a known species needs that many images, and at least 3.

    Returns:
      The known and the unknown species, both by name.

    Raises:
      ValueError: there are fewer than two species, or a known one has too few images.
    """
    order = sorted(counts, key=lambda name: (-counts[name], name))
    if len(order) < 2:
        seen = f"{order[0]!r} with {counts[order[0]]} images" if order else "none"
        raise ValueError(f"expected at least 2 species to tell apart, got {seen}")
    known, unknown = order[:num_known], order[num_known:]
    if len(known) < 2:
        raise ValueError(f"data.num_known: expected at least 2, got {num_known}")
    needed = max(min_images, _SMALLEST)
    small = [name for name in known if counts[name] < needed]
    if small:
        listed = ", ".join(f"{name} ({counts[name]})" for name in small)
        raise ValueError(
            f"too few images to split, expected at least {needed} for a known species: {listed}; "
            + _advice(counts, known, needed)
        )
    return sorted(known), sorted(unknown)


def _advice(counts: Mapping[str, int], known: list[str], needed: int) -> str:
    """Names the settings that would let the rest go through."""
    abundance = sorted((counts[name] for name in known), reverse=True)
    enough = sum(count >= needed for count in abundance)
    splittable = sum(count >= _SMALLEST for count in abundance)
    advice = []
    if enough >= 2:
        advice.append(f"leave them out with --config.data.num_known={enough}")
    if splittable == len(abundance):
        advice.append(f"accept them with --config.data.min_images={abundance[-1]}")
    if not advice and splittable >= 2:
        least = abundance[splittable - 1]
        advice.append(f"use --config.data.num_known={splittable} --config.data.min_images={least}")
    return " or ".join(advice) or "add images"
