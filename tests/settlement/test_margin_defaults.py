"""`bulkhead margin waterfalls`, `adl` and `liquidate`: who pays, who is closed, and in which order, by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from margin.waterfall_file import PROFILES, profiles
from settlement.cli import main
from tests.margin.worked import line, plain
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

LOSS = {
    "purses": {"own_collateral": 5, "insurance_fund": 10}, "gains": {"maker/1": 100, "maker/2": 60},
    "candidates": [
        {"party": "maker/1", "lots": 3, "profit_units": 100, "equity_units": 500, "notional_units": 1000},
        {"party": "maker/2", "lots": 2, "profit_units": 60, "equity_units": 60, "notional_units": 600},
    ],
    "long_winners": True,
}  # fmt: skip

Ask = Callable[..., Ran]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """A subcommand; `text` is in the file `input.json`, and words that say so are that file."""

    def ran(*words: str, text: str = "") -> Ran:
        file = tmp_path / "input.json"
        file.write_text(text)
        capsys.readouterr()
        status = main(["margin", *(str(file) if word == "FILE" else word for word in words)])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained.replace(str(file), "input.json"))

    return ran


def loss(**changed: Any) -> str:
    return json.dumps(LOSS | changed)


def test_all_waterfalls_are_listed(ask: Ask) -> None:
    assert [row["name"] for row in ask("waterfalls", "--json").lines] == list(profiles())


@pytest.mark.parametrize("name", profiles())
def test_one_is_shown_with_payers_and_sources(ask: Ask, name: str) -> None:
    (shown,) = ask("waterfalls", name, "--json").lines
    people = ask("waterfalls", name)
    assert people.status == DONE
    assert [step["step"] for step in shown["steps"]] == list(range(1, len(shown["steps"]) + 1))
    for step in shown["steps"]:
        assert step["payer"] in people.said
        assert step["source"] in people.said


def test_a_loss_runs_down_the_steps_and_every_unit_has_a_payer(ask: Ask) -> None:
    ran = ask("waterfalls", "hyperliquid", "--loss", "70", "--purses", "FILE", "--json", text=loss())
    assert ran.status == DONE
    (told,) = ran.lines
    paid = [(one["payer"], one["paid"]) for one in told["payments"]]
    assert paid == [("the account", "5"), ("the liquidator vault", "0"), ("maker/2", "60"), ("maker/1", "5")]
    assert (told["surplus"], told["unpaid"]) == ("0", {})
    assert "maker/2" in ask("waterfalls", "hyperliquid", "--loss", "70", "--purses", "FILE", text=loss()).said


def test_what_is_left_is_unpaid_by_name_and_the_exit_code_says_so(ask: Ask) -> None:
    ran = ask("waterfalls", "segregated", "--loss", "45", "--purses", "FILE", "--json", text=loss())
    assert ran.status == FAILED
    (told,) = ran.lines
    assert told["unpaid"] == {"maker/1": "25", "maker/2": "15"}
    said = ask("waterfalls", "segregated", "--loss", "45", "--purses", "FILE", text=loss()).said
    assert "unpaid: 25 of maker/1's gains" in said


@pytest.mark.parametrize(
    ("words", "text", "complaint"),
    [
        (("nowhere",), "", "expected one of binance, deribit, "),
        (("--loss", "1"), "", "--loss and --purses: expected the name of a waterfall with them"),
        (("okx", "--loss", "1"), "", "expected both --loss and --purses, or neither"),
        (("okx", "--loss", "1", "--purses", "FILE"), "[]", "input.json: expected a JSON object"),
        (("okx", "--loss", "1", "--purses", "FILE"), '{"purse": {}}', "input.json: purse is not known"),
        (
            ("okx", "--loss", "161", "--purses", "FILE"),
            loss(),
            "input.json: a loss of 161 is more than all have gained",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(ask: Ask, words: tuple[str, ...], text: str, complaint: str) -> None:
    ran = ask("waterfalls", *words, text=text)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"margin waterfalls: {complaint}")


def test_a_waterfall_of_ones_own(ask: Ask, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text((PROFILES / "okx.toml").read_text().replace('name = "okx"', 'name = "own"'))
    assert ask("waterfalls", str(own), "--json").lines[0]["name"] == "own"


# -- adl ---------------------------------------------------------------------------------------------------------------


def test_winners_come_in_the_order_of_the_queue(ask: Ask) -> None:
    ran = ask("adl", "hyperliquid", "--purses", "FILE", "--loss", "70", "--lots", "3", "--json", text=loss())
    assert ran.status == DONE
    (told,) = ran.lines
    queue = [(one["rank"], one["party"], one["closed"], one["gives_up"]) for one in told["queue"]]
    assert queue == [(1, "maker/2", 2, "60"), (2, "maker/1", 1, "10")]
    assert (told["price"], told["surplus"], told["uncovered"]) == ("previous_mark", "0", "0")
    assert "maker/2" in ask("adl", "hyperliquid", "--purses", "FILE", text=loss()).said


def test_a_loss_beyond_the_winners_profits_is_not_covered(ask: Ask) -> None:
    ran = ask("adl", "binance", "--purses", "FILE", "--loss", "161", "--json", text=loss())
    assert (ran.status, ran.lines[0]["uncovered"]) == (FAILED, "1")


def test_a_venue_that_deleverages_nobody_has_no_queue(ask: Ask) -> None:
    ran = ask("adl", "derive", "--purses", "FILE", text=loss())
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained == "margin adl: derive: expected a waterfall that deleverages winners; this one does not\n"


# -- liquidate ---------------------------------------------------------------------------------------------------------


def test_a_plan_restores_initial_margin_and_says_what_each_slice_frees(ask: Ask) -> None:
    ran = ask("liquidate", "FILE", "--depth", "100000", "--json", text=line(plain(cash=200)))
    assert ran.status == DONE
    (told,) = ran.lines
    (leg,), (first,) = told["legs"], told["slices"]
    assert (leg["leg"], leg["amount"], leg["bankruptcy_price"]) == ("call 1500 in 5.7 d", -1, 200)
    assert (first["closed"], told["ended"]) == ({"call 1500 in 5.7 d": 0.59}, "healthy")
    assert first["initial_after"] == pytest.approx(told["im"] + first["frees_initial"])
    assert first["freed_per_impact"] == pytest.approx(first["frees_initial"] / first["impact"])
    assert told["auction"]["solvent"] is True
    paid = [one["bidder_pays"] for one in told["auction"]["offers"]]
    assert paid == sorted(paid, reverse=True)
    said = ask("liquidate", "FILE", "--depth", "100000", text=line(plain(cash=200))).said
    assert "the plan ends healthy" in said
    assert "by auction (solvent" in said


def test_a_venues_own_rule_may_hand_the_account_over(ask: Ask) -> None:
    words = ("liquidate", "FILE", "--depth", "100000", "--venue", "hyperliquid", "--json")
    ran = ask(*words, text=line(plain(cash=200)))
    assert (ran.status, ran.lines[0]["ended"], ran.lines[0]["slices"]) == (DONE, "handed_over", [])


def test_a_healthy_account_has_nothing_to_close_and_no_auction(ask: Ask) -> None:
    (told,) = ask("liquidate", "FILE", "--depth", "1000", "--json", text=line(plain(cash=5000))).lines
    assert (told["ended"], told["slices"], told["auction"]) == ("healthy", [], None)


def test_a_shortfall_is_the_exit_code(ask: Ask) -> None:
    ran = ask("liquidate", "FILE", "--depth", "100000", "--json", text=line(plain(cash=20, perp=3)))
    assert (ran.status, ran.lines[0]["ended"], ran.lines[0]["auction"]["solvent"]) == (FAILED, "shortfall", False)


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (("--depth", "x"), USAGE, "--depth: 'x' is no decimal number"),
        (("--depth", "0"), USAGE, "--depth: expected a number above zero, found 0"),
        (("--depth", "perpetual=1"), USAGE, "--depth: expected the USD that move a price by 1%"),
        (("--depth", "1", "--lot", "-1"), USAGE, "--lot: expected a number above zero, found -1"),
        (("--depth", "1", "--venue", "nowhere"), USAGE, "expected one of binance, "),
        (("--depth", "1", "--depth", "future=1"), FAILED, "input.json, line 1 (plain): --depth names future"),
        (("--depth", "1", "--lot", "0.3"), FAILED, "input.json, line 1 (plain): call 1500 in 5.7 d: -1 is no whole"),
    ],
)
def test_terms_that_are_none_are_named(ask: Ask, words: tuple[str, ...], status: int, complaint: str) -> None:
    ran = ask("liquidate", "FILE", *words, text=line(plain(cash=200)))
    assert (ran.status, ran.said) == (status, "")
    assert ran.complained.startswith(f"margin liquidate: {complaint}")
