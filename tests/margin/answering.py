"""What the engine says to a case of any model of the schema, figure by figure under the names that cases expect."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from margin import auction, case_schema
from margin.black76 import black76
from margin.cash import Cash, CashParameters
from margin.fixed import ONE, ZERO, Fixed
from margin.portfolio import PortfolioMargin
from margin.positions import Holdings, Option
from margin.reading import Place, read
from margin.standard import StandardMargin
from margin.svi import Svi

Figures = Iterator[tuple[str, Fixed]]

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "derive_margin.json"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "margin_cases.jsonl"


def exactly(text: str) -> Any:
    """A document whose numbers are as they are written."""
    return json.loads(text, parse_float=Decimal)


def flat(expected: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The numbers of an expectation under their paths."""
    if isinstance(expected, Mapping):
        for key, one in expected.items():
            yield from flat(one, f"{name}.{key}" if name else key)
    elif isinstance(expected, list):
        for index, one in enumerate(expected):
            yield from flat(one, f"{name}[{index}]")
    else:
        yield name, expected


def expectations(case: Any) -> Any:
    """What a case wants: one object, or one a step."""
    steps = case.get("actions") or case.get("events")
    return case["expected"] if "expected" in case else [one["expected"] for one in steps]


def answers(case: Any) -> Figures:
    """Figures of a case of any model."""
    model = case["model"]
    by_model = {"PMRM+DutchAuction": sold, "CashAsset": accrued, "Black76": priced, "SVI": surface}
    return by_model[model](case) if model in by_model else evaluated(case_schema.case_of(case).evaluate())


def evaluated(result: StandardMargin | PortfolioMargin) -> Figures:
    yield from (
        ("im", result.margin.initial),
        ("mm", result.margin.maintenance),
        ("mtm", result.margin.mark_to_market),
    )
    if isinstance(result, PortfolioMargin):
        asked = result.contingencies
        yield from (
            ("basis_contingency", result.basis),
            ("option_mtm", result.option_mtm),
            ("collateral_mtm", result.collateral_mtm),
            ("static_contingency", asked.static),
            ("confidence_contingency", asked.confidence),
            ("mm_contingency", asked.maintenance),
            ("im_contingency", asked.initial),
        )
        yield from ((f"scenario_pnl[{index}]", pnl) for index, pnl in enumerate(result.scenario_pnl))


def priced(case: Any) -> Figures:
    one = Place(case["input"])
    prices = black76(
        one["forward"].fixed(), one["strike"].fixed(), one["vol"].fixed(), one["sec_to_expiry"].whole(),
        one["discount"].fixed(),
    )  # fmt: skip
    yield from zip(("call", "put", "undiscounted_call_delta"), prices, strict=True)


def surface(case: Any) -> Figures:
    given = Place(case["input"])
    yield "vol", read(Svi, given).volatility(given["strike"].fixed())


# -- interest: the procedure of §14 ------------------------------------------------------------------------------------


def accrued(case: Any) -> Figures:
    place = Place(case)
    balances = {name: one.fixed() for name, one in place["start"]["balances"].items()}
    cash = Cash.opened(read(CashParameters, place["params"]), balances)
    for index, event in enumerate(place["events"].each()):
        cash = cash.accrued(event["days_passed"].whole() * 86_400)
        cash = happened(cash, event["event"].text(), event)
        yield f"[{index}].total_supply", cash.supply
        yield f"[{index}].total_borrow", cash.borrow
        yield f"[{index}].stable_balance", cash.stable
        yield f"[{index}].util", cash.utilisation


def happened(cash: Cash, kind: str, event: Place) -> Cash:
    if kind == "START":
        return cash
    name, amount = event["acc_a"].text(), event["amount"].fixed()
    if kind == "TRADE":
        cash = cash.touched(name, amount).touched(event["acc_b"].text(), -amount)
    elif kind == "SETTLEMENT":
        cash = cash.settled(name, amount)
    elif kind == "BORROW":
        cash = cash.deposited(name, amount)
    else:
        paid = min(cash.accounts["SM"].balance, amount)
        cash = cash.touched("SM", -paid).touched(name, paid)
        cash = cash.socialised(amount - paid, name) if amount > paid else cash
    return cash.collected("SM")


# -- auctions: the procedure of §14 ------------------------------------------------------------------------------------


def at(case: Any, moment: Any, cash: Fixed, held: Holdings) -> PortfolioMargin:
    """The account at a moment, with the absolute expiries of the feeds turned into seconds."""
    left = {one["expiry"]: max(0, one["expiry"] - moment["time"]) for one in moment["feeds"]["expiries"]}
    expiries = [{**one, "sec_to_expiry": left[one["expiry"]]} for one in moment["feeds"]["expiries"]]
    document = {
        "model": "PMRM", "params": case["params"]["pmrm"], "feeds": {**moment["feeds"], "expiries": expiries},
        "portfolio": {"cash": 0},
    }  # fmt: skip
    one = case_schema.case_of(document)
    assert isinstance(one, case_schema.PortfolioCase)
    live = replace(held, options=tuple(replace(option, seconds=left[option.seconds]) for option in held.options))
    return replace(one, cash=cash, held=live).evaluate()


def sold(case: Any) -> Figures:
    rules, start = read(auction.AuctionParameters, Place(case["params"]["auction"])), Place(case["start"])
    held, reserved = holdings(start["portfolio"]), ZERO
    cash = start["portfolio"]["cash"].fixed()
    first = at(case, case["start"], cash, held)
    stored = min(range(len(first.scenario_pnl)), key=lambda number: first.under(number).maintenance)
    cash -= rules.fee(first.margin)
    for index, action in enumerate(case["actions"]):
        elapsed = action["time"] - case["start"]["time"]
        before = at(case, action, cash, held)
        yield from standing(f"[{index}].pre", rules, before, elapsed, reserved)
        wanted = Place(action)["percent_want"].fixed()
        bid = auction.solvent_bid(rules, before.under(stored), wanted, elapsed, reserved)
        assert bid is not None
        yield f"[{index}].cash_from_bidder", bid.cash
        yield f"[{index}].final_percentage", bid.share
        left = ONE - bid.share
        cash, reserved = auction.cash_after(cash, bid, reserved), reserved + bid.cash
        kept = tuple(replace(one, amount=one.amount * left) for one in held.options)
        held = Holdings(perp=held.perp * left, base=held.base * left, options=kept)
        yield from standing(f"[{index}].post", rules, at(case, action, cash, held), elapsed, reserved)


def holdings(place: Place) -> Holdings:
    """Options keep their absolute expiry in place of the seconds to it."""
    options = tuple(
        Option(one["expiry"].whole(), one["strike"].fixed(), one["is_call"].flag(), one["amount"].fixed())
        for one in place["options"].each()
    )
    return Holdings(perp=place["perp"].fixed(), base=place["base"].fixed(), options=options)


def standing(
    name: str, rules: auction.AuctionParameters, result: PortfolioMargin, elapsed: int, reserved: Fixed
) -> Figures:
    margin = result.margin
    yield f"{name}_mtm", margin.mark_to_market
    yield f"{name}_mm", margin.maintenance
    yield f"{name}_bm", rules.buffer_margin(margin)
    yield f"{name}_fmax", rules.largest_share(margin, rules.discount(elapsed), reserved)
