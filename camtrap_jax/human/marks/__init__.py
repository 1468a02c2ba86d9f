"""Features that people marked on pictures, in the files of several programs."""

from camtrap_jax.human.marks.entry import Entry
from camtrap_jax.human.marks.files import list_marks
from camtrap_jax.human.marks.matching import match_pictures
from camtrap_jax.human.marks.shapes import Drawing, mask_of

__all__ = ["Drawing", "Entry", "list_marks", "mask_of", "match_pictures"]
