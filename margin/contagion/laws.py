"""Draws a population from its laws: equity, leverage given equity, side, instrument, venue, hedges, stops, top-ups.

Every draw is named by seed, purpose and client, so the first thousand clients of a million are those of a thousand.
Start values and their marks are in assumptions.toml.
"""

from dataclasses import dataclass

import numpy as np

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.draws import Floats, Whole, normals, uniforms
from margin.contagion.population import Accounts, Clients, Kind, Population, Positions, checked, closed

VENUE_SHARES = (0.4, 0.3, 0.2, 0.1)
"""Of accounts, largest first; renormalised where there are fewer venues."""
MAKER_LEVERAGE = 3.0
PROFESSIONAL_FROM_USD = 100_000.0
HEDGERS, MAKERS, FUNDS = 0.01, 0.0005, 0.0005
"""Shares of clients; what hedgers hold is then scaled to the hedged share of open interest."""
_LEAST_EQUITY_USD = 20.0


@dataclass(frozen=True, slots=True)
class _Legs:
    """Positions before they are sorted into accounts: client, venue, instrument, signed notional in $."""

    client: Whole
    venue: Whole
    instrument: Whole
    notional_usd: Floats


def draw_population(a: Assumptions, seed: int, count: int) -> Population:
    """`count` clients and, behind them, the unlevered holders that close the books. Raises ValueError below 100."""
    if count < 100:
        raise ValueError(f"a population has at least 100 accounts, not {count}")
    who = np.arange(count, dtype=np.int64)
    kind = _kinds(seed, who)
    equity = _equity_usd(a, seed, who, kind)
    funds = kind == Kind.FUND
    theirs = equity[funds].sum() * a["population.represented_accounts"] / count
    equity[funds] = np.maximum(equity[funds] * a["carry.equity_usd"] / max(theirs, 1.0), _LEAST_EQUITY_USD)
    kind[(kind == Kind.RETAIL) & (equity >= PROFESSIONAL_FROM_USD)] = Kind.PROFESSIONAL
    legs = _joined(_directional(a, seed, who, kind, equity), _hedges(a, seed, who, kind, equity))
    legs = _joined(legs, _carried(a, seed, who[kind == Kind.FUND], equity))
    legs, equity = _hedges_scaled(a, kind, legs, equity)
    clients = _clients(a, seed, who, kind, equity)
    accounts, positions = _sorted(a, legs, equity, count)
    weight = a["population.represented_accounts"] / count
    symbols, lot_units = tuple(one.symbol for one in a.instruments), lot_units_of(a)
    return checked(closed(symbols, lot_units, venues_of(a), weight, clients, accounts, positions))


def venues_of(a: Assumptions) -> int:
    return int(a["venue.count"])


def lot_units_of(a: Assumptions) -> Whole:
    """µ$ a lot at the start, by instrument."""
    return np.array([one.lot_units for one in a.instruments], np.int64)


def _kinds(seed: int, who: Whole) -> Whole:
    draw = uniforms(seed, "kind", who)
    kind = np.full(len(who), Kind.RETAIL, np.int64)
    kind[draw < HEDGERS + MAKERS + FUNDS] = Kind.FUND
    kind[draw < HEDGERS + MAKERS] = Kind.MARKET_MAKER
    kind[draw < HEDGERS] = Kind.HEDGER
    return kind


def _equity_usd(a: Assumptions, seed: int, who: Whole, kind: Whole) -> Floats:
    """Lognormal body, Pareto tail from where the body's 98th percentile is; the others start at the tail."""
    location, scale = a["population.log_equity_location"], a["population.log_equity_scale"]
    body = np.exp(location + scale * normals(seed, "equity", who))
    start = np.exp(location + 2.0 * scale)
    tail = start * uniforms(seed, "tail", who) ** (-1.0 / a["population.tail_exponent"])
    # What hedgers hold is scaled to a share of open interest: of their sizes only the spread is drawn, without a tail,
    # or one of them would stand for a tenth of the market.
    tail = np.where(kind == Kind.HEDGER, start * np.exp(normals(seed, "hedger", who)), tail)
    in_tail = (uniforms(seed, "in tail", who) < a["population.tail_share"]) | (kind != Kind.RETAIL)
    drawn = np.where(in_tail, tail, body)
    return np.asarray(np.clip(drawn, _LEAST_EQUITY_USD, a["population.largest_equity_usd"]))


def _leverage(a: Assumptions, seed: int, who: Whole, equity: Floats) -> Floats:
    """Lognormal around a location that falls in log equity; at least 0.5, at most what venues offer."""
    size = np.log(equity) - a["population.log_equity_location"]
    location = np.log(a["population.leverage_at_median"]) + a["population.leverage_slope"] * size
    drawn = np.exp(location + a["population.leverage_scale"] * normals(seed, "leverage", who))
    return np.asarray(np.clip(drawn, 0.5, a["population.largest_leverage"]))


def _directional(a: Assumptions, seed: int, who: Whole, kind: Whole, equity: Floats) -> _Legs:
    """One or two instruments at one venue: those who take a view, and makers."""
    here = who[(kind != Kind.HEDGER) & (kind != Kind.FUND)]
    own = kind[here]
    leverage, most = _leverage(a, seed, here, equity[here]), a["population.largest_leverage"]
    enters = _enters(a, seed, here, own) > 0
    leverage = np.where(enters, np.minimum(leverage * a["population.entry_leverage"], most), leverage)
    leverage = np.where(own == Kind.MARKET_MAKER, MAKER_LEVERAGE, leverage)
    long_share = np.where(enters, a["population.entry_long_share"], a["population.long_share"])
    side = np.where(uniforms(seed, "side", here) < long_share, 1.0, -1.0)
    several = uniforms(seed, "several", here) < a["population.several_instruments_share"]
    several |= own == Kind.MARKET_MAKER
    first = _instrument(a, seed, here, "instrument")
    venue = _venue(a, seed, here, "venue")
    part = np.where(several, 0.6, 1.0)
    second = (first + 1 + (uniforms(seed, "second", here) * (len(a.instruments) - 1)).astype(np.int64)) % len(
        a.instruments
    )
    turn = np.where(own == Kind.MARKET_MAKER, -1.0, 1.0)  # a maker's inventories lean both ways
    size = equity[here] * leverage * side
    return _Legs(
        np.concatenate([here, here[several]]),
        np.concatenate([venue, venue[several]]),
        np.concatenate([first, second[several]]),
        np.concatenate([size * part, (size * turn * 0.4)[several]]),
    )


def _carried(a: Assumptions, seed: int, funds: Whole, equity: Floats) -> _Legs:
    """Funds: long in everything without leverage, by open interest, at one venue."""
    interest = np.array([one.open_interest_usd for one in a.instruments])
    count = len(interest)
    return _Legs(
        np.repeat(funds, count), np.repeat(_venue(a, seed, funds, "venue"), count),
        np.tile(np.arange(count), len(funds)),
        np.repeat(equity[funds], count) * np.tile(interest / interest.sum(), len(funds)),
    )  # fmt: skip


def _enters(a: Assumptions, seed: int, who: Whole, kind: Whole) -> Floats:
    """After what part of the run each opens, 0 for those who hold already; only those who take a view come later."""
    later = (uniforms(seed, "enters", who) < a["population.entry_share"]) & (kind <= Kind.PROFESSIONAL)
    return np.where(later, uniforms(seed, "entry", who), 0.0)


def _hedges(a: Assumptions, seed: int, who: Whole, kind: Whole, equity: Floats) -> _Legs:
    """Long at one venue, short at another; the hedge covers as much of it as the legs are correlated.

    Leverage is that of each leg's account, and spread: were it one number, all would fall at one price.
    """
    here = who[kind == Kind.HEDGER]
    first = _venue(a, seed, here, "venue")
    count = venues_of(a)
    step = 1 + (uniforms(seed, "other venue", here) * (count - 1)).astype(np.int64)
    other = (first + step) % count
    instrument = _instrument(a, seed, here, "instrument")
    spread = np.exp(a["population.hedger_leverage_scale"] * normals(seed, "hedger leverage", here))
    size = equity[here] * a["population.hedger_leverage"] * spread / (1.0 - a["population.hedge_correlation"])
    short = size * a["population.hedge_correlation"]
    return _Legs(
        np.concatenate([here, here]), np.concatenate([first, other]), np.concatenate([instrument, instrument]),
        np.concatenate([size, short]),
    )  # fmt: skip


def _hedges_scaled(a: Assumptions, kind: Whole, legs: _Legs, equity: Floats) -> tuple[_Legs, Floats]:
    """Hedgers made so large, at the same leverage, that theirs is the stated share of long open interest."""
    share = a["population.hedged_share"]
    hedged = kind[legs.client] == Kind.HEDGER
    longs = legs.notional_usd > 0
    own, others = legs.notional_usd[hedged & longs].sum(), legs.notional_usd[~hedged & longs].sum()
    factor = share / (1.0 - share) * others / own if own > 0 else 0.0
    size = legs.notional_usd * np.where(hedged, factor, 1.0)
    return _Legs(legs.client, legs.venue, legs.instrument, size), equity * np.where(kind == Kind.HEDGER, factor, 1.0)


def _clients(a: Assumptions, seed: int, who: Whole, kind: Whole, equity: Floats) -> Clients:
    large = equity >= PROFESSIONAL_FROM_USD
    stops = np.where(large, a["population.stop_share_large"], a["population.stop_share_small"])
    has_stop = (uniforms(seed, "has stop", who) < stops) & (kind <= Kind.PROFESSIONAL)
    level = 0.25 + 0.70 * uniforms(seed, "stop", who)
    tops_up = uniforms(seed, "tops up", who) < a["population.top_up_share"]
    tops_up |= kind > Kind.PROFESSIONAL
    outside = equity * a["population.top_up_scale"] * np.exp(normals(seed, "outside", who)) * MICRO
    return Clients(
        kind.astype(np.int8),
        np.where(tops_up, np.minimum(outside, 1e15), 0).astype(np.int64),
        uniforms(seed, "delay", who),
        np.where(has_stop, level * 1e6, 0).astype(np.int32),
        _enters(a, seed, who, kind),
        who,
    )


_LEAST_USD = 1e-6
"""Whatever is too small to be a number holds one lot all the same."""


def _sorted(a: Assumptions, legs: _Legs, equity: Floats, count: int) -> tuple[Accounts, Positions]:
    """Accounts in the order of clients and venues; equity divided among a client's accounts by their notional."""
    lots = np.rint(np.abs(legs.notional_usd) * MICRO / lot_units_of(a)[legs.instrument]).astype(np.int64)
    lots = np.sign(legs.notional_usd).astype(np.int64) * np.maximum(lots, 1)
    order = np.lexsort((legs.instrument, legs.venue, legs.client))
    client, venue = legs.client[order], legs.venue[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (client[1:] != client[:-1]) | (venue[1:] != venue[:-1])
    at = np.flatnonzero(begins)
    size = np.maximum(np.add.reduceat(np.abs(legs.notional_usd[order]), at), _LEAST_USD)
    whole = np.bincount(client[at], weights=size, minlength=count)
    cash = equity[client[at]] * size / whole[client[at]] * MICRO
    accounts = Accounts(client[at].astype(np.int32), venue[at].astype(np.int8), cash.astype(np.int64))
    first = np.append(at, len(order)).astype(np.int32)
    return accounts, Positions(first, legs.instrument[order].astype(np.int8), lots[order])


def _instrument(a: Assumptions, seed: int, who: Whole, purpose: str) -> Whole:
    return _choice(np.array([one.share for one in a.instruments]), uniforms(seed, purpose, who))


def _venue(a: Assumptions, seed: int, who: Whole, purpose: str) -> Whole:
    return _choice(np.array(VENUE_SHARES[: venues_of(a)]), uniforms(seed, purpose, who))


def _choice(weights: Floats, draw: Floats) -> Whole:
    edges = np.cumsum(weights / weights.sum())[:-1]
    return np.searchsorted(edges, draw, side="right").astype(np.int64)


def _joined(first: _Legs, second: _Legs) -> _Legs:
    return _Legs(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in _Legs.__slots__))
