"""How what maps show compares with what people see, in words and in marks on pictures."""

from camtrap_jax.human.agreement import agreed, dice_coefficients, fleiss_kappa
from camtrap_jax.human.answers import Answers, Sheet
from camtrap_jax.human.descriptors import Vocabulary, read_descriptors
from camtrap_jax.human.offering import offered_features
from camtrap_jax.human.ratings import read_ratings

__all__ = [
    "Answers",
    "Sheet",
    "Vocabulary",
    "agreed",
    "dice_coefficients",
    "fleiss_kappa",
    "offered_features",
    "read_descriptors",
    "read_ratings",
]
