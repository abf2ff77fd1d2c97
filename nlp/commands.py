"""What the commands of `python -m nlp` share: how they fail, and how they print.

The rule to know: results go to standard output, messages to standard error. Exit codes: 0 done, 1 the work failed (the
message says what to mend), 2 wrong usage or configuration.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from crawlers.place import data_folder
from crawlers.yamlfile import ConfigError
from nlp.classifier import ModelError
from nlp.judgements import JudgementsError
from nlp.records import RecordError, TrainingError
from nlp.tag import TagError

say = Console(stderr=True)
LACKS = "this needs {}: `uv pip install -r requirements-train.txt`"


def fail(message: object, code: int = 1) -> NoReturn:
    """End the command with a message."""
    say.print(f"error: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def told(place: object = None) -> Iterator[None]:
    """Errors that a person can mend, as one message and an exit code; `place` is where those happen that name no file."""
    try:
        yield
    except (ConfigError, RecordError) as error:
        fail(error, 2)
    except (ModelError, JudgementsError, TagError) as error:
        fail(error)
    except OSError as error:
        hint = ": free some space, then run again" if error.errno == errno.ENOSPC else ""
        fail(f"{error.filename or place or data_folder()}: {error.strerror or error}{hint}")


@contextmanager
def training() -> Iterator[None]:
    """The same for commands that need the packages of training."""
    try:
        with told():
            yield
    except ImportError as error:
        fail(LACKS.format(error.name))
    except TrainingError as error:
        fail(error)


def say_plainly(text: str) -> None:
    """How far the work is, on standard error."""
    say.print(text, markup=False, highlight=False)


def print_out(text: str) -> None:
    """Print a result at once. A reader of a pipe that has enough ends the command quietly, a full disk with a message."""
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be written goes nowhere
        if isinstance(error, BrokenPipeError):
            raise typer.Exit from None
        error.filename = "standard output"
        raise
