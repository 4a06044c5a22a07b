"""Why a margin is what it is: parts that sum to it, positions whose closing does what is said, and words."""

from collections.abc import Callable
from typing import Any

import pytest

from margin.account import closed, margins, only, positions
from margin.case_schema import Case, case_of
from margin.explanation import HALVINGS, explain
from margin.fixed import ONE, ZERO, Fixed, total
from margin.parameter_file import read_parameters
from margin.portfolio_parameters import Scenario, VolShock
from margin.wording import scenario_words
from tests.margin.worked import SHORT_CALL, as_read, bare, plain, standard

TESTS = read_parameters("tests")
LONG_CALL = {**SHORT_CALL, "amount": "2.5"}
WEETH = {
    "name": "weETH", "amount": "0.5", "price": 1600, "confidence": "0.6", "risk_cancelling": True,
    "mm_haircut": "0.1", "im_haircut": "0.05",
}  # fmt: skip


def doubtful(document: Any) -> Any:
    """With little confidence in its volatilities."""
    document["feeds"]["expiries"][0]["vol_confidence"] = "0.5"
    return document


ACCOUNTS: dict[str, Any] = {
    "SRM": standard(cash=300, perp=-2, perp_unsettled_cash=11, base="0.75"),
    "PMRM": doubtful(plain(cash=-20, perp=-2, perp_unsettled_cash=11, base="0.75")),
    "PMRM_2": bare("PMRM_2", cash=7, perp=-2, perp_unsettled_cash=11, collaterals=[WEETH]),
}


def account(document: Any) -> Case:
    return case_of(as_read(document), TESTS)


def close_to(one: Fixed, other: Fixed) -> bool:
    """But for what is cut at 1e-18, some hundred times."""
    return abs(one - other) < Fixed(1_000)


@pytest.mark.parametrize("model", ACCOUNTS)
def test_components_sum_to_the_margins(model: str) -> None:
    case = account(ACCOUNTS[model])
    found = explain(case)
    assert close_to(total([one.amount.initial for one in found.components]), found.margin.initial)
    assert close_to(total([one.amount.maintenance for one in found.components]), found.margin.maintenance)
    assert found.margin == margins(case)


@pytest.mark.parametrize("model", ACCOUNTS)
def test_positions_and_cash_are_worth_what_the_account_is(model: str) -> None:
    case = account(ACCOUNTS[model])
    worth = case.cash + total([one.worth for one in positions(case)])
    assert close_to(worth, margins(case).mark_to_market)
    assert len(positions(case)) == 3


@pytest.mark.parametrize("model", ACCOUNTS)
def test_closing_a_position_at_its_mark_keeps_the_worth_and_frees_what_is_said(model: str) -> None:
    case = account(ACCOUNTS[model])
    found = explain(case)
    for one in found.contributions:
        after = margins(closed(case, one.position))
        assert close_to(after.mark_to_market, found.margin.mark_to_market)
        assert after.initial - found.margin.initial == one.freed.initial
        assert len(positions(closed(case, one.position))) == 2
    assert any(one.freed.initial > 100 for one in found.contributions)
    # Coins cover the short perpetual; standard margin nets nothing.
    assert any(one.freed.initial < 0 for one in found.contributions) == (model != "SRM")


@pytest.mark.parametrize("model", ACCOUNTS)
def test_closing_a_third_of_a_position_keeps_the_worth_too(model: str) -> None:
    case = account(ACCOUNTS[model])
    for position in positions(case):
        left = closed(case, position, Fixed.of("0.333"))
        assert close_to(margins(left).mark_to_market, margins(case).mark_to_market)
        assert [one.amount for one in positions(left)] == [
            one.amount * Fixed.of("0.667") if one == position else one.amount for one in positions(case)
        ]


@pytest.mark.parametrize("model", ACCOUNTS)
def test_a_position_alone_asks_what_it_would_ask_by_itself(model: str) -> None:
    case = account(ACCOUNTS[model])
    for one in explain(case).contributions:
        lone = margins(only(case, one.position))
        assert lone.mark_to_market == one.position.worth
        assert one.alone == lone.mark_to_market - lone.initial


@pytest.mark.parametrize("model", ["PMRM", "PMRM_2"])
def test_what_positions_lose_and_save_together_is_the_binding_scenario(model: str) -> None:
    case = account(ACCOUNTS[model])
    found, whole = explain(case), case.evaluate()
    lost = total([one.pnl for one in found.contributions if one.pnl is not None])
    assert found.offsets is not None
    assert close_to(lost + found.offsets, min(whole.scenario_pnl))  # type-checked by what follows
    assert whole.binding is not None
    assert explain(account(ACCOUNTS["SRM"])).offsets is None


def test_options_of_an_expiry_save_by_being_held_together() -> None:
    """The static discount is taken from the sum of an expiry: a long and a short of it lose less than each alone."""
    both = plain(options=[LONG_CALL, {**SHORT_CALL, "is_call": False}], cash=0)
    both["feeds"]["expiries"][0]["vols"] = [{"strike": 1500, "vol": 1}]
    found = explain(account(both))
    assert found.offsets is not None
    assert found.offsets > 0
    assert explain(account(plain())).offsets == ZERO


def test_the_basis_binds_in_words_and_in_numbers() -> None:
    document = plain(options=[LONG_CALL, {**SHORT_CALL, "is_call": False, "amount": "-1.5"}])
    document["params"]["basis_contingency"] |= {"add_factor": 60}
    case = account(document)
    found = explain(case)
    assert case.evaluate().binding is None
    assert found.binds == (
        "the basis: the options of every expiry by themselves, spot × 1.05 or × 0.95, whichever is worse, by time to "
        "expiry",
    )
    lost = total([one.pnl for one in found.contributions if one.pnl is not None])
    assert found.offsets is not None
    assert close_to(lost + found.offsets, case.evaluate().basis)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (Scenario(Fixed.of("1.15"), VolShock.UP), "spot up 15% to 1725, volatilities up by their time to expiry"),
        (Scenario(Fixed.of("0.955"), VolShock.NONE), "spot down 4.5% to 1432.5, volatilities as they are"),
        (Scenario(ONE, VolShock.DOWN), "spot unmoved, volatilities down by their time to expiry"),
        (
            Scenario(ONE, VolShock.ABS, Fixed.of("0.5")),
            "spot unmoved, volatilities bent over strikes; 50% of the result counts",
        ),
    ],
)
def test_a_scenario_is_a_sentence(scenario: Scenario, words: str) -> None:
    assert scenario_words(scenario, Fixed.of(1500)) == words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([SHORT_CALL], "ETH in 5.7 d: each short option by itself"),
        (
            [SHORT_CALL, {**SHORT_CALL, "strike": 1510, "amount": 1}],
            "ETH in 5.7 d: the worst settlement price, and calls that nothing covers",
        ),
    ],
)
def test_standard_margin_says_which_requirement_stands(options: list[Any], words: str) -> None:
    document = standard(options=options)
    strikes = [{"strike": strike, "vol": 1} for strike in (1500, 1510)]
    document["feeds"]["markets"]["ETH"]["expiries"][0]["vols"] = strikes
    assert explain(account(document)).binds == (words,)


# -- restoring initial margin ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["SRM", "PMRM", "PMRM_2"])
def test_the_missing_cash_restores_initial_margin_to_the_unit(model: str) -> None:
    documents: dict[str, Callable[..., Any]] = {"SRM": standard, "PMRM": plain}
    make = documents.get(model, lambda **held: bare("PMRM_2", **held))
    found = explain(account(make()))
    assert found.missing == -found.margin.initial > 0
    assert margins(account(make(cash=str(found.missing)))).initial == ZERO
    assert explain(account(make(cash=str(found.missing)))).missing == ZERO


def test_a_closing_is_enough_and_a_little_less_is_not() -> None:
    case = account(plain(cash=180))
    found = explain(case)
    (closing,) = found.closings
    least = ONE / 2**HALVINGS
    assert margins(closed(case, closing.position, closing.share)).initial >= 0
    assert margins(closed(case, closing.position, closing.share - least)).initial < 0
    assert 0 < closing.share < 1


def test_an_account_that_meets_its_margin_has_nothing_to_restore() -> None:
    found = explain(account(plain(cash=1000)))
    assert (found.missing, found.closings) == (ZERO, ())


def test_what_no_closing_can_restore_has_none() -> None:
    assert explain(account(plain(cash=-1000))).closings == ()


def test_progress_is_told_position_by_position() -> None:
    told: list[tuple[int, int]] = []
    explain(account(ACCOUNTS["SRM"]), lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
