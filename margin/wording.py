"""What binds an account, in words."""

from margin.fixed import Fixed
from margin.portfolio_parameters import BasisContingency, Scenario, VolShock
from margin.standard_options import ExpiryMargin

DAY_S = 86_400

_VOLATILITIES = {
    VolShock.UP: "volatilities up by their time to expiry",
    VolShock.NONE: "volatilities as they are",
    VolShock.DOWN: "volatilities down by their time to expiry",
    VolShock.LINEAR: "volatilities tilted over strikes",
    VolShock.ABS: "volatilities bent over strikes",
}


def days(seconds: int) -> str:
    """`5.8 d`, the rest dropped."""
    tenths = seconds * 10 // DAY_S
    return f"{tenths // 10}.{tenths % 10} d"


def scenario_words(scenario: Scenario, spot: Fixed) -> str:
    """`spot up 15% to 1725, volatilities up by their time to expiry`."""
    moved = scenario.spot_shock - 1
    where = f"spot {'up' if moved > 0 else 'down'} {abs(moved) * 100}% to {spot * scenario.spot_shock}"
    counted = "" if scenario.dampening_factor == 1 else f"; {scenario.dampening_factor * 100}% of the result counts"
    return f"{where if moved else 'spot unmoved'}, {_VOLATILITIES[scenario.vol_shock]}{counted}"


def basis_words(basis: BasisContingency) -> str:
    """What the basis contingency is, when it is worse than every scenario."""
    return (
        f"the basis: the options of every expiry by themselves, spot × {basis.scenario_spot_up} or "
        f"× {basis.scenario_spot_down}, whichever is worse, by time to expiry"
    )


def expiry_words(market: str, expiry: ExpiryMargin) -> str:
    """Which of the two requirements of standard margin stands: the one that asks less."""
    alone = expiry.isolated.initial >= expiry.max_loss.initial
    stands = "each short option by itself" if alone else "the worst settlement price, and calls that nothing covers"
    return f"{market} in {days(expiry.seconds)}: {stands}"
