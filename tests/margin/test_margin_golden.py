"""The engine against a plain script in floats that shares nothing with it: tests/golden/margin_reference.py.

The cases reach what Derive's public ones reach seldom; that they do is counted.
"""

import json
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from margin.fixed import SCALE
from tests.golden.margin_cases import PLAN, drawn
from tests.margin.answering import GOLDEN, answers, exactly, flat

ELSEWHERE = {"Forward", "Perpetual"}
"""Models that the schema does not have: the tests of feeds and of perpetuals read them."""


@pytest.fixture(scope="module")
def cases() -> list[Any]:
    return [exactly(line) for line in GOLDEN.read_text().splitlines()]


@pytest.mark.parametrize("kind", sorted({f"{make.__name__}/{kind}" for make, kind, _ in PLAN}))
def test_the_engine_agrees_with_the_plain_script(cases: list[Any], kind: str) -> None:
    for case in cases:
        if not case["id"].startswith(f"{kind}/") or case["model"] in ELSEWHERE:
            continue
        got, want = dict(answers(case)), dict(flat(case["expected"]))
        largest = max(abs(Fraction(one)) for one in want.values())
        for name, one in want.items():
            error = abs(Fraction(got[name].units, SCALE) - Fraction(one))
            room = abs(Fraction(one)) / 10**9 + largest / 10**13 + Fraction(1, 10**12)
            assert error <= room, (case["id"], name, float(error))


# Model, branch that decides, and how many cases it decides at least.
BRANCHES = """
SRM       perp_doubted                          5
SRM       option_doubted                        10
SRM       base_doubted                          5
SRM       depeg                                 10
SRM       put_by_offset                         5
SRM       put_by_spot                           10
SRM       put_by_value                          5
SRM       put_by_share_of_spot                  10
SRM       worst_settlement                      10
SRM       worst_settlement_with_unpaired_calls  3
PMRM      basis_binds                           10
PMRM      up_binds                              10
PMRM      none_binds                            10
PMRM      down_binds                            10
PMRM      doubted                               20
PMRM      peg_lost                              10
PMRM_2    basis_binds                           5
PMRM_2    up_binds                              10
PMRM_2    none_binds                            10
PMRM_2    down_binds                            5
PMRM_2    linear_binds                          5
PMRM_2    abs_binds                             3
PMRM_2    tail_binds                            10
PMRM_2    doubted                               20
PMRM_2    peg_lost                              10
PMRM_2    short_discount_capped                 20
PMRM_2    short_discount_free                   5
PMRM_2    upward_volatility_at_its_floor        5
PMRM_2    skew_at_its_least_width               10
PMRM_2    skew_at_its_own_width                 10
PMRM_2    negative_skew_cap                     3
PMRM_2    collateral_cancels_risk               10
PMRM+DutchAuction  fast                         5
PMRM+DutchAuction  slow                         5
PMRM+DutchAuction  sold_in_part                 5
PMRM+DutchAuction  sold_to_the_buffer           5
PMRM+DutchAuction  stored_scenario_is_not_the_worst  2
CashAsset above_the_kink                        5
CashAsset socialised                            5
CashAsset all_interest_kept                     3
CashAsset more_cash_settled_away_than_made      5
SVI       clamped                               3
SVI       within_reach                          3
Forward   in_the_window                         5
Forward   before_the_window                     5
Forward   all_fixed                             1
"""


def test_every_branch_decides_some_cases(cases: list[Any]) -> None:
    reached = Counter((case["model"], branch) for case in cases for branch in case["branches"])
    for row in BRANCHES.strip().splitlines():
        model, branch, least = row.split()
        assert reached[model, branch.replace("_", " ")] >= int(least), (model, branch)
    assert len(cases) >= 200


def test_the_file_is_what_the_script_draws(cases: list[Any]) -> None:
    for kept, again in zip(cases, drawn(), strict=True):
        assert {name: one for name, one in kept.items() if name != "expected"} == {
            name: one for name, one in exactly(json.dumps(again)).items() if name != "expected"
        }
        for (name, one), (_, other) in zip(flat(kept["expected"]), flat(again["expected"]), strict=True):
            # Another machine's exp and log may differ in the last digit.
            assert float(one) == pytest.approx(other, rel=1e-10, abs=1e-9), (kept["id"], name)
