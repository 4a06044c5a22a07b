"""What has to stay in a compartment, and which venues take nothing; each call is part of a transaction of another's."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from custody.custodian_tables import HALT, LIEN
from custody.movements import Block

Place = tuple[str, str, str]
"""A compartment: party (client/NAME or venue/NAME), venue, asset."""

_KEY = ("party", "venue", "asset", "reason")
_OF_A_KEY = delete(LIEN).where(*(LIEN.c[name] == bindparam(f"of_{name}") for name in _KEY))


@dataclass(frozen=True, slots=True)
class Lien:
    """Ledger units that have to stay in a compartment for a reason. `recorded_at_s`: UTC seconds."""

    party: str
    venue: str
    asset: str
    reason: Block
    units: int
    recorded_at_s: int


@dataclass(frozen=True, slots=True)
class Halt:
    """A venue that takes nothing. `recorded_at_s`: UTC seconds."""

    venue: str
    recorded_at_s: int


def kept_units(tx: Connection, party: str, venue: str, asset: str) -> dict[Block, int]:
    """What has to stay in a compartment, by reason."""
    rows = tx.execute(
        select(LIEN.c.reason, LIEN.c.units).where(LIEN.c.party == party, LIEN.c.venue == venue, LIEN.c.asset == asset)
    )
    return {Block(row.reason): row.units for row in rows}


def keep(tx: Connection, kept: Mapping[tuple[Place, Block], int], now_s: int) -> None:
    """Put each lien in the place of the one with the same reason; 0 units is none."""
    if not kept:
        return
    keys = [dict(zip(_KEY, (*place, reason.value), strict=True)) for place, reason in kept]
    tx.execute(_OF_A_KEY, [{f"of_{name}": value for name, value in key.items()} for key in keys])
    rows = [{**key, "units": units, "recorded_at_s": now_s} for key, units in zip(keys, kept.values(), strict=True)]
    if stay := [row for row in rows if row["units"]]:
        tx.execute(insert(LIEN), stay)


def liens(reader: Connection, party: str = "", venue: str = "") -> list[Lien]:
    """Every lien on a party's compartments and at a venue, in the order of its compartment; "" for all of them."""
    found = select(LIEN)
    for column, wanted in ((LIEN.c.party, party), (LIEN.c.venue, venue)):
        found = found.where(column == wanted) if wanted else found
    rows = reader.execute(found.order_by(*(LIEN.c[name] for name in _KEY)))
    return [Lien(row.party, row.venue, row.asset, Block(row.reason), row.units, row.recorded_at_s) for row in rows]


def halts(reader: Connection) -> list[Halt]:
    """The venues that take nothing, by name."""
    return [Halt(row.venue, row.recorded_at_s) for row in reader.execute(select(HALT).order_by(HALT.c.venue))]


def is_halted(tx: Connection, venue: str) -> bool:
    """Whether the venue takes nothing."""
    return tx.execute(select(HALT.c.venue).where(HALT.c.venue == venue)).first() is not None


def set_halted(tx: Connection, venue: str, halted: bool, now_s: int) -> None:
    """Write down that a venue takes nothing, or that it does again."""
    tx.execute(delete(HALT).where(HALT.c.venue == venue))
    if halted:
        tx.execute(insert(HALT), [{"venue": venue, "recorded_at_s": now_s}])
