"""Why an account's margin is what it is: what binds, what each position asks, and what would restore initial margin."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from margin.account import Position, closed, margins, only, positions
from margin.case_schema import Case, PortfolioCase, StandardCase
from margin.fixed import ONE, ZERO, Fixed, positive, total
from margin.portfolio import PortfolioMargin
from margin.portfolio_parameters import PlainPortfolio, Scenario
from margin.result import Margin
from margin.standard import MarketMargin
from margin.standard_options import Pair
from margin.wording import basis_words, expiry_words, scenario_words

HALVINGS = 10
"""The least share to close is found to 1/1024."""
MOST_CLOSINGS = 3


@dataclass(frozen=True, slots=True)
class Contribution:
    """One position's part, in USD.

    `pnl` is its own in what binds, static discount included; None under standard margin, where shorts and payoffs of an
    expiry compete. `alone` is the initial margin that it would ask by itself. `freed` is by how much the account's net
    margins rise when it is closed at its mark; below zero it hedges others.
    """

    position: Position
    pnl: Fixed | None
    alone: Fixed
    freed: Pair


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the account's net margins, in USD; the parts of one account sum to its margins."""

    name: str
    amount: Pair


@dataclass(frozen=True, slots=True)
class Closing:
    """A share of a position which, closed at its mark, restores initial margin."""

    position: Position
    share: Fixed


@dataclass(frozen=True, slots=True)
class Explanation:
    """`offsets` is what positions save in the binding scenario by being held together; None under standard margin.

    `missing` is the cash that would restore initial margin, 0 where it is met; `closings` would restore it one by one.
    """

    margin: Margin
    binds: tuple[str, ...]
    contributions: tuple[Contribution, ...]
    offsets: Fixed | None
    components: tuple[Component, ...]
    missing: Fixed
    closings: tuple[Closing, ...]


def explain(case: Case, reach: Callable[[int, int], None] = lambda done, of: None) -> Explanation:
    """Everything about one account; `reach` hears of positions done. Raises what evaluating the case raises."""
    margin, binds, binding, components = _whole(case)
    held, contributions = positions(case), []
    for done, position in enumerate(held, 1):
        contributions.append(_contribution(case, binding, margin, position))
        reach(done, len(held))
    return Explanation(
        margin, binds, tuple(contributions), _offsets(case, binding, contributions), components,
        positive(-margin.initial), _closings(case, margin, contributions),
    )  # fmt: skip


def _whole(case: Case) -> tuple[Margin, tuple[str, ...], "_Binding | None", tuple[Component, ...]]:
    """What can be said of the account without asking for its positions."""
    if isinstance(case, StandardCase):
        standard = case.evaluate()
        named = standard.markets.items()
        components = [Component("cash", Pair(case.cash, case.cash))]
        for name, market in named:
            components += _of_market(name, market)
        binds = tuple(expiry_words(name, expiry) for name, market in named for expiry in market.expiries)
        return standard.margin, binds, None, tuple(components)
    found = case.evaluate()
    if found.binding is None:
        words, binding = basis_words(case.parameters.basis_contingency), _Binding(None)
    else:
        scenario = case.parameters.scenarios[found.binding]
        words, binding = scenario_words(scenario, case.market.spot.price), _Binding(scenario)
    return found.margin, (words,), binding, _of_portfolio(case, found)


@dataclass(frozen=True, slots=True)
class _Binding:
    """What binds an account under a portfolio model: one scenario, or the basis, which is None."""

    scenario: Scenario | None

    def loss(self, case: Case) -> Fixed:
        """What an account loses in it, as a number below zero; other scenarios are not asked."""
        if isinstance(case, StandardCase):
            return ZERO
        asked = self.scenario or case.parameters.scenarios[0]
        found = replace(case, parameters=replace(case.parameters, scenarios=(asked,))).evaluate()
        return found.scenario_pnl[0] if self.scenario else found.basis


def _contribution(case: Case, binding: _Binding | None, margin: Margin, position: Position) -> Contribution:
    without, lone = margins(closed(case, position)), only(case, position)
    alone = margins(lone)
    return Contribution(
        position,
        binding.loss(lone) if binding else None,
        alone.mark_to_market - alone.initial,
        Pair(without.initial - margin.initial, without.maintenance - margin.maintenance),
    )


def _offsets(case: Case, binding: _Binding | None, contributions: list[Contribution]) -> Fixed | None:
    if binding is None:
        return None
    return binding.loss(case) - total([one.pnl for one in contributions if one.pnl is not None])


def _of_market(name: str, market: MarketMargin) -> list[Component]:
    expiries = sum((expiry.isolated.larger(expiry.max_loss) for expiry in market.expiries), Pair())
    doubt = total([expiry.contingency for expiry in market.expiries])
    parts = {
        "perpetual": market.perp,
        "options": expiries,
        "little confidence in options": Pair(initial=doubt),
        "base": market.base,
        "fallen stablecoin": Pair(initial=-market.depeg),
    }
    return [Component(f"{name} {part}", amount) for part, amount in parts.items() if amount != Pair()]


def _of_portfolio(case: PortfolioCase, found: PortfolioMargin) -> tuple[Component, ...]:
    loss, asked = min(found.basis, *found.scenario_pnl), found.contingencies
    parts = {
        "mark-to-market": Pair(found.worth, found.worth),
        "worst loss × factor": Pair(loss * found.im_factor, loss * found.mm_factor),
    }
    if isinstance(case.parameters, PlainPortfolio):
        parts["static contingency × factor"] = Pair(asked.confidence - asked.initial - asked.static, -asked.static)
        parts["confidence contingency"] = Pair(initial=-asked.confidence)
    else:
        parts["contingency of maintenance margin"] = Pair(-asked.maintenance, -asked.maintenance)
        parts["contingency of initial margin"] = Pair(initial=-asked.initial)
    return tuple(Component(name, amount) for name, amount in parts.items())


def _closings(case: Case, margin: Margin, contributions: list[Contribution]) -> tuple[Closing, ...]:
    """The positions that free most, where closing one of them is enough."""
    if margin.initial >= 0:
        return ()
    enough = [one for one in contributions if margin.initial + one.freed.initial >= 0]
    enough.sort(key=lambda one: one.freed.initial, reverse=True)
    return tuple(Closing(one.position, _least_share(case, one.position)) for one in enough[:MOST_CLOSINGS])


def _least_share(case: Case, position: Position) -> Fixed:
    """The least share to close, found by halving: margin is concave in it, or nearly, and the answer is verified."""
    too_little, enough = ZERO, ONE
    for _ in range(HALVINGS):
        middle = (too_little + enough) / 2
        if margins(closed(case, position, middle)).initial >= 0:
            enough = middle
        else:
            too_little = middle
    return enough
