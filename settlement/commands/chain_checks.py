"""What `verify all` and `reconcile` ask a chain: whether the code is ours, and whether ledger and chain agree."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from settlement.abi import ArtifactError, load_artifact
from settlement.commands.fields import InputError
from settlement.commands.running import looked_at
from settlement.commands.three_sides import names_settlement, node_of, reconciled, statement_of, whereabouts_in
from settlement.commands.verifying_all import Check, Verdict, judged
from settlement.engine.expected import mismatch
from settlement.engine.mirrored_record import mirrored
from settlement.node import ChainError
from settlement.rebuild import RebuildError
from settlement.reconciling.at_block import AtBlock, Block
from settlement.reconciling.breaks import Outcome
from settlement.reconciling.positions import compare_positions
from settlement.reconciling.statement import Statement
from settlement.reconciling.whereabouts import Whereabouts
from settlement.replica import ReplicaError
from settlement.reports import ReportError


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
        "cycles": "" if names_settlement(where) else "the file names no SettlementBook",
        "wrappers": "" if where.wrappers else "the file names none",
    }
    for name, why in missing.items():
        if why:
            yield Check(name, Verdict.NOT_ASKED, (why,))


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
