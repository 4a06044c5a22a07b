"""The constants of the fast path in arrays: what every expiry has under every scenario, by the exact rules.

Columns are the scenarios, then the two moves of the basis, then no move.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from margin.black76 import years
from margin.discounts import discounts
from margin.fast.board import Board
from margin.fast.kernels.portfolio import Units
from margin.fast.kernels.prices import ABS, LINEAR, PLAIN, Floats, Shocks
from margin.fast.portfolio_units import Rules
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import root
from margin.marks import Expiry, MissingMarkError
from margin.portfolio_parameters import CollateralPortfolio, Scenario, VolShock
from margin.shocks import bend, reach, shocked_volatility

_BENDS = {VolShock.LINEAR: LINEAR, VolShock.ABS: ABS}


class ExpiryColumns(NamedTuple):
    """One expiry, with the names of `kernels.prices.Shocks` and `kernels.portfolio.Units`."""

    forward: Floats
    stretch: Floats
    cap: Floats
    width: float
    at_mark: float
    root_years: float
    discount: float
    long_discount: float
    short_discount: float
    basis_weight: float
    naked_mm: float
    naked_im: float
    gross_im: Floats


def columns_of(rules: Rules) -> tuple[Scenario, ...]:
    basis = rules.parameters.basis_contingency
    moves = (basis.scenario_spot_up, basis.scenario_spot_down, ONE)
    return (*rules.parameters.scenarios, *(Scenario(move, VolShock.NONE) for move in moves))


def expiry_columns(rules: Rules, seconds: int) -> ExpiryColumns:
    """Raises MissingMarkError, ParameterError."""
    expiry, columns, basis = rules.market.expiry(seconds), columns_of(rules), rules.parameters.basis_contingency
    static = discounts(rules.parameters, expiry)
    long = rules.option(seconds, ONE, beside_perp=False)
    naked = rules.option(seconds, -ONE, beside_perp=False) - long
    caps, width = _bent(rules, expiry, columns)
    return ExpiryColumns(
        forward=floats([expiry.shocked_forward(column.spot_shock) for column in columns]),
        stretch=_stretch(rules, seconds, columns),
        cap=caps,
        width=float(width),
        at_mark=float(expiry.forward),
        root_years=float(root(years(seconds))),
        discount=float(static.interest),
        long_discount=float(static.long),
        short_discount=float(static.short),
        basis_weight=float(basis.add_factor + basis.mult_factor * years(seconds)),
        naked_mm=float(naked.maintenance),
        naked_im=float(naked.initial),
        gross_im=floats([long.initial, rules.option(seconds, ONE, beside_perp=True).initial]),
    )


def shocks_of(rules: Rules, expiries: Sequence[ExpiryColumns]) -> Shocks:
    """What the prices of a board are computed with."""
    columns, least = columns_of(rules), rules.parameters.vol_shock.min_vol_up_shock
    return Shocks(
        forward=_stacked([one.forward for one in expiries], len(columns)),
        stretch=_stacked([one.stretch for one in expiries], len(columns)),
        cap=_stacked([one.cap for one in expiries], len(columns)),
        floor=floats([least if column.vol_shock is VolShock.UP else ZERO for column in columns]),
        bend=np.array([_BENDS.get(column.vol_shock, PLAIN) for column in columns], np.int8),
        at_mark=np.array([one.at_mark for one in expiries]),
        width=np.array([one.width for one in expiries]),
        root_years=np.array([one.root_years for one in expiries]),
        discount=np.array([one.discount for one in expiries]),
    )


def units_of(rules: Rules, expiries: Sequence[ExpiryColumns], board: Board, values: Floats) -> Units:
    """What accounts are computed with; `values` are the prices of the board's rows under the columns."""
    perp, scenarios, kinds = rules.perp(), rules.parameters.scenarios, rules.kinds
    worths = [rules.worth(kind) for kind in kinds]
    of_kinds = [[rules.kind(kind, beside_perp=beside) for kind in kinds] for beside in (False, True)]
    return Units(
        values=values,
        expiry=board.expiry,
        strike=board.strike_number,
        long_discount=np.array([one.long_discount for one in expiries]),
        short_discount=np.array([one.short_discount for one in expiries]),
        basis_weight=np.array([one.basis_weight for one in expiries]),
        naked_mm=np.array([one.naked_mm for one in expiries]),
        naked_im=np.array([one.naked_im for one in expiries]),
        gross_im=np.ascontiguousarray(_stacked([one.gross_im for one in expiries], 2).T),
        worth=floats(worths),
        moving=floats([worth if kind.risk_cancelling else ZERO for kind, worth in zip(kinds, worths, strict=True)]),
        kind_mm=floats([asked.maintenance for asked in of_kinds[0]]),
        kind_im=_stacked([floats([asked.initial for asked in row]) for row in of_kinds], len(kinds)),
        perp=floats([rules.market.perp.price, perp.maintenance, perp.initial]),
        move=floats([scenario.spot_shock - 1 for scenario in scenarios]),
        damping=floats([_damping(scenario) for scenario in scenarios]),
        is_skew=np.array([scenario.vol_shock.is_skew for scenario in scenarios], np.bool_),
    )


def floats(values: Sequence[Fixed]) -> Floats:
    return np.array([float(value) for value in values], np.float64)


def _damping(scenario: Scenario) -> Fixed:
    """Under a skew every expiry loses, whatever the sign of the factor."""
    return abs(scenario.dampening_factor) if scenario.vol_shock.is_skew else scenario.dampening_factor


def _stretch(rules: Rules, seconds: int, columns: Sequence[Scenario]) -> Floats:
    """What volatilities are multiplied by; the floor of an upward move comes after."""
    numbers = replace(rules.parameters.vol_shock, min_vol_up_shock=ZERO)
    far = reach(numbers, seconds)
    return floats([shocked_volatility(ONE, column.vol_shock, numbers, far) for column in columns])


def _bent(rules: Rules, expiry: Expiry, columns: Sequence[Scenario]) -> tuple[Floats, Fixed]:
    """The cap of each column that bends the surface, and the log-moneyness at which it is reached."""
    numbers = rules.parameters.skew_shock if isinstance(rules.parameters, CollateralPortfolio) else None
    shocks = {column.vol_shock for column in columns if column.vol_shock.is_skew}
    found = {shock: bend(expiry.seconds, shock, numbers) for shock in shocks}
    if found and expiry.forward <= 0:
        raise MissingMarkError(f"no forward above zero of the expiry in {expiry.seconds} s")
    caps = [found[column.vol_shock].cap if column.vol_shock in found else ZERO for column in columns]
    return floats(caps), next((one.width for one in found.values()), ONE)


def _stacked(rows: Sequence[Floats], width: int) -> Floats:
    """Rows below each other; of none, an array of no rows."""
    return np.array(rows, np.float64).reshape(len(rows), width)
