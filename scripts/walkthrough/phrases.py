"""What the desk did, in sentences. One function per kind of happening; figures are rounded here and nowhere before."""

from collections.abc import Callable
from datetime import UTC, datetime

from scripts.walkthrough.cast import SETTING
from scripts.walkthrough.reckoning import PARTY_NAMES, dollars
from settlement.happenings import Happening


def clock(at_s: int) -> str:
    """Hours and minutes, UTC."""
    return f"{datetime.fromtimestamp(at_s, UTC):%H:%M}"


def day_and_clock(at_s: int) -> str:
    """The same with the day before it, where that may be another."""
    return f"{datetime.fromtimestamp(at_s, UTC):%d %B %H:%M}"


def price(price_e6: int) -> str:
    """A price in dollars with cents: $60,000.00."""
    return f"${price_e6 / 1_000_000:,.2f}"


def _who(happening: Happening) -> str:
    return PARTY_NAMES.get(happening.party, happening.party)


def _number(happening: Happening, fact: str) -> int:
    return int(happening.facts[fact])


def _money(happening: Happening, fact: str) -> str:
    return dollars(_number(happening, fact))


def _amount(happening: Happening) -> str:
    """Units of the asset that the happening names, to four places at most."""
    symbol = str(happening.facts["asset"])
    asset = SETTING.schedule[symbol].asset
    if symbol == SETTING.settlement_asset:
        return dollars(_number(happening, "units"))
    return f"{asset.format(_number(happening, 'units'), 4)} {symbol}"


def _size(happening: Happening) -> str:
    lots, per_coin = _number(happening, "lots"), _number(happening, "lots_per_coin")
    coins = abs(lots) / per_coin
    return f"{coins:,.{0 if coins >= 100 else 2}f} {str(happening.facts['instrument']).split('-')[0]}"


def _called(h: Happening) -> str:
    return (
        f"{h.party} is called for {_money(h, 'amount_units')} at {h.venue} until {clock(_number(h, 'deadline_s'))}: "
        f"equity {_money(h, 'equity_units')}, maintenance {_money(h, 'maintenance_units')}"
    )


def _top_up(h: Happening) -> str:
    source = f"out of its collateral at {h.facts['out_of']}" if h.facts["out_of"] else "out of its reserve"
    return f"{h.party} tops up {_amount(h)} at {h.venue} {source}, there by {clock(_number(h, 'ready_s'))}"


def _liquidation(h: Happening) -> str:
    why = "its call has expired" if h.facts["why"] == "expired" else "its equity is under half of maintenance"
    return f"{h.party} is liquidated at {h.venue}: {why}; equity {_money(h, 'equity_units')}"


def _sold(h: Happening) -> str:
    verb = "bought" if _number(h, "lots") > 0 else "sold"
    return (
        f"  {_size(h)} of {h.facts['instrument']} {verb} for {h.party}: {price(_number(h, 'before_e6'))} → "
        f"{price(_number(h, 'price_e6'))}, penalty {_money(h, 'penalty_units')}"
    )


def _liquidation_ended(h: Happening) -> str:
    how = {"healthy": "initial margin is restored", "closed": "nothing is left open"}.get(str(h.facts["ended"]), "")
    return f"  {h.party}: {how or 'nothing is left open, and the collateral does not cover the loss'}"


def _adl(h: Happening) -> str:
    return (
        f"AUTO-DELEVERAGED: {_who(h)} loses {_size(h)} of {h.facts['instrument']} against {h.facts['debtor']} at "
        f"{price(_number(h, 'price_e6'))} (index {price(_number(h, 'index_e6'))}): {_money(h, 'forgone_units')} forgone"
    )


def _external(h: Happening) -> str:
    parts = [
        f"{_money(h, fact)} {words}"
        for fact, words in (
            ("from_reserve_units", "from reserve"),
            ("from_coins_units", "from coins sold"),
            ("from_venues_units", "taken back from venues"),
            ("unmet_units", "from outside"),
        )
        if _number(h, fact)
    ]
    return f"{h.party} must pay {_money(h, 'units')} elsewhere ({h.facts['why']}): {', '.join(parts)}"


def _stepped(h: Happening) -> str:
    owed = f"{_money(h, 'units')} is missing there" if _number(h, "units") else "its gains there cover it"
    return f"{h.party}: {h.facts['exchange']} now asks {_number(h, 'to_bps') / 100:g}% on {h.facts['asset']}; {owed}"


def _traded(h: Happening) -> str:
    verb = "buys" if _number(h, "lots") > 0 else "sells"
    why = " because crypto is what is open" if h.facts["cause"] == "deleveraging" else ""
    return f"{h.party} {verb} {_size(h)} of {h.facts['instrument']} at {price(_number(h, 'price_e6'))}{why}"


def _refused(h: Happening) -> str:
    verb = "buy" if _number(h, "lots") > 0 else "sell"
    return f"{h.party} may not {verb} {_size(h)} of {h.facts['instrument']}: {str(h.facts['why']).replace('_', ' ')}"


def _paid(h: Happening) -> str:
    return f"  shortfall of {h.facts['debtor']}: {_who(h)} pays {_money(h, 'units')}"


def _found(h: Happening) -> str:
    own = f"; {_money(h, 'own_reserve_units')} drawn from its own reserve" if _number(h, "own_reserve_units") else ""
    return f"SHORTFALL: {h.party} is {_money(h, 'missing_units')} beyond its collateral at {h.venue}{own}"


PHRASES: dict[str, Callable[[Happening], str]] = {
    "call_opened": _called,
    "call_met": lambda h: f"{h.party}'s call at {h.venue} is met",
    "call_expired": lambda h: f"{h.party}'s call at {h.venue} has run out",
    "top_up_sent": _top_up,
    "top_up_arrived": lambda h: f"{h.venue} acknowledges {_amount(h)} of {h.party}",
    "delegation_refused": lambda h: (
        f"{_amount(h)} of {h.party} do not reach {h.venue}: no claims are minted for them "
        f"({str(h.facts['why']).replace('_', ' ')})"
    ),
    "liquidation_started": _liquidation,
    "liquidation_slice": _sold,
    "liquidation_closed": _liquidation_ended,
    "adl_applied": _adl,
    "shortfall_found": _found,
    "shortfall_paid": _paid,
    "gain_unpaid": lambda h: f"  shortfall of {h.facts['debtor']}: {_who(h)} misses {_money(h, 'units')} of its gain",
    "external_call": _external,
    "margin_stepped": _stepped,
    "traded": _traded,
    "trade_refused": _refused,
    "late_receipt": lambda h: f"{h.party} receives the {_money(h, 'units')} of its base-metal book at last",
    "opened": lambda h: (
        f"books opened, contracts deployed, collateral brought in and delegated: {_number(h, 'transfers')} transfers, "
        f"{_number(h, 'transactions')} transactions; vault {str(h.facts['vault'])[:12]}…"
    ),
    "opening_delayed": lambda h: (
        f"{h.party} waits: {_money(h, 'units')} of its base-metal book comes {_number(h, 'delay_s') // 60} minutes late"
    ),
    "depth_changed": lambda h: f"the books now hold {_number(h, 'depth_bps') / 100:g}% of their ordinary depth",
    "price_refused": lambda h: (
        f"{h.facts['asset']} counts for nothing: its price is refused ({str(h.facts['refusal']).replace('_', ' ')})"
    ),
    "price_found": lambda h: f"{h.facts['asset']} counts again, at {price(_number(h, 'price_e6'))}",
    "substitution_called": lambda h: (
        f"{h.party} is asked for {_money(h, 'amount_units')} of other collateral than {h.facts['asset']} at {h.venue} "
        f"until {day_and_clock(_number(h, 'deadline_s'))}; nothing moves"
    ),
    "substitution_ended": lambda h: (
        f"{h.facts['asset']} of {h.party} at {h.venue} "
        + ("is waited for no longer" if h.facts["how"] == "expired" else "has to be replaced no longer")
    ),
    "recalled": lambda h: f"{h.party} takes {_amount(h)} home from {h.venue}: fewer quotes need less collateral",
    "venue_topped_up": lambda h: f"{h.venue} brings {_money(h, 'units')} more: it owes more than it had posted",
    "exit_requested": lambda h: (
        f"{h.party} asks to leave {h.venue} with its {h.facts['asset']}, alone from "
        f"{day_and_clock(_number(h, 'ready_s'))} on: until then it backs nothing new"
    ),
    "exit_cancelled": lambda h: f"{h.party} stays at {h.venue} with its {h.facts['asset']} after all",
    "exited": lambda h: f"{h.party} has left {h.venue} alone, with {_amount(h)}",
    "exit_redeemed": lambda h: f"{_amount(h)} of {h.party}, out of {h.venue}, are its own again",
    "shortfall_covered": lambda h: (
        f"{h.venue} pays {_amount(h)} out of its own collateral for {h.party}, who had left: {h.party} owes them to it"
    ),
    "venue_short": lambda h: (
        f"{h.venue} lacks {_money(h, 'units')} of what it owes, and no claims are minted for it "
        f"({str(h.facts['why']).replace('_', ' ')}): nothing is paid"
    ),
    "venue_halted": lambda h: f"{h.venue} takes nothing until it has paid ({str(h.facts['why']).replace('_', ' ')})",
    "venue_resumed": lambda h: f"{h.venue} has paid, and takes collateral again",
    "cycle_disputed": lambda h: (
        f"DISPUTE at {h.venue}: {_number(h, 'differences')} dues differ, first of {_who(h)}: the venue says "
        f"{_money(h, 'venue_says_units')}, the custodian {_money(h, 'custodian_says_units')}; nothing moves"
    ),
}  # fmt: skip

QUIET = frozenset({"cycle_proposed", "cycle_settled", "call_closed", "receipt"})
"""Told once a day in sum."""


def phrase(happening: Happening) -> str:
    """The sentence of one happening."""
    return PHRASES[happening.kind](happening)


def weight_units(happening: Happening) -> int | None:
    """The sum by which a routine happening is too small to tell on its own (1e-6 USD); None if it is always told."""
    facts = {"call_opened": "amount_units", "liquidation_started": "maintenance_units", "external_call": "units"}
    fact = facts.get(happening.kind)
    return _number(happening, fact) if fact else None
