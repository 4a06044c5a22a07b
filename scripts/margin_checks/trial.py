"""One mutant against the tests of its module, in a process of its own that begins with everything but margin loaded.

The mutant is never written to a file: an importer hands its text to whoever imports the module.
"""

import os
import signal
import sys
from collections.abc import Sequence
from enum import Enum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

import hypothesis
import pytest

LONGEST_S = 120
"""After so long a mutant counts as noticed: it runs on without end."""
TESTS_FAILED = (1, 2)
"""Exit codes of pytest: a test failed, or could not even be collected."""
NO_PYTEST = 99
"""Exit code of a trial that pytest did not come to the end of."""


class Verdict(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"


class TrialError(RuntimeError):
    """The tests could not be run at all."""


class _Mutated(MetaPathFinder, Loader):
    """Finds one module, with another text."""

    def __init__(self, module: str, text: str) -> None:
        self._module, self._text = module, text

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._text, f"<a mutant of {self._module}>", "exec"), vars(module))


def verdict(module: str, text: str, tests: Sequence[str]) -> Verdict:
    """Whether these tests notice. Raises TrialError, also where margin is loaded already."""
    if loaded := [name for name in sys.modules if name.split(".")[0] == "margin"]:
        raise TrialError(f"{loaded[0]} is loaded already: a mutant would not be seen")
    child = os.fork()
    if not child:
        code = NO_PYTEST
        try:
            code = _tested(module, text, tests)
        finally:
            # Nothing of the parent's may run a second time.
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return Verdict.TIMED_OUT
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, *TESTS_FAILED):
        raise TrialError(f"pytest of a mutant of {module} ended with {code}")
    return Verdict.KILLED if code else Verdict.SURVIVED


def _tested(module: str, text: str, tests: Sequence[str]) -> int:
    """The exit code of pytest; the same examples each time, so that a verdict can be repeated."""
    signal.alarm(LONGEST_S)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, _Mutated(module, text))
    profile = hypothesis.settings(derandomize=True, database=None, max_examples=30, deadline=None)
    hypothesis.settings.register_profile("mutation", profile)
    hypothesis.settings.load_profile("mutation")
    # Hypothesis is loaded before pytest could rewrite it.
    aside = ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main(["-x", "-q", *aside, *tests]))
