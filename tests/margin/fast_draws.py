"""Markets, parameters and accounts from a seed, with what is rare in real ones made frequent."""

from dataclasses import replace
from random import Random

from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Expiry, Mark, Market, Surface
from margin.portfolio_parameters import (
    BasisContingency,
    CollateralContingency,
    CollateralPortfolio,
    MarginFactors,
    PlainFactors,
    PlainPortfolio,
    Scenario,
    SkewShock,
    StaticContingency,
    VolShock,
    VolShocks,
)
from margin.positions import Collateral, Holdings, Option
from margin.standard_parameters import (
    BaseValue,
    Depeg,
    OptionRequirement,
    OracleContingency,
    PerpRequirement,
    StandardMarket,
    StandardParameters,
)
from margin.svi import Svi

SECONDS = (0, 3_600, 86_400, 30 * 86_400, 200 * 86_400)
STRIKES = tuple(map(Fixed.of, ("0", "900", "1800", "2000", "2000.5", "2400", "9000")))


def plain_parameters(draw: Random) -> PlainPortfolio:
    """PMRM with a few scenarios: its numbers move about those of the main network."""
    return PlainPortfolio(
        _scenarios(draw, 5),
        BasisContingency(near(draw, "1.05"), near(draw, "0.95"), near(draw, "1"), near(draw, "1.2")),
        StaticContingency(*_doubts(draw), *(near(draw, share) for share in ("0.03", "0.03", "0.02"))),
        PlainFactors(*(near(draw, one) for one in ("1.25", "0.95", "1", "0.12"))),
        _vol_shocks(draw, "0"),
    )


def collateral_parameters(draw: Random) -> CollateralPortfolio:
    """PMRM_2, with both skews, damped tails and static discounts in either order."""
    long, short = draw.sample(["0.95", "1.05"], 2)
    cap = draw.choice(["0.15", "1.6"])
    skews = (
        Scenario(ONE, VolShock.LINEAR, fixed(draw, 0, 2)),
        Scenario(ONE, VolShock.ABS, fixed(draw, -1, 1)),
        Scenario(Fixed.of("3"), VolShock.UP, Fixed.of("0.07")),
    )
    return CollateralPortfolio(
        _scenarios(draw, 4) + skews,
        BasisContingency(near(draw, "1.045"), near(draw, "0.955"), near(draw, "0.5"), near(draw, "2")),
        CollateralContingency(*_doubts(draw), *(near(draw, one) for one in ("0.03", "0.01", "0.003", "0.002"))),
        MarginFactors(*(near(draw, one) for one in ("1", "0.8", "0.5", "1", "0.16", "0.16", short, long))),
        _vol_shocks(draw, "0.4"),
        # A cap above one takes volatilities to zero.
        SkewShock(*(near(draw, one) for one in (cap, "0.15", "-0.3", "-0.05", "0.01", "4", "0.6", "-0.1"))),
    )


def standard_parameters(draw: Random) -> StandardParameters:
    return StandardParameters(
        Depeg(Fixed.of("0.99"), near(draw, "2")), {name: _market(draw) for name in ("BTC", "ETH")}
    )


def market(draw: Random) -> Market:
    """Confidences of all kinds, expiries from now to half a year."""
    spot = fixed(draw, 1_500, 2_500)
    return Market(
        Mark(spot, _confidence(draw)),
        Mark(spot * fixed(draw, 0.95, 1.05), _confidence(draw)),
        {seconds: _expiry(draw, seconds, spot) for seconds in SECONDS},
    )


def stable_price(draw: Random) -> Fixed:
    return Fixed.of(draw.choice(["1", "1.003", "0.97"]))


def holdings(draw: Random, kinds: tuple[Collateral, ...]) -> Holdings:
    """Long and short, a strike's call and put often together, sometimes nothing at all."""
    held = {
        (draw.choice(SECONDS), draw.choice(STRIKES), draw.random() < 0.5): fixed(draw, -20, 20)
        for _ in range(draw.choice((0, 1, 3, 12)))
    }
    return Holdings(
        perp=draw.choice((ZERO, fixed(draw, -20, 20))),
        perp_unsettled=fixed(draw, -500, 500),
        base=ZERO if kinds else draw.choice((ZERO, fixed(draw, 0, 10))),
        options=tuple(Option(*key, amount) for key, amount in held.items()),
        collaterals=tuple(replace(one, amount=fixed(draw, 0, 10)) for one in kinds if draw.random() < 0.5),
    )


def kinds(draw: Random) -> tuple[Collateral, ...]:
    return tuple(
        Collateral(name, ONE, fixed(draw, 1, 3_000), _confidence(draw), cancels, near(draw, "0.1"), near(draw, "0.05"))
        for name, cancels in (("wrapped", True), ("other", False))
    )


def fixed(draw: Random, least: float, most: float) -> Fixed:
    return Fixed.of(f"{draw.uniform(least, most):.6f}")


def near(draw: Random, number: str) -> Fixed:
    return Fixed.of(number) * fixed(draw, 0.8, 1.2)


def _scenarios(draw: Random, count: int) -> tuple[Scenario, ...]:
    shocks = (VolShock.UP, VolShock.NONE, VolShock.DOWN)
    return tuple(Scenario(fixed(draw, 0.7, 1.3), draw.choice(shocks)) for _ in range(count))


def _doubts(draw: Random) -> tuple[Fixed, Fixed, Fixed, Fixed]:
    """The stablecoin's threshold and factor, and those of confidence."""
    return Fixed.of("0.99"), near(draw, "4"), Fixed.of("0.55"), near(draw, "1")


def _vol_shocks(draw: Random, least: str) -> VolShocks:
    return VolShocks(
        near(draw, "0.6"), near(draw, "0.3"), near(draw, "0.3"), near(draw, "0.13"), 86_400, Fixed.of(least)
    )


def _confidence(draw: Random) -> Fixed:
    return Fixed.of(draw.choice(["1", "1", "0.7", "0.55", "0.4"]))


def _expiry(draw: Random, seconds: int, spot: Fixed) -> Expiry:
    forward = spot * fixed(draw, 0.9, 1.1)
    fixed_part = forward * Fixed.of("0.3") if seconds < 1_800 else ZERO
    confidences = [_confidence(draw) for _ in range(3)]
    surface = _surface(draw, forward)
    return Expiry(seconds, forward - fixed_part, surface, fixed_part, fixed(draw, -0.05, 0.2), *confidences)


def _surface(draw: Random, forward: Fixed) -> Surface:
    numbers = (near(draw, one) for one in ("0.02", "0.3", "-0.2", "0.01", "0.2"))
    return Svi(*numbers, forward * fixed(draw, 0.9, 1.1), near(draw, "0.2"))


def _market(draw: Random) -> StandardMarket:
    numbers = ("0.15", "0.13", "0.09", "0.09", "0.09", "1.2", "1.1", "1.05")
    return StandardMarket(
        PerpRequirement(near(draw, "0.065"), near(draw, "0.1")),
        OptionRequirement(*(near(draw, one) for one in numbers)),
        OracleContingency(*(Fixed.of(draw.choice(["0.55", "0"])) for _ in range(3)), near(draw, "1")),
        BaseValue(near(draw, "0.8"), near(draw, "0.9375")),
    )
