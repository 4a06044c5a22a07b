"""The numbers of standard margin, with the names of the case schema (specs/derive_margin.md §13.1, §14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from margin.fixed import Fixed


class MissingParameterError(LookupError):
    """A position in an instrument that has no numbers: the venue does not take it. Nothing is taken as zero."""


Numbers = TypeVar("Numbers")


def of_held(numbers: Numbers | None) -> Numbers:
    """The numbers of a kind that is held; who holds what a venue does not take was told so by name before."""
    if numbers is None:
        raise MissingParameterError("no parameters of a kind that is held")
    return numbers


@dataclass(frozen=True, slots=True)
class PerpRequirement:
    """Shares of a perpetual's notional."""

    mm_req: Fixed
    im_req: Fixed


@dataclass(frozen=True, slots=True)
class OptionRequirement:
    """Shares of spot that a short option needs; factors for unpaired calls and for a put's initial margin."""

    max_spot_req: Fixed
    min_spot_req: Fixed
    mm_call_spot_req: Fixed
    mm_put_spot_req: Fixed
    mm_put_mtm_req: Fixed
    unpaired_im_scale: Fixed
    unpaired_mm_scale: Fixed
    mm_offset_scale: Fixed


@dataclass(frozen=True, slots=True)
class OracleContingency:
    """Below which confidence initial margin asks more, and how much of notional at no confidence; 0 switches off."""

    perp_threshold: Fixed
    option_threshold: Fixed
    base_threshold: Fixed
    oc_factor: Fixed


@dataclass(frozen=True, slots=True)
class BaseValue:
    """The share of its worth that the underlying counts for, and what initial margin leaves of that."""

    margin_factor: Fixed
    im_scale: Fixed


@dataclass(frozen=True, slots=True)
class Depeg:
    """Below which price of the stablecoin initial margin asks more, and how steeply."""

    threshold: Fixed
    depeg_factor: Fixed


@dataclass(frozen=True, slots=True)
class StandardMarket:
    """One underlying's numbers; None for a kind of instrument that the venue does not take."""

    perp: PerpRequirement | None
    option: OptionRequirement | None
    oracle_contingency: OracleContingency
    base: BaseValue | None


@dataclass(frozen=True, slots=True)
class StandardParameters:
    """All underlyings' numbers by name."""

    depeg: Depeg
    markets: Mapping[str, StandardMarket]
