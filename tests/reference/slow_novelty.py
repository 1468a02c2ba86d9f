"""Scores of unfamiliarity by explicit inverses, loops over images, and every eigenvector."""

import numpy as np


def slow_squares(features, training, labels, covariance):
    """Squared distance to the nearest class mean through the covariance's inverse."""
    inverse = np.linalg.inv(covariance)
    means = [training[labels == label].mean(axis=0) for label in np.unique(labels)]
    return np.array([min((f - m) @ inverse @ (f - m) for m in means) for f in features])


def slow_vim(features, logits, training, training_logits, *, weight, bias, dim):
    """Coordinates along each direction of the residual space, one image at a time."""
    origin = -np.linalg.pinv(weight) @ bias
    second_moments = sum(np.outer(t - origin, t - origin) for t in training) / len(training)
    values, vectors = np.linalg.eig(second_moments)
    order = np.argsort(values.real)[::-1]
    left_out = [vectors[:, column].real for column in order[dim:]]

    def residual(feature):
        return np.sqrt(sum(((feature - origin) @ direction) ** 2 for direction in left_out))

    largest = np.mean([max(row) for row in training_logits])
    factor = largest / np.mean([residual(t) for t in training])
    return np.array(
        [
            factor * residual(f) - np.log(sum(np.exp(value) for value in row))
            for f, row in zip(features, logits, strict=True)
        ]
    )


def slow_gaps(points, known):
    """Distances between means less their errors; points and known are lists of images' features."""
    found = []
    for images in points:
        squares = [
            np.sum((images.mean(axis=0) - others.mean(axis=0)) ** 2)
            - np.trace(np.cov(images.T)) / len(images)
            - np.trace(np.cov(others.T)) / len(others)
            for others in known
        ]
        nearest = int(np.argmin(squares))
        found.append((np.sqrt(max(squares[nearest], 0)), nearest))
    return found
