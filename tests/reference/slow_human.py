"""Agreement by counting, set by set and pair by pair."""

from itertools import permutations


def slow_dice(shown, described):
    shown, described = set(shown), set(described)
    if not shown and not described:
        return float("nan")
    return 2 * len(shown & described) / (len(shown) + len(described))


def slow_kappa(answers):
    """Fleiss' kappa of answers[item][rater]: pairs of raters of an item, against any two."""
    pairs = [a == b for item in answers for a, b in permutations(item, 2)]
    pool = [answer for item in answers for answer in item]
    by_chance = sum(a == b for a in pool for b in pool) / len(pool) ** 2
    observed = sum(pairs) / len(pairs)
    return (observed - by_chance) / (1 - by_chance)
