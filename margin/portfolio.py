"""Portfolio margin (Derive's PMRM and PMRM_2): the worst of many scenarios (specs/derive_margin.md §5, §6, §7).

One engine: PMRM is PMRM_2 without interest in its option values, without skews, and with other contingencies. What the
two do not share is in `margin.contingencies`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from margin.black76 import black76, years
from margin.contingencies import Contingencies, contingencies
from margin.discounts import discounts, factors
from margin.fixed import ONE, ZERO, Fixed, total
from margin.marks import Expiry, Market, above_zero
from margin.portfolio_parameters import CollateralPortfolio, PlainPortfolio, Scenario
from margin.positions import Collateral, Holdings, Option, UnknownHoldingError
from margin.result import Margin
from margin.shocks import reach, shocked_volatility, skewed_volatility

PortfolioParameters = PlainPortfolio | CollateralPortfolio


@dataclass(frozen=True, slots=True)
class PortfolioMargin:
    """One account under a portfolio model, in USD; `scenario_pnl` in the order of the scenarios.

    `basis` ≤ 0 competes with the scenarios; the contingencies are subtracted; `worth` is mark-to-market.
    """

    worth: Fixed
    option_mtm: Fixed
    collateral_mtm: Fixed
    scenario_pnl: tuple[Fixed, ...]
    basis: Fixed
    contingencies: Contingencies
    im_factor: Fixed
    mm_factor: Fixed

    @property
    def margin(self) -> Margin:
        """The margins under what binds."""
        return self._at(min((self.basis, *self.scenario_pnl)))

    @property
    def binding(self) -> int | None:
        """The number of the worst scenario, the first on a tie; None where the basis is worse than all."""
        worst = min(range(len(self.scenario_pnl)), key=self.scenario_pnl.__getitem__, default=None)
        return None if worst is None or self.basis < self.scenario_pnl[worst] else worst

    def under(self, scenario: int) -> Margin:
        """The margins as an auction computes them, which has stored one scenario's number."""
        return self._at(min(self.basis, self.scenario_pnl[scenario]))

    def _at(self, loss: Fixed) -> Margin:
        asked = self.contingencies
        maintenance = loss * self.mm_factor - asked.maintenance + self.worth
        return Margin(loss * self.im_factor - asked.maintenance - asked.initial + self.worth, maintenance, self.worth)


@dataclass(frozen=True, slots=True)
class _Group:
    """The options of one expiry with their unshocked volatilities, its discounts and its worth at mark.

    `futures` is the sum of its dated futures, `reach` how far its volatilities move.
    """

    expiry: Expiry
    options: tuple[Option, ...]
    volatilities: tuple[Fixed, ...]
    futures: Fixed
    reach: Fixed
    discount: Fixed
    long_discount: Fixed
    short_discount: Fixed
    worth: Fixed

    def value(self, spot_shock: Fixed, volatilities: Sequence[Fixed]) -> Fixed:
        """Σ amount × price under a shock of spot."""
        return _value(self.expiry, self.options, volatilities, spot_shock, self.discount)

    def futures_pnl(self, spot_shock: Fixed) -> Fixed:
        """What its futures make when the forward moves with spot: paid at once, so without a discount."""
        return self.futures * (self.expiry.shocked_forward(spot_shock) - self.expiry.forward)

    def unshocked_pnl(self, spot_shock: Fixed) -> Fixed:
        """What the expiry makes when spot moves and volatilities do not, without the static discount."""
        return self.value(spot_shock, self.volatilities) - self.worth + self.futures_pnl(spot_shock)

    def discounted(self, value: Fixed) -> Fixed:
        """The static discount of the sum of an expiry, long or short."""
        return value * (self.long_discount if value >= 0 else self.short_discount)


def portfolio_margin(
    parameters: PortfolioParameters, stable_price: Fixed, market: Market, cash: Fixed, held: Holdings
) -> PortfolioMargin:
    """Net margins of one account in USD. Raises MissingMarkError, UnknownHoldingError, SviError, ParameterError."""
    above_zero(stable_price, "the stablecoin")
    if held.depends_on_spot:
        above_zero(market.spot.price, "spot")
    if held.perp:
        above_zero(market.perp.price, "the perpetual")
    collaterals = _collaterals(parameters, market, held)
    worths = [one.amount * one.price / stable_price for one in collaterals]
    groups = [_group(parameters, market.expiry(seconds), options, held) for seconds, options in _expiries(held)]
    engine = _Engine(parameters, market, held, groups, _moving(collaterals, worths))
    option_mtm, collateral_mtm = total([group.worth for group in groups]), total(worths)
    im_factor, mm_factor = factors(parameters, stable_price)
    return PortfolioMargin(
        worth=cash + held.unsettled + option_mtm + collateral_mtm,
        option_mtm=option_mtm,
        collateral_mtm=collateral_mtm,
        scenario_pnl=tuple(map(engine.pnl, parameters.scenarios)),
        basis=engine.basis(),
        contingencies=contingencies(parameters, market, held, worths, im_factor),
        im_factor=im_factor,
        mm_factor=mm_factor,
    )


@dataclass(frozen=True, slots=True)
class _Engine:
    """One account before its scenarios. `moving` is the worth of what moves one for one with spot."""

    parameters: PortfolioParameters
    market: Market
    held: Holdings
    groups: Sequence[_Group]
    moving: Fixed

    def pnl(self, scenario: Scenario) -> Fixed:
        """Profit or loss in one scenario."""
        if scenario.vol_shock.is_skew:
            return -total([abs(self._skewed(group, scenario)) for group in self.groups])
        moved = scenario.spot_shock - 1
        options = total([self._shocked(group, scenario) for group in self.groups])
        perp = self.held.perp * self.market.perp.price * moved
        return scenario.dampening_factor * (perp + options + self.moving * moved)

    def basis(self) -> Fixed:
        """What expiries lose when each moves by itself, scaled by time; without the static discount."""
        numbers = self.parameters.basis_contingency
        return total([
            min(
                group.unshocked_pnl(numbers.scenario_spot_up),
                group.unshocked_pnl(numbers.scenario_spot_down),
                ZERO,
            )
            * (numbers.add_factor + numbers.mult_factor * years(group.expiry.seconds))
            for group in self.groups
        ])  # fmt: skip

    def _shocked(self, group: _Group, scenario: Scenario) -> Fixed:
        shock, numbers = scenario.vol_shock, self.parameters.vol_shock
        volatilities = [shocked_volatility(vol, shock, numbers, group.reach) for vol in group.volatilities]
        options = group.discounted(group.value(scenario.spot_shock, volatilities)) - group.worth
        return options + group.futures_pnl(scenario.spot_shock)

    def _skewed(self, group: _Group, scenario: Scenario) -> Fixed:
        numbers = None if isinstance(self.parameters, PlainPortfolio) else self.parameters.skew_shock
        volatilities = [
            skewed_volatility(vol, option.strike, group.expiry, scenario.vol_shock, numbers)
            for option, vol in zip(group.options, group.volatilities, strict=True)
        ]
        return scenario.dampening_factor * (group.discounted(group.value(ONE, volatilities)) - group.worth)


def _expiries(held: Holdings) -> list[tuple[int, tuple[Option, ...]]]:
    """Every expiry in which something is held, with its options, of which there may be none."""
    options = dict(held.by_expiry())
    return [
        (seconds, options.get(seconds, ())) for seconds in sorted({*options, *(one.seconds for one in held.futures)})
    ]


def _group(parameters: PortfolioParameters, expiry: Expiry, options: tuple[Option, ...], held: Holdings) -> _Group:
    volatilities = tuple(expiry.surface.volatility(option.strike) for option in options)
    worked = discounts(parameters, expiry)
    return _Group(
        expiry,
        options,
        volatilities,
        total([one.amount for one in held.futures if one.seconds == expiry.seconds]),
        reach(parameters.vol_shock, expiry.seconds),
        worked.interest,
        worked.long,
        worked.short,
        worth=_value(expiry, options, volatilities, ONE, worked.interest),
    )


def _value(
    expiry: Expiry, options: Sequence[Option], volatilities: Sequence[Fixed], spot_shock: Fixed, discount: Fixed
) -> Fixed:
    forward, summed = expiry.shocked_forward(spot_shock), ZERO
    for option, volatility in zip(options, volatilities, strict=True):
        prices = black76(forward, option.strike, volatility, expiry.seconds, discount)
        summed += option.amount * (prices.call if option.is_call else prices.put)
    return summed


def _collaterals(parameters: PortfolioParameters, market: Market, held: Holdings) -> tuple[Collateral, ...]:
    """PMRM's base asset is a collateral that cancels risk, at spot; its haircut is in the static contingency."""
    is_plain = isinstance(parameters, PlainPortfolio)
    if held.collaterals if is_plain else held.base:
        raise UnknownHoldingError("PMRM holds its base asset and no collaterals, PMRM_2 collaterals and no base")
    if not is_plain:
        return held.collaterals
    spot = market.spot
    return (Collateral("base", held.base, spot.price, spot.confidence, True, ZERO, ZERO),)


def _moving(collaterals: Sequence[Collateral], worths: Sequence[Fixed]) -> Fixed:
    return total([worth for one, worth in zip(collaterals, worths, strict=True) if one.risk_cancelling])
