"""Trades that have not been made: read from a line, and an account as it would be after them (§8 of the specification).

Cash pays for options and coins. A perpetual has no price to pay: it is traded at its mark, and the difference to the
price that was agreed is paid in cash; what it had earned before becomes cash first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from margin.account import books, has_collaterals, holding, option_price
from margin.case_feeds import dated_futures, netted
from margin.case_schema import Case, StandardCase
from margin.derive_names import FutureName, LinearName, NamingError, OptionName, parse, parse_dated
from margin.fixed import ZERO, Fixed, FixedError
from margin.marks import Market, MissingMarkError
from margin.positions import Collateral, Future, Holdings, Option

CASH = "USDC"

_TRADE = re.compile(r"([^:@]+):([+-]?\d+(?:\.\d+)?)(?:@(\d+(?:\.\d+)?))?", re.ASCII)
_OPTION_IN = re.compile(r"([A-Z0-9]+)-(\d+)s-(\d+(?:\.\d+)?)-([CP])", re.ASCII)
_FUTURE_IN = re.compile(r"([A-Z0-9]+)-(\d+)s", re.ASCII)
_COIN = re.compile(r"([A-Za-z0-9]+)-USDC", re.ASCII)
"""Of any collateral, in the letters of its case: weETH-USDC."""


class TradeError(ValueError):
    """A trade that cannot be read, or that no account could make."""


@dataclass(frozen=True, slots=True)
class Trade:
    """`amount` bought (sold below zero) of an option, a perpetual, a coin or cash; no price: at the mark.

    `of` is an option whose own amount means nothing, or a name; None for cash.
    """

    asset: str
    of: Option | Future | LinearName | None
    amount: Fixed
    price: Fixed | None = None


def trade_of(text: str, at_s: int | None = None) -> Trade:
    """`ETH-20270625-6000-C:+3@120`, `ETH-PERP:-2`, `ETH-USDC:+1.5@3000`, `USDC:-100`. Raises TradeError.

    `at_s` is when the feeds are of, UTC seconds; a name with a date needs it. `ETH-500400s-6000-C` says the seconds
    that are left, as cases do; `ETH-500400s` and `ETH-20270625` are dated futures.
    """
    found = _TRADE.fullmatch(text.strip())
    if found is None:
        raise TradeError(f"{text!r} is no NAME:±AMOUNT or NAME:±AMOUNT@PRICE")
    try:
        amount, price = Fixed.of(found[2]), Fixed.of(found[3]) if found[3] else None
        asset, of = _instrument(found[1], at_s)
    except FixedError as error:
        raise TradeError(f"{text!r}: {error}") from error
    except NamingError as error:
        raise TradeError(f"{error}; or ASSET-SECONDSs-STRIKE-C, or {CASH}") from error
    if not amount:
        raise TradeError(f"{text!r} trades nothing")
    if of is None and price is not None:
        raise TradeError(f"{text!r}: cash has no price")
    return Trade(asset, of, amount, price)


def _instrument(name: str, at_s: int | None) -> tuple[str, Option | Future | LinearName | None]:
    if name == CASH:
        return CASH, None
    if short := _OPTION_IN.fullmatch(name):
        asset, seconds, strike, side = short.groups()
        return asset, Option(int(seconds), Fixed.of(strike), side == "C", ZERO)
    if short := _FUTURE_IN.fullmatch(name):
        return short[1], Future(int(short[2]), ZERO)
    if coin := _COIN.fullmatch(name):
        return coin[1], LinearName(coin[1], is_perp=False)
    named = parse_dated(name) or parse(name)
    return named.asset, named if isinstance(named, LinearName) else _dated(name, named, at_s)


def _dated(name: str, named: OptionName | FutureName, at_s: int | None) -> Option | Future:
    """What expires at a date, by the seconds that it has left."""
    if at_s is None:
        raise TradeError(f"{name} expires at a date: it needs the time that the feeds are of, or the seconds left")
    if named.expires_at_s < at_s:
        raise TradeError(f"{name} has expired")
    left_s = named.expires_at_s - at_s
    if isinstance(named, FutureName):
        return Future(left_s, ZERO)
    return Option(left_s, named.strike, named.is_call, ZERO)


def traded(case: Case, trades: Sequence[Trade]) -> tuple[Case, Fixed]:
    """The account after all of them, and the cash that they moved in all. Raises TradeError, MissingMarkError."""
    if not isinstance(case, StandardCase) and len({trade.asset for trade in trades if _is_of_market(case, trade)}) > 1:
        raise TradeError("an account under portfolio margin has one underlying, and the trades are in several")
    paid = ZERO
    for trade in trades:
        case, cash = _after(case, trade)
        paid += cash
    return case, paid


def _is_of_market(case: Case, trade: Trade) -> bool:
    """Whether it is in the underlying, and not in cash or a collateral."""
    is_coin = isinstance(trade.of, LinearName) and not trade.of.is_perp
    return trade.of is not None and not (is_coin and has_collaterals(case))


def _after(case: Case, trade: Trade) -> tuple[Case, Fixed]:
    if trade.of is None:
        return replace(case, cash=case.cash + trade.amount), trade.amount
    name = trade.asset if isinstance(case, StandardCase) else ""
    market, held = _book(case, name)
    if isinstance(trade.of, Option):
        held, cash = _option(case, market, held, trade, trade.of)
    elif isinstance(trade.of, Future):
        held, cash, settled = _future(market, held, trade, trade.of)
        case = replace(case, cash=case.cash + settled)
    elif trade.of.is_perp:
        # What was earned before is no payment of this trade.
        case = replace(case, cash=case.cash + (held.perp_unsettled if held.perp else ZERO))
        agreed = market.perp.price if trade.price is None else trade.price
        held = replace(held, perp=held.perp + trade.amount, perp_unsettled=ZERO)
        cash = trade.amount * (market.perp.price - agreed)
    elif has_collaterals(case):
        held, cash = _collateral(case, held, trade)
    else:
        held, cash = _base(case, market, held, trade)
    return holding(case, name, held, case.cash + cash), cash


def _future(market: Market, held: Holdings, trade: Trade, of: Future) -> tuple[Holdings, Fixed, Fixed]:
    """Traded at the forward, the difference paid; what was earned before becomes cash: holdings, payment, settled."""
    had = next((one for one in held.futures if one.seconds == of.seconds), of)
    forward = market.expiry(of.seconds).forward
    agreed = forward if trade.price is None else trade.price
    others = [one for one in held.futures if one.seconds != of.seconds]
    futures = dated_futures([*others, Future(of.seconds, had.amount + trade.amount)])
    return replace(held, futures=futures), trade.amount * (forward - agreed), had.unsettled if had.amount else ZERO


def _book(case: Case, name: str) -> tuple[Market, Holdings]:
    if isinstance(case, StandardCase):
        if name not in case.feeds:
            raise MissingMarkError(f"no feeds of {name}")
        return case.feeds[name], case.holdings.get(name, Holdings())
    return case.market, books(case)[name][1]


def _option(case: Case, market: Market, held: Holdings, trade: Trade, of: Option) -> tuple[Holdings, Fixed]:
    mark = option_price(case, market.expiry(of.seconds), of)
    price = mark if trade.price is None else trade.price
    options = netted([*held.options, replace(of, amount=trade.amount)])
    return replace(held, options=options), -trade.amount * price


def _base(case: Case, market: Market, held: Holdings, trade: Trade) -> tuple[Holdings, Fixed]:
    price = market.spot.price / case.stable_price if trade.price is None else trade.price
    return replace(held, base=_left(held.base, trade)), -trade.amount * price


def _collateral(case: Case, held: Holdings, trade: Trade) -> tuple[Holdings, Fixed]:
    found = [one for one in held.collaterals if one.name == trade.asset]
    if not found:
        raise MissingMarkError(f"no price of collateral {trade.asset}")
    (one,) = found
    price = one.price / case.stable_price if trade.price is None else trade.price
    changed = replace(one, amount=_left(one.amount, trade))
    collaterals: tuple[Collateral, ...] = tuple(changed if each == one else each for each in held.collaterals)
    return replace(held, collaterals=collaterals), -trade.amount * price


def _left(amount: Fixed, trade: Trade) -> Fixed:
    if amount + trade.amount < 0:
        raise TradeError(f"{-trade.amount} {trade.asset} cannot be sold where {amount} is held")
    return amount + trade.amount
