"""The sides of a reconciliation, fetched: ledger, engine and chain, and the files that say where they are."""

from pathlib import Path

from custody.shapes import FieldError, shaped
from custody.strict_json import parse_json
from settlement.chain_hearing import TOPICS, Standing, standings
from settlement.commands.custody_setting import text_of
from settlement.commands.fields import InputError
from settlement.commands.running import looked_at
from settlement.contracts import SETTLEMENT
from settlement.engine.cycle_lines import cycle_lines
from settlement.engine.mirrored_record import mirrored
from settlement.node import ChainError, Node
from settlement.reconciling.amounts import Worth
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.breaks import Outcome
from settlement.reconciling.comparing import compare
from settlement.reconciling.cycles import compare_cycles
from settlement.reconciling.in_books import in_books
from settlement.reconciling.positions import Beside
from settlement.reconciling.statement import Statement, statement_in
from settlement.reconciling.whereabouts import Whereabouts


def whereabouts_in(file: Path) -> Whereabouts:
    """The file; InputError names the field that is wrong."""
    try:
        found: Whereabouts = shaped(Whereabouts, parse_json(text_of(file)))
        for one in found.assets:
            one.asset.to_chain(1)
        held = [account.account for one in found.wrappers for account in one.held]
        for account in (*held, *(one.account for one in found.compartments)):
            found.asset_at(account.partition("/")[0])
    except KeyError as why:
        raise InputError(f"{file}: expected the asset {why} among assets") from why
    except ValueError as why:  # also a FieldError, and what an asset objects to
        raise InputError(f"{file}: {why}") from why
    return found


def node_of(where: Whereabouts) -> Node:
    """The node that the file names, of the chain that it names. Raises ChainError."""
    node = Node.at_url(where.rpc_url)
    if node.chain_id != where.chain_id:
        node.close()
        raise ChainError(f"the node is of chain {node.chain_id}, expected {where.chain_id}")
    return node


def statement_of(file: Path) -> Statement:
    """A venue's statement; InputError names the file, the line and the field that is wrong."""
    try:
        return statement_in(text_of(file).splitlines())
    except FieldError as why:
        raise InputError(f"{file}: {why}") from why


def reconciled(state: AtBlock, place: str, where: Whereabouts, statement: Statement | None = None) -> Outcome:
    """The ledger, and what the engine has on record beside it, in one snapshot, held against the chain at one block."""
    asked = ("", 0, 0) if statement is None else (statement.head.venue, statement.head.first, statement.head.last)
    with looked_at(place) as (database, books), database.snapshot() as reader:
        lines = cycle_lines(reader, books, _standings(state, where)) if names_settlement(where) else ()
        # Posted and owed are ledger units of the settlement asset, which is the first that the file lists.
        worth = Worth(where.assets[0].price_e6, 10 ** where.assets[0].scale) if where.assets else Worth(0)
        paid = compare_cycles(lines, worth)
        beside = Beside(mirrored(reader, *asked), statement)
        return paid + compare(state, in_books(reader, books), where, beside)


def names_settlement(where: Whereabouts) -> bool:
    """Whether the file says where cycles are paid."""
    return any(one.name == SETTLEMENT.name for one in where.contracts)


def _standings(state: AtBlock, where: Whereabouts) -> dict[str, Standing]:
    (book,) = (one.address for one in where.contracts if one.name == SETTLEMENT.name)
    return standings(state.logs(book, [list(TOPICS)]))
