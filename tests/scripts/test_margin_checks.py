"""Mutants are where a careless hand would make them; one that tests notice is told from one that they do not."""

import subprocess
import sys
from pathlib import Path

from scripts.margin_checks.mutants import mutants
from scripts.margin_checks.mutation import RECORD, TARGETS, Outcome, attributes, reasons, report, source, wrong

ROOT = Path(__file__).resolve().parents[2]

SOURCE = '''"""A docstring with 1 + 2."""

LIMIT: int | None = 3


def sum_of(σ: int | None, b, *, c=0):
    if not (σ < b) and b is not None:
        return max(σ, b) + abs(c)
    return ZERO if c else -σ.spot * (b - 1)
'''
EXPECTED = """
LIMIT: int | None = 4
def sum_of(σ: int | None, b, *, c=1):
if σ < b and b is not None:
if not (σ < b) or b is not None:
if not (σ < b):
if b is not None:
if not (σ <= b) and b is not None:
if not (σ >= b) and b is not None:
if not (σ < b) and b is None:
if True:
if False:
return min(σ, b) + abs(c)
return max(σ, b) - abs(c)
return (max(σ, b))
return (abs(c))
return (σ) + abs(c)
return (b) + abs(c)
return max(σ, b) + (c)
return ONE if c else -σ.spot * (b - 1)
return ZERO if True else -σ.spot * (b - 1)
return ZERO if False else -σ.spot * (b - 1)
return ZERO if c else σ.spot * (b - 1)
return ZERO if c else -σ.perp * (b - 1)
return ZERO if c else -σ.spot / (b - 1)
return ZERO if c else (-σ.spot)
return ZERO if c else (b - 1)
return ZERO if c else -σ.spot * (b + 1)
return ZERO if c else -σ.spot * ((b))
return ZERO if c else -σ.spot * (b - 2)
"""


def test_every_mutant_of_a_small_function() -> None:
    found = [
        one.told(SOURCE).splitlines()[1].removeprefix("+ ") for one in mutants(SOURCE, frozenset({"spot", "perp"}))
    ]
    assert sorted(found) == sorted(EXPECTED.strip().splitlines())
    assert [one.line(SOURCE) for one in mutants(SOURCE, frozenset())][:3] == [3, 6, 7]


def test_every_mutant_of_margin_compiles_and_is_told_apart() -> None:
    for module in TARGETS:
        text = source(module)
        every = mutants(text, attributes())
        assert len(every) > 100
        assert len({one.apply(text) for one in every} | {text}) == len(every) + 1
        for one in every:
            compile(one.apply(text), module, "exec")


TRIAL = """
from scripts.margin_checks.trial import verdict
from scripts.margin_checks.mutation import CASES, source
text = source("shocks")
longer, broken = text.replace("30 * 86_400", "31 * 86_400"), text.replace("import ln", "import no_such_thing")
for mutant in (text, longer, broken):
    print(verdict("margin.shocks", mutant, [], ["tests/margin/test_shocks.py"], CASES).value)
for mutant in (text, longer):
    print(verdict("margin.shocks", mutant, ["pmrm/plain"], ["tests/margin/test_marks.py"], CASES).value)
"""


def test_verdicts() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", TRIAL], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert answer.stdout.split() == ["survived", "killed", "killed", "survived", "killed"]


def test_the_record_says_what_is_wrong() -> None:
    diff = "- a\n+ b"
    outcome = Outcome("standard", 100, 0, ((7, diff),))
    assert outcome.killed_bps == 9_900
    known = {("standard", diff): "a and b are never different here"}
    assert wrong([outcome], known) == []
    assert "a and b are never different here" in report([outcome], known)
    assert len(wrong([outcome], {})) == 1
    assert len(wrong([Outcome("standard", 100, 0, ())], known)) == 1
    assert wrong([Outcome("shocks", 100, 0, ())], known) == []
    assert len(wrong([Outcome("standard", 9, 0, ((7, diff),))], known)) == 1


def test_the_record_on_file_is_of_these_modules() -> None:
    recorded = RECORD.read_text()
    for module in TARGETS:
        (row,) = (line for line in recorded.splitlines() if line.startswith(f"{module} "))
        assert float(row.split()[-1]) >= 90
    assert "NO REASON IS KNOWN" not in recorded
    assert all(module in TARGETS for module, _ in reasons())
