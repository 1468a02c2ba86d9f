"""Bursts, duplicates and splits, one pair, one assignment and one border at a time."""

from collections import Counter
from datetime import datetime
from itertools import pairwise, product

FRACTIONS = {"train": 0.85, "val": 0.05, "test": 0.10}


def slow_components(count, tied):
    """Numbers 0..count-1 by first occurrence; `tied(i, j)` tells which two belong together."""
    label = list(range(count))
    for i in range(count):
        for j in range(i):
            if tied(i, j) and label[i] != label[j]:
                old, new = label[i], label[j]
                label = [new if number == old else number for number in label]
    order = list(dict.fromkeys(label))
    return [order.index(number) for number in label]


def slow_near_duplicates(hashes, max_bits):
    def tied(i, j):
        one, other = hashes[i], hashes[j]
        return bool(one and other) and (int(one, 16) ^ int(other, 16)).bit_count() <= max_bits

    return slow_components(len(hashes), tied)


def slow_bursts(files, gap_sec):
    """Returns the sets of files that one camera took less than `gap_sec` apart, in time order.

    `files`: {filepath: (camera, "YYYY-MM-DD hh:mm:ss")}, each with a time.
    """
    bursts = []
    for camera in {camera for camera, _ in files.values()}:
        shots = sorted(
            (datetime.fromisoformat(moment), name)
            for name, (where, moment) in files.items()
            if where == camera
        )
        bursts.append([shots[0][1]])
        for (before, _), (after, name) in pairwise(shots):
            if (after - before).total_seconds() < gap_sec:
                bursts[-1].append(name)
            else:
                bursts.append([name])
    return bursts


def counts_by_split(counts, assignment):
    """`counts`: one dict species -> images a group. Returns {split: Counter of species}."""
    found = {split: Counter() for split in FRACTIONS}
    for group, split in zip(counts, assignment, strict=True):
        found[split].update(group)
    return found


def rank(counts, assignment):
    """What the assignment lacks, most important first, and then the sum of what is small."""
    found = counts_by_split(counts, assignment)
    total = sum(map(Counter, counts), Counter())
    lacking = (
        not found["test"].total(),
        sum(found["train"][name] == 0 for name in total),
        sum(found["train"][name] < total[name] / 2 for name in total),
        sum(found["test"][name] == 0 for name in total),
        not found["val"].total(),
    )
    small = sum(
        abs(found[split][name] / total[name] - share)
        for name in total
        for split, share in FRACTIONS.items()
    )
    return lacking, small + sum(0.25 for name in total if not found["val"][name])


def best_rank(counts):
    """The best rank over all assignments of up to 6 groups."""
    assert len(counts) <= 6
    return min(rank(counts, choice) for choice in product(FRACTIONS, repeat=len(counts)))


def slow_time_split(images):
    """Returns the split of each (species, burst, time), or None where there is none.

    Tries every moment as a border; time is a number, a burst anything hashable.
    """
    total = Counter(species for species, _, _ in images)
    moments = sorted({time for _, _, time in images})
    parted = [
        {burst for _, burst, time in images if time < border}
        & {burst for _, burst, time in images if time >= border}
        for border in moments
    ]
    borders = [border for border, cut in zip(moments[1:], parted[1:], strict=True) if not cut]

    def share(border):
        early = [1 / total[species] for species, _, time in images if time < border]
        return sum(early) / len(total)

    def nearest(candidates, wanted):
        return min(candidates, key=lambda border: (round(abs(share(border) - wanted), 9), border))

    served = [
        border
        for border in borders
        if {species for species, _, time in images if time < border} == set(total)
    ]
    if not served:
        return None
    first = nearest(served, FRACTIONS["train"])
    wanted = FRACTIONS["train"] + FRACTIONS["val"]
    if first > nearest(borders, FRACTIONS["train"]):
        rest = FRACTIONS["val"] / (FRACTIONS["val"] + FRACTIONS["test"])
        wanted = share(first) + rest * (1 - share(first))
    second = nearest([border for border in borders if border >= first], wanted)
    return [
        "train" if time < first else "val" if time < second else "test" for _, _, time in images
    ]


def group_counts(species, groups):
    """One dict species -> images for each group, groups in the order of their names."""
    counts = {group: Counter() for group in sorted(set(groups))}
    for group, name in zip(groups, species, strict=True):
        counts[group][name] += 1
    return [dict(counts[group]) for group in counts]
