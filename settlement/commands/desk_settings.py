"""The file that describes a desk: a chain, contracts, keys by reference, venues with their parties and instruments.

TOML; every field by name, none guessed, none passed over. A key is never in it: only where one is.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from margin.derive_names import NamingError
from margin.instruments import Instrument
from settlement.commands.fields import Fields, InputError
from settlement.commands.json_file import fields_of
from settlement.commands.key_choice import Chosen
from settlement.cycle_record import CycleTerms
from settlement.engine.cycle_reading import Seats
from settlement.engine.desk_parts import Addresses, NodeTerms
from settlement.mirror import HOUSE
from settlement.triggers import Thresholds
from settlement.venues.registry import ListingError, Terms, instrument_of

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_URL = re.compile(r"https?://\S+|wss?://\S+")
_PLACES = ("positions", "settlement", "vault", "minter", "token")
ROLES = ("operator", "payer", "custodian")
"""Who pays for batches, who pays for what settles, who signs cycles."""
T = TypeVar("T", Thresholds, CycleTerms)


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """A venue: heard at `url`, or in a `folder` of recorded reports, which is never settled."""

    name: str
    url: str
    folder: str
    signer: str
    seats: Seats
    instruments: Mapping[int, Instrument]


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """The whole file."""

    name: str
    node: NodeTerms
    addresses: Addresses
    asset: str
    scale: int
    keys: Mapping[str, Chosen]
    venues: tuple[VenueSettings, ...]
    thresholds: Thresholds
    terms: CycleTerms
    webhook_key: Path | None
    """Whose secret signs webhooks, as `bulkhead serve` has it; None: nobody is told."""


def read_settings(file: Path) -> DeskSettings:
    """The settings in a file. Raises InputError, naming the field, what was expected and what was found."""
    try:
        values = tomllib.loads(file.read_bytes().decode())
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: expected the settings of a desk in TOML, found {error}") from error
    place = file.name
    known = ("name", "rpc_url", "chain_id", "depth", "asset", "contracts", "keys", "cycles", "terms", "webhook_key",
             "venue")  # fmt: skip
    top = fields_of(place, values, known)
    venues: list[VenueSettings] = []
    listed: dict[int, int] = {}
    for at, told in enumerate(_rows(top, "venue"), 1):
        venue, numbers = _venue(fields_of(f"{place}: venue {at}", told, _VENUE))
        twice = sorted(listed.keys() & numbers.keys())
        if twice:
            raise InputError(f"{place}: venue {at}: instrument {twice[0]}: is another venue's number already")
        venues.append(venue)
        listed |= numbers
    keys = _table(top, "keys", ROLES)
    asset = _table(top, "asset", ("symbol", "scale"))
    return DeskSettings(
        top.text("name", "desk"),
        NodeTerms(top.plain("rpc_url", _URL, "a URL of a node"), _whole(top, "depth", 2)),
        _addresses(_table(top, "contracts", (*_PLACES, "from_block")), _whole(top, "chain_id"), listed),
        asset.text("symbol"), _whole(asset, "scale"),
        {role: _key(_table(keys, role, tuple(one.name for one in fields(Chosen)))) for role in ROLES},
        tuple(venues),
        _numbers(top, "cycles", Thresholds), _numbers(top, "terms", CycleTerms),
        Path(top.text("webhook_key")) if "webhook_key" in top.values else None,
    )  # fmt: skip


_VENUE = ("name", "url", "folder", "signer", "party", "instrument")
_LISTING = ("number", "name", "asset", "lots_per_coin", "tick_e6", "listed")


def _venue(told: Fields) -> tuple[VenueSettings, dict[int, int]]:
    name, url, folder = told.text("name"), told.text("url", ""), told.text("folder", "")
    if bool(url) == bool(folder):
        raise InputError(f"{told.place}: expected either url or folder, found {'both' if url else 'neither'}")
    parties = [fields_of(f"{told.place}: party {at}", one, ("name", "holder")) for at, one in _numbered(told, "party")]
    names = [party.text("name") for party in parties]
    if not names or names[0] != HOUSE or len(set(names)) != len(names):
        raise InputError(f"{told.place}: party: expected {HOUSE} first, and every name once, found {', '.join(names)}")
    holders = {party.text("name"): _address(party, "holder") for party in parties}
    instruments, listed = {}, {}
    for at, row in _numbered(told, "instrument"):
        one = fields_of(f"{told.place}: instrument {at}", row, _LISTING)
        listing = Terms(_whole(one, "number"), one.text("name"), _address(one, "asset"), _whole(one, "lots_per_coin"),
                        _whole(one, "tick_e6"))  # fmt: skip
        try:
            instruments[listing.number] = instrument_of(name, listing)
        except (ListingError, NamingError, ValueError) as error:
            raise InputError(f"{one.place}: {error}") from error
        listed[listing.number] = _whole(one, "listed")
    if not instruments:
        raise InputError(f"{told.place}: instrument: expected at least one, found none")
    return VenueSettings(name, url, folder, _address(told, "signer"), Seats(names, holders), instruments), listed


def _addresses(told: Fields, chain_id: int, listed: Mapping[int, int]) -> Addresses:
    positions, settlement, vault, minter, token = (_address(told, name) for name in _PLACES)
    return Addresses(chain_id, positions, settlement, vault, minter, token, listed, _whole(told, "from_block", 0))


def _key(told: Fields) -> Chosen:
    def path(name: str) -> Path | None:
        return Path(told.text(name)) if name in told.values else None

    chosen = Chosen(
        keystore=path("keystore"), password_file=path("password_file"), token=told.text("token", ""),
        library=path("library"), key=told.text("key", ""), pin_file=path("pin_file"),
        demonstration=told.text("demonstration", ""),
    )  # fmt: skip
    try:
        chosen.require_one()
    except InputError as error:
        raise InputError(f"{told.place}: {error}") from error
    return chosen


def _numbers(top: Fields, name: str, kind: type[T]) -> T:
    """A table of whole numbers, each with its default."""
    known = tuple(one.name for one in fields(kind))
    told = fields_of(f"{top.place}: {name}", top.values.get(name, {}), known)
    return kind(**{one: _whole(told, one) for one in told.values})


def _table(top: Fields, name: str, known: tuple[str, ...]) -> Fields:
    if name not in top.values:
        raise InputError(f"{top.place}: {name}: expected this table, found none")
    return fields_of(f"{top.place}: {name}", top.values[name], known)


def _rows(told: Fields, name: str) -> list[object]:
    rows = told.values.get(name, [])
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{told.place}: {name}: expected at least one [[{name}]], found none")
    return rows


def _numbered(told: Fields, name: str) -> list[tuple[int, object]]:
    return list(enumerate(_rows(told, name), 1))


def _address(told: Fields, name: str) -> str:
    return told.plain(name, _ADDRESS, "an address (0x and 40 hex digits)")


def _whole(told: Fields, name: str, default: int | None = None) -> int:
    value = told.units(name, default)
    if value < 0:
        raise told.unexpected(name, "a whole number that is not negative", value)
    return value
