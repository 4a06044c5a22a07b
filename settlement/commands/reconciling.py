"""`bulkhead reconcile`: its options. The work is imported when it is run, so that help comes at once."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json, Ledger, Position

Record = Annotated[bool, Parameter(negative="")]

RECONCILE = App(name="reconcile", version_flags=())


@RECONCILE.default
def reconcile(
    chain: Path, /, *, database: Ledger, block: Position | None = None, record: Record = False, json: Json = False
) -> int:
    """Hold the ledger against the chain at one block: compartments, positions, supplies, wrappers; exit 1 on a break.

    What is sent and not confirmed explains a difference that it makes up to the unit.
    Nothing is written without --record.

    Parameters
    ----------
    chain
        A JSON file: rpc_url, chain_id, vault, position_book, contracts, assets, compartments, wrappers.
    block
        The number of the block; the latest without it.
    record
        Put new breaks on record in the ledger's database, and tell those who listen.
    json
        Print one JSON object; amounts are texts.
    """
    from settlement.commands.reconciliation_telling import Asked, tell
    from settlement.commands.running import answered, now_s

    return answered("reconcile", lambda: tell(Asked(chain, database, block, record), now_s(), json), group="")
