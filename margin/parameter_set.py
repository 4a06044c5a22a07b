"""The numbers of all models of one venue as one document: a section a model, with the names of the case schema.

A section may be left out. What a market of SRM leaves out, it has from `SRM.each_market`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from margin.auction import AuctionParameters
from margin.cash import CashParameters
from margin.parameter_limits import LIMITS
from margin.perpetual import FundingParameters
from margin.portfolio_parameters import CollateralPortfolio, PlainPortfolio
from margin.reading import Place, read
from margin.standard_parameters import StandardParameters

SECTIONS: dict[str, tuple[str, Any]] = {
    "SRM": ("srm", StandardParameters),
    "PMRM": ("pmrm", PlainPortfolio),
    "PMRM_2": ("pmrm_2", CollateralPortfolio),
    "auction": ("auction", AuctionParameters),
    "cash": ("cash", CashParameters),
    "funding": ("funding", FundingParameters),
}
"""A section's name, the field that it becomes, and what it holds."""


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """One venue's numbers; None for a section that the document does not have."""

    srm: StandardParameters | None = None
    pmrm: PlainPortfolio | None = None
    pmrm_2: CollateralPortfolio | None = None
    auction: AuctionParameters | None = None
    cash: CashParameters | None = None
    funding: FundingParameters | None = None


def parameter_set(document: Any) -> ParameterSet:
    """The numbers in a document. DocumentError for a field unknown, missing, or beyond what the contracts allow."""
    place = Place(document, only_known=True)
    place.knows(SECTIONS)
    found: dict[str, Any] = {}
    for name, section in place.items():
        field, kind = SECTIONS[name]
        found[field] = read(kind, _with_each_market(section) if name == "SRM" else section)
        if not getattr(found[field], "scenarios", True):
            section["scenarios"].wrong("has no scenario")
    for number in _leaves(place):
        _require_within_limits(number)
    auction = found.get("auction")
    if auction and auction.fast_auction_cutoff_percentage > auction.starting_mtm_percentage:
        place["auction"]["fast_auction_cutoff_percentage"].wrong("is at most starting_mtm_percentage")
    return ParameterSet(**found)


def _with_each_market(section: Place) -> Place:
    """The section of SRM, every market written out in full."""
    shared = section.get("each_market")
    if shared is None:
        return section
    common = {key: one.value for key, one in shared.items()}
    markets = {
        name: common | {key: one.value for key, one in market.items()} for name, market in section["markets"].items()
    }
    rest = {key: one.value for key, one in section.items() if key != "each_market"}
    return Place(rest | {"markets": markets}, section.path, section.only_known)


def _require_within_limits(number: Place) -> None:
    name = number.path.rpartition(".")[2]
    if name in LIMITS:
        least, most = LIMITS[name]
        if not least <= number.fixed() <= most:
            number.wrong(f"is from {least} to {most}, not {number.value}")


def _leaves(place: Place) -> Iterator[Place]:
    """Everything in a document that is neither an object nor a list."""
    if not isinstance(place.value, (dict, list)):
        yield place
        return
    for below in place.each() if isinstance(place.value, list) else (one for _, one in place.items()):
        yield from _leaves(below)
