"""How far long work has come, on standard error and only where a person watches: never in a pipe, never with --json."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@dataclass(slots=True)
class Watch:
    """What the work tells; it goes nowhere where nobody watches. Safe to call from several threads."""

    bar: "Progress | None" = None
    task: "TaskID | None" = None

    def reach(self, done: int, total: int) -> None:
        """So much is done of all; a total of 0 is one that is not known."""
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=done, total=total or None)

    def say(self, words: str) -> None:
        """What the work is about now, in front of the bar."""
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, description=words)


@contextmanager
def watched(words: str, as_json: bool) -> Iterator[Watch]:
    """A bar while the block lasts; it leaves nothing behind on the screen."""
    if as_json or not sys.stderr.isatty():
        yield Watch()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=Console(file=sys.stderr), transient=True,
        # On one screen with the bar, answers are printed above it; where they go elsewhere, they stay what they are.
        redirect_stdout=sys.stdout.isatty(), redirect_stderr=False,
    )  # fmt: skip
    with bar:
        yield Watch(bar, bar.add_task(words, total=None))
