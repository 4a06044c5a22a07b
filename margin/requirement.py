"""What standard margin asks of one compartment: Derive's SRM of its positions, in ledger units.

A requirement is what positions are worth less what the model leaves of them, and depends on no cash. So collateral
stands beside it as cash does, after the custodian's own haircuts: the model's shares of base assets would cut again
what the signed schedule has cut already, and know only what Derive lists. Options are marked to market each cycle, so
their worth is among the cash that was received or paid: the requirement of a long option is its mark.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from margin.fixed import ONE, ZERO, Fixed, from_units
from margin.instruments import Instrument, Kind
from margin.marks import Expiry, Mark, Market
from margin.positions import Holdings, Option
from margin.standard import standard_margin
from margin.standard_parameters import StandardParameters

BPS = 10_000
_USD_SCALE = 6


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
    feeds, held = {}, {}
    for name in sorted({position.instrument.underlying for position in positions if position.lots}):
        of_name = [position for position in positions if position.lots and position.instrument.underlying == name]
        feeds[name], held[name] = _market(of_name), _holdings(of_name)
    return _in_units(parameters, feeds, held)


def _in_units(parameters: StandardParameters, feeds: Mapping[str, Market], held: Mapping[str, Holdings]) -> Requirement:
    margin = standard_margin(parameters, ONE, feeds, ZERO, held).margin
    return Requirement(
        (margin.mark_to_market - margin.initial).up_to(_USD_SCALE),
        (margin.mark_to_market - margin.maintenance).up_to(_USD_SCALE),
    )


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
