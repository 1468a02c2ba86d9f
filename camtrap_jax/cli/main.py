"""The program `camtrap`: finds the command, parses its flags, turns errors into one line."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence

from camtrap_jax.cli.large_pages import restart_with_large_pages

COMMANDS = {
    "study": "the whole study: every stage below, in order",
    "synthesize": "draw synthetic camera-trap images with a planted truth",
    "prepare": "turn anyone's images into a dataset",
    "train": "train a network on a dataset",
    "explain": "store logits, features, unit responses and maps of every image",
    "evaluate": "accuracy, confusion matrix, calibration",
    "units": "mutual information between units and species, and patches",
    "tree": "how species relate in the network's feature space",
    "novelty": "which species and images the network has not seen",
    "quality": "measure how far each map can be trusted",
    "dice": "compare what maps show with what people know species by",
    "truth": "hold the results against a planted truth",
    "report": "write the HTML report",
    "render": "draw maps on the original pictures, at their full resolution",
    "predict": "name the animals on new pictures with a trained run",
    "weights": "weights from other programs, and to them",
    "leak": "what a random split flatters: accuracies under three splits",
}
_ADVICE = {
    errno.ENOSPC: "; free some and give the same command again, it goes on from here",
    errno.EDQUOT: "; free some and give the same command again, it goes on from here",
}
USER_ERRORS = (ValueError, FileNotFoundError, FileExistsError, FloatingPointError, OSError)


def launch() -> None:
    """Is the program `camtrap`."""
    restart_with_large_pages()
    run()


def run(argv: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 an error of the user's, 2 wrong usage."""
    sys.exit(main(list(sys.argv if argv is None else argv)))


def main(argv: list[str]) -> int:
    """Runs `argv[1]` with the flags behind it and returns the exit code."""
    if len(argv) > 1 and argv[1] in ("-h", "--help", "help"):
        print(_usage())
        return 0
    if len(argv) < 2 or argv[1] not in COMMANDS:
        got = f"camtrap: unknown command {argv[1]!r}\n" if len(argv) > 1 else ""
        print(got + _usage(), file=sys.stderr)
        return 2
    # TensorFlow's data format is read without TensorFlow; its loggers would still speak.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Imported here: a command must not wait for what only others need, nor see their flags.
    flags = importlib.import_module("camtrap_jax.cli.flags")
    command = importlib.import_module(f"camtrap_jax.cli.{argv[1]}")
    try:
        flags.parse(argv, command)
    except flags.UsageError as error:
        print(f"camtrap {argv[1]}: {error}", file=sys.stderr)
        return 2
    try:
        command.main()
    except (*USER_ERRORS, KeyboardInterrupt) as error:
        code, text = outcome(argv[1], error)
        print(text, file=sys.stderr)
        return code
    return 0


def outcome(command: str, error: BaseException) -> tuple[int, str]:
    """Returns the exit code of a command that failed, and what there is to say."""
    if isinstance(error, KeyboardInterrupt):
        return 130, f"\ncamtrap {command}: stopped; the same command goes on from here"
    if isinstance(error, USER_ERRORS) and not os.environ.get("CAMTRAP_TRACEBACK"):
        return 1, f"camtrap {command}: {_one_line(error)}"
    return 1, "".join(traceback.format_exception(error)).rstrip()


def _usage() -> str:
    lines = [f"  {name:<11} {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        ["usage: camtrap COMMAND [--flags]", *lines, "camtrap COMMAND --help lists its flags"]
    )


def _one_line(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror:  # without the number that Python puts first
        where = f"{error.filename}: " if error.filename else ""
        text = f"{where}{error.strerror}{_ADVICE.get(error.errno or 0, '')}"
    return " ".join(text.split()) or type(error).__name__
