"""What standard margin asks of one compartment: Derive's SRM of its positions, in ledger units.

A requirement is what positions are worth less what the model leaves of them, and depends on no cash. So collateral
stands beside it as cash does, after the custodian's own haircuts: the model's shares of base assets would cut again
what the signed schedule has cut already, and know only what Derive lists. Options are marked to market each cycle, so
their worth is among the cash that was received or paid: the requirement of a long option is its mark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from margin.fixed import ONE, ZERO, Fixed, from_units, total
from margin.instruments import Instrument, Kind
from margin.marks import Expiry, Mark, Market
from margin.positions import Holdings, Option
from margin.standard import standard_margin
from margin.standard_parameters import Depeg, MissingParameterError, StandardMarket, StandardParameters

BPS = 10_000
_USD_SCALE = 6

KEPT = 4_096
"""Answers that are remembered, by exactly their inputs: both desks of the walkthrough ask the same, a moment apart."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Initial and maintenance margin in 1e-6 USD; both rounded up."""

    initial_units: int
    maintenance_units: int


@dataclass(frozen=True, slots=True)
class Position:
    """A signed number of lots with what margin is computed at: the venue's mark and the underlying's index (1e-6 USD).

    `seconds` to expiry and the `volatility` a year are an option's; `confidence` from 0 to 1 is that of all its feeds.
    """

    instrument: Instrument
    lots: int
    mark_e6: int
    index_e6: int
    seconds: int = 0
    volatility: Fixed = ZERO
    confidence: Fixed = ONE

    @property
    def amount(self) -> Fixed:
        """In coins; exact."""
        return Fixed(self.instrument.lot_size_e18 * self.lots)


@dataclass(frozen=True, slots=True)
class Flat:
    """One volatility for all strikes."""

    of_all: Fixed

    def volatility(self, _strike: Fixed) -> Fixed:
        return self.of_all


def requirement(positions: Sequence[Position], parameters: StandardParameters) -> Requirement:
    """The requirement of a client's positions at one venue, all at one moment, together.

    A perpetual is valued at the venue's mark, an option by the model at index and volatility: a forced order that
    moved its thin book is in equity, and not in the requirement too. The settlement asset is a dollar. Raises
    MissingMarkError, MissingParameterError, and ValueError for a second perpetual on one underlying.
    """
    held: dict[str, list[Position]] = {}
    for position in positions:
        if position.lots:
            held.setdefault(position.instrument.underlying, []).append(position)
    needed = []
    for name, of_name in held.items():
        if name not in parameters.markets:
            raise MissingParameterError(f"no parameters of {name}")
        needed.append(_needed(name, parameters.markets[name], parameters.depeg, tuple(of_name)))
    return Requirement(
        total([initial for initial, _ in needed]).up_to(_USD_SCALE),
        total([maintenance for _, maintenance in needed]).up_to(_USD_SCALE),
    )


@lru_cache(maxsize=KEPT)
def _needed(name: str, numbers: StandardMarket, depeg: Depeg, positions: tuple[Position, ...]) -> tuple[Fixed, Fixed]:
    """What one underlying's positions need: standard margin nets nothing across underlyings, and its sums are exact."""
    parameters = StandardParameters(depeg, {name: numbers})
    margin = standard_margin(parameters, ONE, {name: _market(positions)}, ZERO, {name: _holdings(positions)}).margin
    return margin.mark_to_market - margin.initial, margin.mark_to_market - margin.maintenance


def _market(positions: Sequence[Position]) -> Market:
    first, perp = positions[0], _perpetual(positions)
    spot = Mark(from_units(first.index_e6, _USD_SCALE), first.confidence)
    expiries = {
        position.seconds: Expiry(
            position.seconds,
            forward_variable=spot.price,
            surface=Flat(position.volatility),
            forward_confidence=position.confidence,
            volatility_confidence=position.confidence,
        )
        for position in positions
        if position.instrument.is_option
    }
    mark = Mark(ZERO) if perp is None else Mark(from_units(perp.mark_e6, _USD_SCALE), perp.confidence)
    return Market(spot, mark, expiries)


def _holdings(positions: Sequence[Position]) -> Holdings:
    perp = _perpetual(positions)
    return Holdings(
        perp=ZERO if perp is None else perp.amount,
        options=tuple(map(_option, (position for position in positions if position.instrument.is_option))),
    )


def _option(position: Position) -> Option:
    terms = position.instrument
    return Option(position.seconds, from_units(terms.strike_e6, _USD_SCALE), terms.kind is Kind.CALL, position.amount)


def _perpetual(positions: Iterable[Position]) -> Position | None:
    """The one perpetual among positions of an underlying: margin knows one mark of it."""
    found = [position for position in positions if not position.instrument.is_option]
    if len(found) > 1:
        raise ValueError(f"two perpetuals on {found[0].instrument.underlying} in one compartment")
    return found[0] if found else None
