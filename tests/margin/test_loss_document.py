"""Who could pay, out of JSON: all of it exact, none of it guessed."""

from typing import Any

import pytest

from margin.adl import Candidate
from margin.default_waterfall import Means
from margin.insurance_fund import Balance
from margin.loss_document import purses_of
from margin.reading import DocumentError

WINNER = {"party": "maker/1", "lots": 3, "profit_units": 100, "equity_units": -5, "notional_units": 1000}


def test_everything_is_read() -> None:
    found = purses_of({
        "purses": {"own_collateral": 5, "backstop": "7"}, "fund": [{"at_s": 1, "units": 9}, {"at_s": 2, "units": 8}],
        "now_s": 3, "gains": {"maker/1": 100}, "candidates": [WINNER], "long_winners": True, "claims": {"client/1": 4},
    })  # fmt: skip
    assert dict(found.of_means) == {Means.OWN_COLLATERAL: 5, Means.BACKSTOP: 7}
    assert (found.fund, found.now_s, found.long_winners) == ((Balance(1, 9), Balance(2, 8)), 3, True)
    assert (dict(found.gains), dict(found.claims)) == ({"maker/1": 100}, {"client/1": 4})
    assert found.candidates == (Candidate("maker/1", 3, 100, -5, 1000),)


def test_a_fund_without_a_history_holds_what_its_purse_says() -> None:
    assert purses_of({"purses": {"insurance_fund": 10}, "now_s": 4}).fund == (Balance(4, 10),)
    assert purses_of({}).fund == ()


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "the document is an object, not a list"),
        ({"purse": {}}, "purse is not known; there are purses, "),
        ({"purses": {"winners": 1}}, "purses.winners is not known; there are own_collateral, "),
        ({"purses": {"backstop": -1}}, "purses.backstop is at least 0, not -1"),
        ({"gains": {"maker/1": 1.5}}, "gains.maker/1 is a number, not 1.5"),
        ({"gains": {"maker/1": "1.5"}}, "gains.maker/1 is a whole number, not 1.5"),
        ({"candidates": [{**WINNER, "notional_units": 0}]}, "candidates[0].notional_units is above 0, not 0"),
        ({"candidates": [{**WINNER, "lots": -1}]}, "candidates[0].lots is at least 0, not -1"),
        ({"candidates": [{"party": "maker/1"}]}, "candidates[0].notional_units is missing"),
        ({"fund": [{"at_s": 2, "units": 1}, {"at_s": 1, "units": 1}]}, "fund is in the order of time"),
        ({"fund": [], "purses": {"insurance_fund": 1}}, "fund has a history, so purses says nothing"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(document: Any, complaint: str) -> None:
    with pytest.raises(DocumentError) as raised:
        purses_of(document)
    assert str(raised.value).startswith(complaint)
