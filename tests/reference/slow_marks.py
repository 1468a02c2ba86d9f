"""Marks on pictures, point by point."""


def slow_inside(corners, x, y):
    """Counts the edges that a ray to the right crosses."""
    crossings = 0
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def slow_chance(num_chosen, num_marked, num_pixels):
    """Averages Dice's coefficient of one set over all places of another; for tiny frames."""
    from itertools import combinations

    marked = set(range(num_marked))
    values = [
        2 * len(marked.intersection(chosen)) / (num_chosen + num_marked)
        for chosen in combinations(range(num_pixels), num_chosen)
    ]
    return sum(values) / len(values)
