"""What has to stay in a compartment, and which venues take nothing; each call is part of a transaction of another's."""

from sqlalchemy import Connection, delete, insert, select

from custody.custodian_tables import HALT, LIEN
from custody.movements import Block


def kept_units(tx: Connection, party: str, venue: str, asset: str) -> dict[Block, int]:
    """What has to stay in a compartment, by reason."""
    rows = tx.execute(
        select(LIEN.c.reason, LIEN.c.units).where(LIEN.c.party == party, LIEN.c.venue == venue, LIEN.c.asset == asset)
    )
    return {Block(row.reason): row.units for row in rows}


def keep(tx: Connection, place: tuple[str, str, str], reason: Block, units: int, now_s: int) -> None:
    """Put one lien in the place of the one with the same reason; 0 units is none. `place`: party, venue, asset."""
    key = dict(zip(("party", "venue", "asset", "reason"), (*place, reason.value), strict=True))
    tx.execute(delete(LIEN).where(*(LIEN.c[name] == value for name, value in key.items())))
    if units:
        tx.execute(insert(LIEN), [{**key, "units": units, "recorded_at_s": now_s}])


def is_halted(tx: Connection, venue: str) -> bool:
    """Whether the venue takes nothing."""
    return tx.execute(select(HALT.c.venue).where(HALT.c.venue == venue)).first() is not None


def set_halted(tx: Connection, venue: str, halted: bool, now_s: int) -> None:
    """Write down that a venue takes nothing, or that it does again."""
    tx.execute(delete(HALT).where(HALT.c.venue == venue))
    if halted:
        tx.execute(insert(HALT), [{"venue": venue, "recorded_at_s": now_s}])
