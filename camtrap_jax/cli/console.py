"""Progress on a terminal as a bar, elsewhere as plain lines."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from camtrap_jax.study.console import OnProgress

SECONDS_BETWEEN_LINES = 15


class TerminalConsole:
    """Writes to standard error, so that standard output stays for results."""

    def say(self, line: str) -> None:
        """Writes one line, above a bar if one is shown."""
        tqdm.write(line, file=sys.stderr)

    def progress(self, label: str, unit: str = "images") -> OnProgress:
        """Starts a bar, or lines every few seconds where there is no terminal."""
        return _bar(label, unit) if sys.stderr.isatty() else _lines(label, unit)


def _bar(label: str, unit: str) -> OnProgress:
    bar: tqdm | None = None

    def move(done: int, total: int, note: str = "") -> None:
        nonlocal bar
        if bar is None:  # what an earlier run did is no part of this one's speed
            bar = tqdm(desc=label, total=total, initial=done, unit=f" {unit}")
        bar.set_postfix_str(note, refresh=False)
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return move


def _lines(label: str, unit: str) -> OnProgress:
    start = last = time.monotonic()
    first: int | None = None

    def move(done: int, total: int, note: str = "") -> None:
        nonlocal first, last
        now = time.monotonic()
        first = done if first is None else first
        if now - last < SECONDS_BETWEEN_LINES and done < total:
            return
        last = now
        meter = tqdm.format_meter(
            done,
            total,
            now - start,
            ncols=0,
            prefix=label,
            unit=f" {unit}",
            initial=first,
            postfix=note,
        )
        print(meter, file=sys.stderr, flush=True)

    return move
