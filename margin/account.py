"""One account, whatever its model: its markets, its positions at mark, and what it becomes when one is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from margin.black76 import black76, years
from margin.case_schema import Case, PortfolioCase, StandardCase
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import exp
from margin.gate import Kind
from margin.marks import Expiry, Market
from margin.portfolio_parameters import CollateralPortfolio
from margin.positions import Collateral, Future, Holdings, Option
from margin.result import Margin
from margin.wording import days

Held = TypeVar("Held", Option, Collateral, Future)


@dataclass(frozen=True, slots=True)
class Position:
    """One position at its mark: `price` in USD a contract or coin, `worth` what it adds to mark-to-market.

    `market` is "" in the portfolio models, which have one underlying.
    """

    market: str
    kind: Kind
    name: str
    amount: Fixed
    price: Fixed
    worth: Fixed
    of: Option | Collateral | Future | None = None


def margins(case: Case) -> Margin:
    """The account's margins under its model."""
    return case.evaluate().margin


def books(case: Case) -> Mapping[str, tuple[Market | None, Holdings]]:
    """What is held of each underlying, and its feeds where there are any."""
    if isinstance(case, StandardCase):
        return {name: (case.feeds.get(name), held) for name, held in case.holdings.items()}
    return {"": (case.market, case.held)}


def holding(case: Case, market: str, held: Holdings, cash: Fixed) -> Case:
    """The same account with other positions in one underlying, and other cash."""
    if isinstance(case, StandardCase):
        return replace(case, cash=cash, holdings={**case.holdings, market: held})
    return replace(case, cash=cash, held=held)


def has_collaterals(case: Case) -> bool:
    """Whether the model takes collaterals by name (PMRM_2), and no base asset."""
    return isinstance(case, PortfolioCase) and isinstance(case.parameters, CollateralPortfolio)


def emptied(case: Case) -> Case:
    """The same account with nothing in it."""
    if isinstance(case, StandardCase):
        return replace(case, cash=ZERO, holdings={})
    return replace(case, cash=ZERO, held=Holdings())


def positions(case: Case) -> tuple[Position, ...]:
    """Everything but cash. Raises MissingMarkError, SviError."""
    found: list[Position] = []
    for name, (market, held) in books(case).items():
        if market is not None:
            found += _positions(case, name, market, held)
    return tuple(found)


def only(case: Case, position: Position) -> Case:
    """An account with this position alone, and no cash."""
    market, of = position.market, position.of
    if position.kind is Kind.PERP:
        held = Holdings(perp=position.amount, perp_unsettled=position.worth)
    elif isinstance(of, Option):
        held = Holdings(options=(of,))
    elif isinstance(of, Collateral):
        held = Holdings(collaterals=(of,))
    elif isinstance(of, Future):
        held = Holdings(futures=(of,))
    else:
        held = Holdings(base=position.amount)
    return holding(emptied(case), market, held, ZERO)


def closed(case: Case, position: Position, share: Fixed = ONE) -> Case:
    """The account once a share of a position is closed at its mark: its worth has become cash."""
    held, left = books(case)[position.market][1], 1 - share
    if position.kind is Kind.PERP:
        held = replace(held, perp=held.perp * left, perp_unsettled=position.worth * left)
    elif position.kind is Kind.BASE and position.of is None:
        held = replace(held, base=held.base * left)
    elif isinstance(position.of, Future):
        less = Future(position.of.seconds, position.of.amount * left, position.of.unsettled * left)
        held = replace(
            held,
            futures=tuple(less if one == position.of else one for one in held.futures if left or one != position.of),
        )
    else:
        held = replace(
            held,
            options=_reduced(held.options, position, left),
            collaterals=_reduced(held.collaterals, position, left),
        )
    return holding(case, position.market, held, case.cash + position.worth * share)


def option_price(case: Case, expiry: Expiry, option: Option) -> Fixed:
    """What one contract is marked at: discounted by its rate in PMRM_2 only."""
    discount = exp(-expiry.floored_rate * years(expiry.seconds)) if has_collaterals(case) else ONE
    prices = black76(expiry.forward, option.strike, expiry.surface.volatility(option.strike), expiry.seconds, discount)
    return prices.call if option.is_call else prices.put


def option_name(market: str, option: Option) -> str:
    """`ETH call 1500 in 5.8 d`."""
    side = "call" if option.is_call else "put"
    return f"{market} {side} {option.strike} in {days(option.seconds)}".strip()


def _reduced(held: tuple[Held, ...], position: Position, left: Fixed) -> tuple[Held, ...]:
    """What is left of one holding among others; nothing of it where it is closed whole."""
    return tuple(
        replace(one, amount=one.amount * left) if one == position.of else one
        for one in held
        if left or one != position.of
    )


def _positions(case: Case, name: str, market: Market, held: Holdings) -> list[Position]:
    found = []
    if held.perp:
        found.append(
            Position(name, Kind.PERP, f"{name} perpetual".strip(), held.perp, market.perp.price, held.perp_unsettled)
        )
    for dated in held.futures:
        mark = market.expiry(dated.seconds).forward
        called = f"{name} future in {days(dated.seconds)}".strip()
        found.append(Position(name, Kind.FUTURE, called, dated.amount, mark, dated.unsettled, dated))
    for option in held.options:
        price = option_price(case, market.expiry(option.seconds), option)
        found.append(
            Position(name, Kind.OPTION, option_name(name, option), option.amount, price, option.amount * price, option)
        )
    spot = market.spot.price
    if held.base:
        worth = held.base * spot / case.stable_price
        found.append(Position(name, Kind.BASE, name or "base", held.base, spot, worth))
    for one in held.collaterals:
        worth = one.amount * one.price / case.stable_price
        found.append(Position(name, Kind.BASE, one.name, one.amount, one.price, worth, one))
    return found
