"""Centroids, clustering and distances by double loops in float64."""

import re

import numpy as np


def slow_average_linkage(points):
    """Merges the two groups whose members are closest on average, until one is left.

    Returns the groups and distances in the order of the merges.
    """
    points = np.asarray(points, np.float64)
    groups = [frozenset([leaf]) for leaf in range(len(points))]
    merges = []
    while len(groups) > 1:
        distance, left, right = min(
            (
                np.mean([np.linalg.norm(points[i] - points[j]) for i in a for j in b]),
                groups.index(a),
                groups.index(b),
            )
            for a in groups
            for b in groups
            if min(a) < min(b)
        )
        merged = groups[left] | groups[right]
        groups = [group for group in groups if not group <= merged] + [merged]
        merges.append((merged, distance))
    return merges


def slow_unfamiliarity(features, centroids, scale):
    """Distance to each centroid in float64, one pair at a time."""
    values, nearest = [], []
    for feature in np.asarray(features, np.float64):
        distances = [
            np.inf if np.isnan(centroid).any() else np.sqrt(((feature - centroid) ** 2).sum())
            for centroid in np.asarray(centroids, np.float64)
        ]
        values.append(min(distances) / scale)
        nearest.append(int(np.argmin(distances)))
    return np.array(values), np.array(nearest)


def parse_newick(text):
    """Reads a tree: returns its leaves' names, their depths, and pairs' path lengths."""
    tokens = re.findall(r"'(?:[^']|'')*'|[(),:;]|[^(),:;']+", text)
    position = 0

    def node():
        nonlocal position
        leaves, paths = {}, {}
        if tokens[position] == "(":
            while tokens[position] in "(,":
                position += 1
                below, below_paths = node()
                for a, up in leaves.items():
                    for b, down in below.items():
                        paths[frozenset([a, b])] = up + down
                leaves |= below
                paths |= below_paths
            position += 1  # the closing parenthesis
            if tokens[position] not in ",):;":
                position += 1  # the node's support
        else:
            name = tokens[position]
            position += 1
            quoted = name.startswith("'")
            leaves = {name[1:-1].replace("''", "'") if quoted else name: 0.0}
        if tokens[position] == ":":
            length = float(tokens[position + 1])
            position += 2
            leaves = {name: depth + length for name, depth in leaves.items()}
        return leaves, paths

    return node()


def slow_neighbour_shares(features, training, labels, *, k, num_classes, groups, training_groups):
    """Sorts the training images that share no group by distance, one image at a time."""
    shares = []
    for point, mine in zip(features, groups, strict=True):
        allowed = [
            (np.linalg.norm(point - other), label)
            for other, label, theirs in zip(training, labels, training_groups, strict=True)
            if not np.any(mine == theirs)
        ]
        votes = [label for _, label in sorted(allowed)[:k]]
        shares.append(np.bincount(votes, minlength=num_classes) / len(votes))
    return np.array(shares)


def slow_merges(tree):
    """Lists, per merge of a linkage, its leaves and its height, merges at one height made one."""
    size = len(tree) + 1
    members = {leaf: {leaf} for leaf in range(size)}
    found = []
    for merge, (left, right, height, _) in enumerate(tree):
        members[size + merge] = members[int(left)] | members[int(right)]
        found.append((members[size + merge], height))
    return [
        (group, height)
        for group, height in found
        if not any(group < other and height == above for other, above in found)
    ]


def slow_robinson_foulds(first, second):
    """Counts groups, of two leaves or more and not of all, that only one tree has."""
    groups = [
        [sorted(group) for group, _ in slow_merges(tree) if 1 < len(group) <= len(tree)]
        for tree in (first, second)
    ]
    apart = sum(group not in groups[1] for group in groups[0])
    apart += sum(group not in groups[0] for group in groups[1])
    total = len(groups[0]) + len(groups[1])
    return apart, apart / total if total else np.nan


def slow_shared_counts(tree):
    """Cuts a tree below each height, from the root down, until a pair of leaves falls apart."""
    size = len(tree) + 1
    heights = sorted({height for _, height in slow_merges(tree)})
    counts = []
    for i in range(size):
        for j in range(i + 1, size):
            best = 1
            for cut in heights:
                clusters = [{leaf} for leaf in range(size)]
                for group, height in slow_merges(tree):
                    if height <= cut:
                        clusters = [c for c in clusters if not c <= group] + [group]
                if any({i, j} <= cluster for cluster in clusters):
                    best = max(best, len(clusters))
            counts.append(best)
    return counts


def slow_joined_group(points, leaf):
    """Merges on average distances until the leaf joins a group; returns the group and height."""
    merges = slow_average_linkage(points)
    group, height = next((group, height) for group, height in merges if leaf in group)
    return group - {leaf}, height


def slow_tree_heights(nested):
    """Height of a nested tuple of (subtree, branch length), and leaves' meeting heights doubled."""
    if isinstance(nested, str):
        return {nested}, 0.0, {}
    leaves, height, meetings, parts = set(), 0.0, {}, []
    for child, length in nested:
        own, up, below = slow_tree_heights(child)
        parts.append(own)
        height = max(height, up + length)
        meetings |= below
    for one in parts:
        for other in parts:
            if one is not other:
                meetings |= {frozenset([a, b]): 2 * height for a in one for b in other}
        leaves |= one
    return leaves, height, meetings
