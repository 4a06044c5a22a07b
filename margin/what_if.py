"""Whether an account may make trades, before it makes them: what the venue would say, and the margins after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from margin.account import books, margins
from margin.case_schema import Case, StandardCase
from margin.fixed import ONE, ZERO, Fixed
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
)  # fmt: skip
from margin.open_interest_fee import OpenInterestFee, Raised
from margin.portfolio_parameters import Scenario, VolShock
from margin.positions import Future, Option
from margin.result import Margin
from margin.trades import Trade, traded

Key = tuple[Kind, str, object]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Margins before and after; why an ordinary and a trusted caller may not trade, None where they may.

    A trusted caller has to leave `trusted_maintenance` at zero or above: maintenance margin, under portfolio margin in
    three scenarios only. `fee` for open interest is paid before margin is asked for.
    """

    before: Margin
    after: Margin
    cash: Fixed
    adds_risk: bool
    ordinary: Objection | None
    trusted: Objection | None
    trusted_maintenance: Fixed
    fee: Fixed = ZERO


def what_if(
    case: Case,
    trades: Sequence[Trade],
    *,
    in_auction: bool = False,
    may_borrow: bool = True,
    limits: Limits | None = None,
    fee: OpenInterestFee | None = None,
) -> Verdict:
    """Judge a batch of trades as one. Raises TradeError, and what evaluating the account raises.

    `fee` where the caller is not exempt and the batch raises the open interest of every option and perpetual in it: one
    account cannot know what others hold.
    """
    after, paid = traded(case, trades)
    is_standard = isinstance(case, StandardCase)
    changes = _changes(case, after, paid)
    owed = fee.of(_raised(case, after)) if fee else ZERO
    after = replace(after, cash=after.cash - owed)
    adds_risk = (adds_risk_standard if is_standard else adds_risk_portfolio)(changes)
    margin, trusted = margins(after), margins(_for_trusted(after)).maintenance
    allowed = replace(limits or (STANDARD_LIMITS if is_standard else PORTFOLIO_LIMITS), may_borrow=may_borrow)

    def said(margin_to_meet: Fixed) -> Objection | None:
        return objection(
            in_auction=in_auction, before=_size(case), after=_size(after), limits=allowed, changes=changes,
            cash_after=after.cash, adds_risk=adds_risk, margin_to_meet=margin_to_meet,
        )  # fmt: skip

    return Verdict(margins(case), margin, paid, adds_risk, said(margin.initial), said(trusted), trusted, owed)


def _for_trusted(case: Case) -> Case:
    """Under portfolio margin: spot up and down by the basis shocks and unmoved, volatilities as they are."""
    if isinstance(case, StandardCase):
        return case
    basis = case.parameters.basis_contingency
    shocks = (basis.scenario_spot_up, basis.scenario_spot_down, ONE)
    scenarios = tuple(Scenario(shock, VolShock.NONE) for shock in shocks)
    return replace(case, parameters=replace(case.parameters, scenarios=scenarios))


def _changes(before: Case, after: Case, paid: Fixed) -> list[Change]:
    """What the batch changed, balance by balance. Cash that a perpetual had earned is no change of the trader's."""
    had, has = dict(_balances(before)), dict(_balances(after))
    amounts = {key: has.get(key, ZERO) - had.get(key, ZERO) for key in {**had, **has}}
    changes = [Change(key[0], amount, has.get(key, ZERO)) for key, amount in amounts.items() if amount]
    return [*changes, Change(Kind.CASH, paid, after.cash)] if paid else changes


def _raised(before: Case, after: Case) -> Iterator[Raised]:
    """The options and perpetuals that a batch changed, at what the fee is a share of."""
    had, feeds = dict(_balances(before)), {name: feed for name, (feed, _) in books(after).items()}
    has = dict(_balances(after))
    for key in {**had, **has}:
        kind, name, of = key
        amount, feed = has.get(key, ZERO) - had.get(key, ZERO), feeds.get(name)
        if amount and feed is not None and kind is Kind.PERP:
            yield Raised(amount, feed.perp.price)
        elif amount and feed is not None and isinstance(of, Option | Future):
            yield Raised(amount, feed.expiry(of.seconds).forward)


def _balances(case: Case) -> Iterator[tuple[Key, Fixed]]:
    """Every balance but cash, by what it is of."""
    for name, (_, held) in books(case).items():
        yield (Kind.PERP, name, None), held.perp
        yield (Kind.BASE, name, None), held.base
        for one in held.futures:
            yield (Kind.FUTURE, name, Future(one.seconds, ZERO)), one.amount
        for option in held.options:
            yield (Kind.OPTION, name, replace(option, amount=ZERO)), option.amount
        for owned in held.collaterals:
            yield (Kind.BASE, name, owned.name), owned.amount


def _size(case: Case) -> Size:
    """Cash is an asset like others."""
    held: Mapping[Key, Fixed] = {key: amount for key, amount in _balances(case) if amount}
    expiries = {
        (name, option.seconds) for name, (_, one) in books(case).items() for option in one.options if option.amount
    }
    return Size(len(held) + bool(case.cash), len(expiries))
