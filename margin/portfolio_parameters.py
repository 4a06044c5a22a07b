"""The numbers of the portfolio models, with the names of the case schema (specs/derive_margin.md §13.2, §13.3, §14).

PMRM is the same mathematics as PMRM_2 with other numbers, but for its contingencies and where its interest rate enters.
"""

from dataclasses import dataclass
from enum import Enum

from margin.fixed import ONE, ZERO, Fixed


class ParameterError(ValueError):
    """Parameters that no portfolio model has, such as a skew of the surface together with a move of spot."""


class VolShock(Enum):
    """What a scenario does to volatilities; the skews tilt or bend the surface instead of lifting it."""

    UP = "up"
    NONE = "none"
    DOWN = "down"
    LINEAR = "linear"
    ABS = "abs"

    @property
    def is_skew(self) -> bool:
        return self in (VolShock.LINEAR, VolShock.ABS)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Spot times `spot_shock`, a volatility shock, and the share of the result that counts.

    Raises ParameterError for a skew with a moved spot: the contract refuses it.
    """

    spot_shock: Fixed
    vol_shock: VolShock
    dampening_factor: Fixed = ONE

    def __post_init__(self) -> None:
        if self.vol_shock.is_skew and self.spot_shock != 1:
            raise ParameterError(f"the skew {self.vol_shock.value} leaves spot at 1, not {self.spot_shock}")

    def __str__(self) -> str:
        damped = "" if self.dampening_factor == 1 else f" × {self.dampening_factor}"
        return f"spot × {self.spot_shock}, volatility {self.vol_shock.value}{damped}"


@dataclass(frozen=True, slots=True)
class BasisContingency:
    """Two moves of spot that each expiry alone is tried with, and how their loss is scaled by its time."""

    scenario_spot_up: Fixed
    scenario_spot_down: Fixed
    add_factor: Fixed
    mult_factor: Fixed


@dataclass(frozen=True, slots=True)
class VolShocks:
    """How far volatilities move, by time to expiry; `min_vol_up_shock` is a floor on what an upward move leads to."""

    vol_range_up: Fixed
    vol_range_down: Fixed
    short_term_power: Fixed
    long_term_power: Fixed
    dte_floor_sec: int
    min_vol_up_shock: Fixed = ZERO


@dataclass(frozen=True, slots=True)
class SkewShock:
    """How far the surface is tilted (`linear`) or bent (`abs`), by log-moneyness and time to expiry."""

    linear_base_cap: Fixed
    abs_base_cap: Fixed
    linear_c_base: Fixed
    abs_c_base: Fixed
    min_k_star: Fixed
    width_scale: Fixed
    vol_param_static: Fixed
    vol_param_scale: Fixed


@dataclass(frozen=True, slots=True)
class MarginFactors:
    """PMRM_2: factors on the worst loss, and the static discounts of long and short expiries."""

    im_factor: Fixed
    mm_factor: Fixed
    short_rate_mult_scale: Fixed
    long_rate_mult_scale: Fixed
    short_rate_add_scale: Fixed
    long_rate_add_scale: Fixed
    short_base_static_discount: Fixed
    long_base_static_discount: Fixed


@dataclass(frozen=True, slots=True)
class PlainFactors:
    """PMRM: only what is worth something is discounted, and maintenance margin has no factor."""

    im_factor: Fixed
    base_static_discount: Fixed
    rate_mult_scale: Fixed
    rate_add_scale: Fixed

    def general(self) -> MarginFactors:
        """The same in the terms of PMRM_2."""
        return MarginFactors(
            self.im_factor, ONE, ZERO, self.rate_mult_scale, ZERO, self.rate_add_scale, ONE, self.base_static_discount
        )


@dataclass(frozen=True, slots=True)
class StaticContingency:
    """PMRM: shares of notional asked in any case, and what little confidence and a fallen stablecoin add."""

    peg_loss_threshold: Fixed
    peg_loss_factor: Fixed
    conf_threshold: Fixed
    conf_margin: Fixed
    base_percent: Fixed
    perp_percent: Fixed
    option_percent: Fixed


@dataclass(frozen=True, slots=True)
class CollateralContingency:
    """PMRM_2: the same, with shares for maintenance and for initial margin; collaterals bring their own."""

    peg_loss_threshold: Fixed
    peg_loss_factor: Fixed
    conf_threshold: Fixed
    conf_margin: Fixed
    mm_perp_percent: Fixed
    im_perp_percent: Fixed
    mm_option_percent: Fixed
    im_option_percent: Fixed


@dataclass(frozen=True, slots=True)
class PlainPortfolio:
    """Parameters of PMRM."""

    scenarios: tuple[Scenario, ...]
    basis_contingency: BasisContingency
    other_contingency: StaticContingency
    margin: PlainFactors
    vol_shock: VolShocks


@dataclass(frozen=True, slots=True)
class CollateralPortfolio:
    """Parameters of PMRM_2."""

    scenarios: tuple[Scenario, ...]
    basis_contingency: BasisContingency
    other_contingency: CollateralContingency
    margin: MarginFactors
    vol_shock: VolShocks
    skew_shock: SkewShock | None = None
