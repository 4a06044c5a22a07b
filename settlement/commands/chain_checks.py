"""What `verify all` and `reconcile` ask a chain: whether the code is ours, and whether ledger and chain agree."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from custody.shapes import FieldError, shaped
from custody.strict_json import parse_json
from settlement.abi import ArtifactError, load_artifact
from settlement.commands.custody_setting import text_of
from settlement.commands.fields import InputError
from settlement.commands.running import looked_at
from settlement.commands.verifying_all import Check, Verdict, judged
from settlement.engine.expected import mismatch
from settlement.engine.mirrored_record import mirrored
from settlement.node import ChainError, Node
from settlement.rebuild import RebuildError
from settlement.reconciling.at_block import AtBlock, Block
from settlement.reconciling.breaks import Outcome
from settlement.reconciling.comparing import Beside, compare, compare_positions
from settlement.reconciling.in_books import in_books
from settlement.reconciling.statement import Statement, statement_in
from settlement.reconciling.whereabouts import Whereabouts
from settlement.replica import ReplicaError
from settlement.reports import ReportError


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
        beside = Beside(mirrored(reader, *asked), statement)
        return compare(state, in_books(reader, books), where, beside)


def checks_on_chain(file: Path, place: str, stated: Path | None = None) -> Iterator[Check]:
    """Code, positions from calldata, reconciliation, all at one block; a chain that cannot be asked fails them."""
    where = whereabouts_in(file)
    statement = None if stated is None else statement_of(stated)
    try:
        node = node_of(where)
    except ChainError as why:
        yield Check("the chain", Verdict.FAILED, (str(why),))
        return
    with closing(node):
        try:
            state = AtBlock.of(node)
        except ChainError as why:
            yield Check("the chain", Verdict.FAILED, (str(why),))
            return
        yield asked("contracts' code", lambda: code_faults(state, where), _at(state.block))
        yield asked("positions from calldata", lambda: _breaks(compare_positions(state, where)))
        yield asked("reconciliation", lambda: _breaks(reconciled(state, place, where, statement)))
    yield from _not_compared(place, where, statement)


def _not_compared(place: str, where: Whereabouts, statement: Statement | None) -> Iterator[Check]:
    """What the reconciliation could not hold against anything, because nobody gave it or it is not there."""
    with looked_at(place) as (database, _), database.snapshot() as reader:
        has_mirror = mirrored(reader, "", 0, 0) is not None
    names = {one.name for one in where.contracts}
    missing = {
        "venue's statement": "" if statement else "no --statement: balances, fills and marks are not compared",
        "engine's mirror": "" if has_mirror else "this database has no batches of an engine",
        "attested reserves": "" if "AttestedMinter" in names else "the file names no AttestedMinter",
        "marks of the feed": "" if "MarkFeed" in names and statement else "no MarkFeed in the file, or no --statement",
        "wrappers": "" if where.wrappers else "the file names none",
    }
    for name, why in missing.items():
        if why:
            yield Check(name, Verdict.NOT_ASKED, (why,))
    yield Check("cycles", Verdict.NOT_ASKED, ("payments of cycles are compared by the engine when it confirms them",))


def asked(name: str, work: Callable[[], list[str]], sound: str = "") -> Check:
    """A check by what its work found; what the chain cannot answer is a failure of the check."""
    try:
        return judged(name, work(), sound)
    except (ChainError, RebuildError, ReplicaError, ReportError) as why:
        return Check(name, Verdict.FAILED, (str(why),))


def code_faults(state: AtBlock, where: Whereabouts) -> list[str]:
    """Addresses at which another contract stands than the file says, or none."""
    faults = []
    for one in where.contracts:
        try:
            why = mismatch(state.code(one.address), load_artifact(one.name))
        except ArtifactError as error:
            raise InputError(f"contracts: {one.name}: {error}") from error
        if why:
            faults.append(f"{one.name} at {one.address} {why}")
    return faults


def _breaks(outcome: Outcome) -> list[str]:
    return [str(found) for found in outcome.breaks]


def _at(block: Block) -> str:
    return f"block {block.number} {block.hash}"
