"""What adds risk, and why a trade may not stand: the first objection of several, in the order of their sentences."""

from typing import Any

import pytest

from margin.fixed import ONE, ZERO
from margin.gate import (
    PORTFOLIO_LIMITS,
    STANDARD_LIMITS,
    Change,
    Kind,
    Limits,
    Objection,
    Size,
    adds_risk_portfolio,
    adds_risk_standard,
    objection,
)
from tests.margin.holding import fixed

# A change, what the balance is after it, and whether it adds risk under standard and under portfolio margin.
CHANGES = """
kind   amount after standard portfolio
cash   1      5     no       no
cash   -1     5     yes      yes
cash   0      0     no       no
option 1      -1    no       no
option -1     1     yes      yes
option 0      1     no       no
base   1      1     no       no
base   -1     1     yes      yes
perp   1      2     yes      yes
perp   -1     -2    yes      yes
perp   1      -2    no       yes
perp   -1     2     no       yes
perp   -1     0     no       yes
perp   1      0     no       yes
perp   0      -2    no       no
perp   0      2     no       no
"""


@pytest.mark.parametrize("row", CHANGES.strip().splitlines()[1:])
def test_what_adds_risk(row: str) -> None:
    kind, amount, after, standard, portfolio = row.split()
    change = Change(Kind(kind), fixed(amount), fixed(after))
    harmless = Change(Kind.CASH, ONE, ONE)
    for changes in ([change], [harmless, change], [change, harmless]):
        assert adds_risk_standard(changes) is (standard == "yes")
        assert adds_risk_portfolio(changes) is (portfolio == "yes")
    assert not adds_risk_standard([])
    assert not adds_risk_portfolio([])


FINE: dict[str, Any] = {
    "in_auction": False,
    "before": Size(1, 1),
    "after": Size(2, 2),
    "limits": Limits(48, 11, may_borrow=False),
    "changes": [Change(Kind.OPTION, ONE, ONE), Change(Kind.CASH, -ONE, ONE)],
    "cash_after": ONE,
    "adds_risk": True,
    "margin_to_meet": ZERO,
}
# What is wrong, by the objection that it meets; in their order.
WRONG: dict[Objection, dict[str, Any]] = {
    Objection.IN_AUCTION: {"in_auction": True},
    Objection.TOO_MANY_ASSETS: {"after": Size(49, 2)},
    Objection.TOO_MANY_EXPIRIES: {"after": Size(2, 12)},
    Objection.BORROWING_DISABLED: {"cash_after": -ONE},
    Objection.MARGIN_NOT_MET: {"margin_to_meet": -ONE},
}


def test_all_objections_are_reached() -> None:
    assert list(WRONG) == list(Objection)
    assert objection(**FINE) is None


@pytest.mark.parametrize("which", Objection)
def test_each_objection(which: Objection) -> None:
    assert objection(**FINE | WRONG[which]) is which


@pytest.mark.parametrize("first", range(len(Objection)))
@pytest.mark.parametrize("second", range(len(Objection)))
def test_of_two_objections_the_first_is_told(first: int, second: int) -> None:
    if first >= second:
        return
    one, other = list(Objection)[first], list(Objection)[second]
    both = FINE | WRONG[one] | WRONG[other]
    if {one, other} == {Objection.TOO_MANY_ASSETS, Objection.TOO_MANY_EXPIRIES}:
        both["after"] = Size(49, 12)
    assert objection(**both) is one


ALLOWED = [
    {"before": Size(50, 1), "after": Size(49, 1)},
    {"before": Size(49, 1), "after": Size(49, 1)},
    {"after": Size(48, 11)},
    {"before": Size(2, 13), "after": Size(2, 12)},
    {"after": Size(2, 99), "limits": Limits(48)},
    {"cash_after": -ONE, "limits": Limits(48)},
    {"cash_after": -ONE, "changes": [Change(Kind.CASH, ONE, -ONE)]},
    {"cash_after": -ONE, "changes": []},
    {"margin_to_meet": -ONE, "adds_risk": False},
]


@pytest.mark.parametrize("told", ALLOWED, ids=str)
def test_what_is_allowed(told: dict[str, Any]) -> None:
    assert objection(**FINE | told) is None


@pytest.mark.parametrize("change", [Change(Kind.CASH, -ONE, -ONE), Change(Kind.PERP, ONE, ZERO)])
def test_only_adding_cash_leaves_a_debt_alone(change: Change) -> None:
    told = FINE | {"cash_after": -ONE, "changes": [Change(Kind.CASH, ONE, -ONE), change]}
    assert objection(**told) is Objection.BORROWING_DISABLED


def test_growing_beyond_a_limit_from_beyond_it() -> None:
    assert objection(**FINE | {"before": Size(49, 1), "after": Size(50, 1)}) is Objection.TOO_MANY_ASSETS
    assert objection(**FINE | {"before": Size(1, 12), "after": Size(1, 13)}) is Objection.TOO_MANY_EXPIRIES


def test_limits_and_sentences() -> None:
    assert (STANDARD_LIMITS.assets, STANDARD_LIMITS.expiries, STANDARD_LIMITS.may_borrow) == (48, None, True)
    assert (PORTFOLIO_LIMITS.assets, PORTFOLIO_LIMITS.expiries) == (128, 11)
    assert str(Objection.MARGIN_NOT_MET) == "margin_not_met"
    may_pass = [one for one in Objection if one.may_pass_later]
    assert may_pass == [Objection.IN_AUCTION, Objection.BORROWING_DISABLED, Objection.MARGIN_NOT_MET]
