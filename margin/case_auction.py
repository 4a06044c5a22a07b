"""An auction as JSON has it, replayed bid by bid (specs/derive_margin.md §9, §14, model "PMRM+DutchAuction")."""

from dataclasses import dataclass, replace

from margin.auction import AuctionParameters, Bid, cash_after, insolvent_bid, solvent_bid
from margin.case_feeds import market_of
from margin.case_schema import PortfolioCase, name_of, portfolio_case
from margin.fixed import ZERO, Fixed
from margin.marks import Market
from margin.parameter_set import ParameterSet
from margin.portfolio import PortfolioMargin
from margin.portfolio_parameters import PlainPortfolio
from margin.reading import Place, read
from margin.result import Margin


class AuctionError(ValueError):
    """An auction that cannot be started, or a bid that finds nothing to buy."""


@dataclass(frozen=True, slots=True)
class Action:
    """A bid for a share, at the feeds of its time."""

    elapsed_s: int
    wanted: Fixed
    stable_price: Fixed
    market: Market


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands under the worst scenario, and the most of it that may be sold (f_max)."""

    margin: Margin
    buffer_margin: Fixed
    largest_share: Fixed


@dataclass(frozen=True, slots=True)
class Sold:
    """Before a bid, the bid, and after it."""

    before: Standing
    bid: Bid
    after: Standing


@dataclass(frozen=True, slots=True)
class AuctionCase:
    """An account when its auction starts, and the bids that follow."""

    id: str
    parameters: AuctionParameters
    start: PortfolioCase
    actions: tuple[Action, ...]

    def evaluate(self) -> tuple[Sold, ...]:
        """Every bid in its order. Raises AuctionError for a healthy account, or a bid that would be refused."""
        first = self.start.evaluate()
        if first.margin.maintenance >= 0:
            raise AuctionError(f"no auction starts: maintenance margin is met, with {first.margin.maintenance} left")
        is_solvent = first.margin.mark_to_market > 0
        account = replace(
            self.start, cash=self.start.cash - (self.parameters.fee(first.margin) if is_solvent else ZERO)
        )
        stored, reserved, sold = stored_scenario(first), ZERO, []
        for action in self.actions:
            now = _at(action, account)
            found = now.evaluate()
            bid = self._bid(found.under(stored), action, is_solvent, reserved)
            discount, before = self.parameters.discount(action.elapsed_s), reserved
            reserved += bid.cash if is_solvent else ZERO
            cash = cash_after(account.cash, bid, before) if is_solvent else account.cash * (1 - bid.share)
            account = replace(account, cash=cash, held=account.held.scaled(1 - bid.share))
            left = _at(action, account).evaluate()
            sold.append(Sold(self._standing(found, discount, before), bid, self._standing(left, discount, reserved)))
        return tuple(sold)

    def _bid(self, margin: Margin, action: Action, is_solvent: bool, reserved: Fixed) -> Bid:
        if not is_solvent:
            return insolvent_bid(self.parameters, margin, action.wanted, action.elapsed_s)
        bid = solvent_bid(self.parameters, margin, action.wanted, action.elapsed_s, reserved)
        if bid is None:
            raise AuctionError(f"{action.elapsed_s} s after the start there is nothing to buy at a price above zero")
        return bid

    def _standing(self, found: PortfolioMargin, discount: Fixed, reserved: Fixed) -> Standing:
        share = self.parameters.largest_share(found.margin, discount, reserved)
        return Standing(found.margin, self.parameters.buffer_margin(found.margin), share)


def stored_scenario(found: PortfolioMargin) -> int:
    """The scenario whose number an auction keeps: the one with the lowest maintenance margin, the first on a tie.

    Where the basis is worse than several, they tie.
    """
    margins = [found.under(scenario).maintenance for scenario in range(len(found.scenario_pnl))]
    return margins.index(min(margins))


def auction_case(place: Place, given: ParameterSet) -> AuctionCase:
    """From a place in a document. DocumentError names the field's path."""
    own = place.get("params")
    if own is None and given.pmrm and given.auction:
        pmrm, auction = given.pmrm, given.auction
    else:
        pmrm = read(PlainPortfolio, place["params"]["pmrm"])
        auction = read(AuctionParameters, place["params"]["auction"])
    start_s = place["start"]["time"].whole()
    actions = tuple(_action(one, start_s) for one in place["actions"].each())
    return AuctionCase(name_of(place), auction, portfolio_case(place["start"], pmrm, start_s), actions)


def _action(place: Place, start_s: int) -> Action:
    now_s, feeds = place["time"].whole(), place["feeds"]
    if now_s < start_s:
        place["time"].wrong(f"is not before the start at {start_s}")
    wanted = place["percent_want"].share()
    return Action(now_s - start_s, wanted, feeds["stable_price"].above_zero(), market_of(feeds, now_s))


def _at(action: Action, account: PortfolioCase) -> PortfolioCase:
    """The account at the feeds of a bid, its options as much nearer to expiry."""
    held = account.held.later(action.elapsed_s)
    return replace(account, stable_price=action.stable_price, market=action.market, held=held)
