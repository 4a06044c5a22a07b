"""Every kind of happening that any desk can tell has a sentence or is summed, the rare ones included."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.walkthrough.phrases import PHRASES, QUIET, phrase, price, weight_units
from settlement.happenings import Happening

ROOT = Path(__file__).resolve().parents[2]
TELLERS = (
    *sorted((ROOT / "settlement" / "desk").glob("*.py")),
    *sorted((ROOT / "scripts" / "walkthrough").glob("*.py")),
)
BY_ENDING = {"call_met", "call_expired", "call_closed"}
"""The kinds that are put together from how a call ended."""
BY_CHOICE = {"receipt", "late_receipt", "shortfall_paid", "gain_unpaid"}
"""The kinds that are chosen before they are told."""
USD = 10**6


def kinds_told() -> Iterator[str]:
    """The first argument of every `tell` that is a plain text."""
    for file in TELLERS:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tell":
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


TOLD = sorted({*kinds_told()} | BY_ENDING | BY_CHOICE)


def test_every_kind_that_is_told_has_a_sentence_and_every_sentence_is_told() -> None:
    assert len(TOLD) > 20
    assert set(TOLD) == PHRASES.keys() | QUIET
    assert not PHRASES.keys() & QUIET


SENTENCES = (
    (
        Happening(0, "cycle_disputed", "house", "harbour",
                  {"differences": 2, "venue_says_units": 5 * USD, "custodian_says_units": -7 * USD}),
        "DISPUTE at harbour: 2 dues differ, first of rest of the venue's market: the venue says $5, the custodian -$7; "
        "nothing moves",
    ),
    (Happening(0, "venue_topped_up", "house", "harbour", {"units": 9 * USD}),
     "harbour brings $9 more: it owes more than it had posted"),
    (Happening(0, "shortfall_found", "fund", "harbour", {"missing_units": 8 * USD, "own_reserve_units": 3 * USD}),
     "SHORTFALL: fund is $8 beyond its collateral at harbour; $3 drawn from its own reserve"),
    (Happening(0, "external_call", "fund", "", {"why": "XAG", "units": 9 * USD, "from_reserve_units": 4 * USD,
               "from_coins_units": 0, "from_venues_units": 3 * USD, "unmet_units": 2 * USD}),
     "fund must pay $9 elsewhere (XAG): $4 from reserve, $3 taken back from venues, $2 from outside"),
    (Happening(0, "delegation_refused", "hedger", "harbour",
               {"asset": "ETH", "units": 12_345_678_900, "why": "reserves_fell_short"}),
     "12.3456 ETH of hedger do not reach harbour: no claims are minted for them (reserves fell short)"),
    (Happening(0, "recalled", "market_maker", "harbour", {"asset": "ETH", "units": 12_345_678_900}),
     "market_maker takes 12.3456 ETH home from harbour: fewer quotes need less collateral"),
    (Happening(0, "margin_stepped", "fund", "", {"exchange": "CME", "asset": "XAG", "to_bps": 1_650, "units": 0}),
     "fund: CME now asks 16.5% on XAG; its gains there cover it"),
    (Happening(0, "price_refused", "", "", {"asset": "BTC", "refusal": "too_few_fresh_sources"}),
     "BTC counts for nothing: its price is refused (too few fresh sources)"),
    (Happening(0, "price_found", "", "", {"asset": "BTC", "price_e6": 60_000 * USD}),
     "BTC counts again, at $60,000.00"),
    (Happening(0, "substitution_called", "fund", "harbour", {"asset": "BTC", "amount_units": 9 * USD,
               "deadline_s": 90_000}),
     "fund is asked for $9 of other collateral than BTC at harbour until 02 January 01:00; nothing moves"),
    (Happening(0, "substitution_ended", "fund", "harbour", {"asset": "BTC", "how": "expired"}),
     "BTC of fund at harbour is waited for no longer"),
    (Happening(0, "substitution_ended", "fund", "harbour", {"asset": "BTC", "how": "cured"}),
     "BTC of fund at harbour has to be replaced no longer"),
)  # fmt: skip


@pytest.mark.parametrize(("happening", "sentence"), SENTENCES, ids=[happening.kind for happening, _ in SENTENCES])
def test_a_happening_reads_as_its_sentence(happening: Happening, sentence: str) -> None:
    assert phrase(happening) == sentence


def test_a_price_has_cents() -> None:
    assert price(60_000 * USD) == "$60,000.00"
    assert price(72_119_999) == "$72.12"


def test_only_routine_happenings_have_a_weight() -> None:
    weighed = {"call_opened": "amount_units", "liquidation_started": "maintenance_units", "external_call": "units"}
    for kind in TOLD:
        happening = Happening(0, kind, facts={"amount_units": 1, "maintenance_units": 2, "units": 3})
        expected = happening.facts[weighed[kind]] if kind in weighed else None
        assert weight_units(happening) == expected
