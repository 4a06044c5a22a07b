"""`bulkhead reconcile`: its options. The work is imported when it is run, so that help comes at once."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json, Ledger, Position

Record = Annotated[bool, Parameter(negative="")]

RECONCILE = App(name="reconcile", version_flags=())


@RECONCILE.default
def reconcile(
    chain: Path,
    /,
    *,
    database: Ledger,
    block: Position | None = None,
    statement: Path | None = None,
    record: Record = False,
    json: Json = False,
) -> int:
    """Hold ledger, venue and chain against each other at one block; exit 1 on a break, or if one cannot be read.

    Compartments, positions, supplies, reserves, wrappers; with a statement also balances, fills and marks.

    What is sent and not confirmed explains a difference that it makes up to the unit.
    Nothing is written without --record.

    Parameters
    ----------
    chain
        A JSON file: rpc_url, chain_id, vault, position_book, contracts, assets, compartments, wrappers.
    block
        The number of the block; the latest without it.
    statement
        What a venue states at its cut-off, as JSON lines, numbers as texts. The first: record (statement), venue,
        first, last (its entries), accounts (number, holder), instruments (id, number on the chain). Then any of
        record balance (account, units), position (account, instrument, side, lots), mark (instrument, price_e6,
        as_of_s), fill (number, kind, cause, instrument, buyer, seller, lots, price_e6, occurred_at_ms, about).
    record
        Put new breaks on record in the ledger's database, and tell those who listen.
    json
        Print one JSON object; amounts are texts.
    """
    from settlement.commands.reconciliation_telling import Asked, tell
    from settlement.commands.running import answered, now_s

    return answered(
        "reconcile", lambda: tell(Asked(chain, database, block, record, statement), now_s(), json), group=""
    )
