"""What `bulkhead collateral` is given: editions of the schedule, and one client's holdings with the quotes for them.

What is not what it must be raises InputError with the place, the field, what was expected and what was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from custody.money import MAX_UNITS, Asset, MoneyError
from custody.prices import Quote
from custody.schedule import AnnouncementRefusal, Editions, ScheduleError, announce
from custody.schedule_file import STANDARD, read_edition
from settlement.commands.fields import Fields, InputError
from settlement.commands.json_file import fields_of, object_in

USD = Asset("USD", 6, 6)
"""Values and prices: 1e-6 USD."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One client's collateral at one venue: ledger units by asset, and what sources say. `at_s` is None for now."""

    venue: str
    at_s: int | None
    holdings: dict[str, int]
    quotes: tuple[Quote, ...]


def editions_in(files: Sequence[str]) -> Editions:
    """The editions in these files, each announced after the one before; the standard one where none is named."""
    editions: Editions = ()
    for file in files or (str(STANDARD),):
        try:
            answer = announce(editions, read_edition(Path(file)))
        except ScheduleError as error:
            raise InputError(f"--schedule: {error}") from error
        if isinstance(answer, AnnouncementRefusal):
            raise InputError(f"--schedule: {file}: refused: {answer}")
        editions = answer
    return editions


def asked_in(file: str) -> Asked:
    """What a file asks, - for standard input."""
    fields = object_in(file, ("venue", "at_s", "holdings", "quotes"))
    held, told = fields.values.get("holdings"), fields.values.get("quotes", [])
    if not isinstance(held, dict):
        raise fields.unexpected("holdings", "an object of ledger units by asset", held)
    if not isinstance(told, list):
        raise fields.unexpected("quotes", "a list", told)
    holdings = Fields(f"{file}: holdings", held)
    return Asked(
        venue=fields.text("venue"),
        at_s=fields.time_s("at_s") if "at_s" in fields.values else None,
        holdings={asset: _held(holdings, asset) for asset in held},
        quotes=tuple(_quote(f"{file}: quote {number}", value) for number, value in enumerate(told, start=1)),
    )


def _held(holdings: Fields, asset: str) -> int:
    units = holdings.units(asset)
    if not 0 <= units <= MAX_UNITS:
        raise holdings.unexpected(asset, f"ledger units from 0 to {MAX_UNITS}", units)
    return units


def _quote(place: str, value: object) -> Quote:
    fields = fields_of(place, value, ("asset", "source", "price", "at_s"))
    if "at_s" not in fields.values:
        raise InputError(f"{place}: at_s: expected this field, found none")
    price = fields.text("price")
    try:
        price_e6 = USD.parse(price)
    except MoneyError as error:
        raise fields.unexpected("price", "dollars with at most 6 decimals, such as 64000.5", price) from error
    return Quote(fields.text("asset"), fields.text("source"), price_e6, fields.time_s("at_s"))
