"""Single prices as JSON has them: models "Black76" and "SVI" (specs/derive_margin.md §2, §14)."""

from dataclasses import dataclass

from margin.black76 import Prices, black76
from margin.case_schema import name_of
from margin.fixed import Fixed
from margin.parameter_set import ParameterSet
from margin.reading import Place, read
from margin.svi import Svi


@dataclass(frozen=True, slots=True)
class Black76Case:
    """One strike of one expiry."""

    id: str
    forward: Fixed
    strike: Fixed
    volatility: Fixed
    seconds: int
    discount: Fixed

    def evaluate(self) -> Prices:
        return black76(self.forward, self.strike, self.volatility, self.seconds, self.discount)


@dataclass(frozen=True, slots=True)
class SviCase:
    """One strike on a surface."""

    id: str
    strike: Fixed
    surface: Svi

    def evaluate(self) -> Fixed:
        return self.surface.volatility(self.strike)


def black76_case(place: Place, _: ParameterSet) -> Black76Case:
    """From a place in a document. DocumentError names the field's path."""
    told = place["input"]
    return Black76Case(
        name_of(place), told["forward"].from_zero(), told["strike"].from_zero(), told["vol"].from_zero(),
        told["sec_to_expiry"].seconds(), told["discount"].from_zero(),
    )  # fmt: skip


def svi_case(place: Place, _: ParameterSet) -> SviCase:
    """From a place in a document. DocumentError names the field's path."""
    return SviCase(name_of(place), place["input"]["strike"].from_zero(), read(Svi, place["input"]))
