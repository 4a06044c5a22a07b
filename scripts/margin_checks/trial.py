"""One mutant against the tests of its module, in a process of its own that begins with everything but margin loaded.

The mutant is never written to a file: an importer hands its text to whoever imports the module. Golden cases notice
most mutants; they are tried first, without pytest, because they take a tenth of the time.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

LONGEST_S = 240
"""After so long a mutant counts as noticed: it runs on without end."""
TESTS_FAILED = (1, 2)
"""Exit codes of pytest: a test failed, or could not even be collected."""
NO_END = 99
"""Exit code of a trial that did not come to its end."""

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden" / "margin_cases.jsonl"
LOADED = (
    "hypothesis.core", "hypothesis.strategies", "_hypothesis_pytestplugin", "pytest_asyncio.plugin", "xdist.plugin",
    "settlement.devnet", "settlement.node",
)  # fmt: skip
"""What every trial would load by itself: plugins, and what tests/conftest.py imports."""


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


def prepare() -> list[Any]:
    """Load what all trials share; answers the golden cases, read exactly."""
    for name in LOADED:
        import_module(name)
    return [json.loads(line, parse_float=Decimal) for line in GOLDEN.read_text().splitlines()]


def verdict(module: str, text: str, kinds: Sequence[str], tests: Sequence[str], cases: Sequence[Any]) -> Verdict:
    """Whether these kinds of golden cases, and then these tests, notice.

    Raises TrialError, also where margin is loaded already.
    """
    if loaded := [name for name in sys.modules if name.split(".")[0] == "margin"]:
        raise TrialError(f"{loaded[0]} is loaded already: a mutant would not be seen")
    child = os.fork()
    if not child:
        code = NO_END
        try:
            code = _tested(module, text, kinds, tests, cases)
        finally:
            # Nothing of the parent's may run a second time.
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return Verdict.TIMED_OUT
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, *TESTS_FAILED):
        raise TrialError(f"the trial of a mutant of {module} ended with {code}")
    return Verdict.KILLED if code else Verdict.SURVIVED


def _tested(module: str, text: str, kinds: Sequence[str], tests: Sequence[str], cases: Sequence[Any]) -> int:
    """0 when nothing was noticed; the same examples each time, so that a verdict can be repeated."""
    signal.alarm(LONGEST_S)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, _Mutated(module, text))
    if _golden_differs(kinds, cases):
        return TESTS_FAILED[0]
    profile = hypothesis.settings(derandomize=True, database=None, max_examples=30, deadline=None)
    hypothesis.settings.register_profile("mutation", profile)
    hypothesis.settings.load_profile("mutation")
    # Hypothesis and the golden tests are loaded before pytest could rewrite them.
    aside = ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main(["-x", "-q", *aside, *tests]))


def _golden_differs(kinds: Sequence[str], cases: Sequence[Any]) -> bool:
    """Whether a golden case is answered differently, or not at all: whatever a mutant raises tells it."""
    try:
        golden = import_module("tests.margin.test_margin_golden")
        for kind in kinds:
            golden.test_the_engine_agrees_with_the_plain_script(cases, kind)
    except Exception:
        return True
    return False
