"""Command `dice`: what maps show beside what people see, in words and in marks on pictures."""

from camtrap_jax.study.dice.marked import best_thresholds, compare_with_marks
from camtrap_jax.study.dice.people import compare_with_people
from camtrap_jax.study.dice.sheet import has_words, make_scoring_sheet

__all__ = [
    "best_thresholds",
    "compare_with_marks",
    "compare_with_people",
    "has_words",
    "make_scoring_sheet",
]
