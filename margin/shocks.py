"""What scenarios do to volatilities (specs/derive_margin.md §5, §7): up and down by time; tilts and bends by strike."""

from typing import NamedTuple

from margin.black76 import years
from margin.fixed import ONE, ZERO, Fixed, positive
from margin.functions import ln, power, root
from margin.marks import Expiry, above_zero
from margin.portfolio_parameters import ParameterError, SkewShock, VolShock, VolShocks

THIRTY_DAYS_S = 30 * 86_400


def reach(parameters: VolShocks, seconds: int) -> Fixed:
    """How far volatilities move for their time. The true time chooses the power; the floor only bounds the ratio."""
    ratio = Fixed.of(THIRTY_DAYS_S) / max(seconds, parameters.dte_floor_sec)
    is_short = seconds <= THIRTY_DAYS_S
    return power(ratio, parameters.short_term_power if is_short else parameters.long_term_power)


def shocked_volatility(volatility: Fixed, shock: VolShock, parameters: VolShocks, reach: Fixed) -> Fixed:
    """A volatility moved up or down by `reach`; the floor holds for upward moves only."""
    if shock is VolShock.UP:
        return max(parameters.min_vol_up_shock, volatility * (1 + parameters.vol_range_up * reach))
    if shock is VolShock.DOWN:
        return volatility * positive(1 - parameters.vol_range_down * reach)
    return volatility


class Bend(NamedTuple):
    """How far a surface is tilted or bent at most, and at which log-moneyness it is."""

    cap: Fixed
    width: Fixed


def bend(seconds: int, shock: VolShock, parameters: SkewShock | None) -> Bend:
    """Raises ParameterError where the model has no skew."""
    if parameters is None:
        raise ParameterError("a skew scenario needs the numbers of skew_shock")
    cap, slope = parameters.linear_base_cap, parameters.linear_c_base
    if shock is VolShock.ABS:
        cap, slope = parameters.abs_base_cap, parameters.abs_c_base
    time = root(years(seconds))
    width = time * parameters.width_scale * (parameters.vol_param_static + time * parameters.vol_param_scale)
    return Bend(cap + slope * time, max(parameters.min_k_star, width))


def skewed_volatility(
    volatility: Fixed, strike: Fixed, expiry: Expiry, shock: VolShock, parameters: SkewShock | None
) -> Fixed:
    """A volatility on a surface that is tilted (`linear`) or bent (`abs`) about the unshocked forward.

    A negative cap is taken literally, as the contract does. Raises ParameterError where the model has no skew, and
    MissingMarkError where there is no forward to tilt about.
    """
    cap, width = bend(expiry.seconds, shock, parameters)
    forward = above_zero(expiry.forward, f"the forward of the expiry in {expiry.seconds} s")
    moneyness = ln(max(strike / forward, Fixed(1)))
    away = abs(moneyness) if shock is VolShock.ABS else moneyness
    moved = away * cap / width
    moved = max(-cap, moved) if away < ZERO else min(cap, moved)
    return volatility * positive(ONE + moved)
