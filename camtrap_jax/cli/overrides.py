"""Settings that the command line overrides: which there are, and what they may be."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from absl import flags

from camtrap_jax.config import Config, config_to_dict

_PREFIXES = ("--config.", "--noconfig.", "-config.", "-noconfig.")
_PARSERS: dict[type, flags.ArgumentParser] = {
    bool: flags.BooleanParser(),
    int: flags.IntegerParser(),
    float: flags.FloatParser(),
}


@dataclass
class Overrides:
    """What a command line says about settings.

    Attributes:
      words: the command line without what cannot be used.
      names: the flags that override a setting.
      problems: why others cannot, one line each.
    """

    words: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check_overrides(words: list[str]) -> Overrides:
    """Looks through all flags of the form `--config.a.b`, whether the settings exist and fit.

    config_flags itself stops at the first that does not, and accepts a section for a setting.
    """
    sections = config_to_dict(Config())
    settings = {f"{name}.{key}": sections[name][key] for name in sections for key in sections[name]}
    found = Overrides()
    for given in _flags_with_values(words, settings):
        flag = given[0].partition("=")[0]
        if not flag.startswith(_PREFIXES):
            found.words += given
            continue
        problem = _problem(flag, given, settings)
        if problem:
            found.problems.append(problem)
        else:
            found.words += given
            found.names.append(flag)
    return found


def _flags_with_values(words: list[str], settings: dict[str, Any]) -> Iterator[list[str]]:
    """Yields each flag, together with the next word where that is the setting's value."""
    rest = iter(words)
    for word in rest:
        takes_next = (
            word.startswith(("--config.", "-config."))
            and "=" not in word
            and not isinstance(settings.get(_name(word)), bool)
        )
        yield [word, *([following] if takes_next and (following := next(rest, None)) else [])]


def _problem(flag: str, given: list[str], settings: dict[str, Any]) -> str | None:
    name = _name(flag)
    if name not in settings:
        near = difflib.get_close_matches(name, settings, n=1)
        hint = f"; did you mean --config.{near[0]}?" if near else ""
        return f"{flag}: there is no such setting{hint}"
    kind = type(settings[name])
    if "=" in given[0] or len(given) > 1:
        value = given[1] if len(given) > 1 else given[0].partition("=")[2]
        try:
            _PARSERS.get(kind, flags.ArgumentParser()).parse(value)
        except (ValueError, TypeError):
            return f"{flag}: expected {kind.__name__}, got {value!r}"
    elif kind is not bool:
        return f"{flag}: expected {kind.__name__}, got nothing"
    return None


def _name(flag: str) -> str:
    prefix = next((one for one in _PREFIXES if flag.startswith(one)), "")
    return flag.removeprefix(prefix)
