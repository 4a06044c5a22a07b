"""What `verify all` and `reconcile` ask a chain: whether the code is ours, and whether ledger and chain agree."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from custody.shapes import shaped
from custody.strict_json import parse_json
from settlement.abi import ArtifactError, load_artifact
from settlement.commands.custody_setting import text_of
from settlement.commands.fields import InputError
from settlement.commands.running import looked_at
from settlement.commands.verifying_all import Check, Verdict, judged
from settlement.engine.expected import mismatch
from settlement.node import ChainError, Node
from settlement.rebuild import RebuildError
from settlement.reconciling.at_block import AtBlock, Block
from settlement.reconciling.breaks import Outcome
from settlement.reconciling.comparing import compare, compare_positions
from settlement.reconciling.in_books import in_books
from settlement.reconciling.whereabouts import Whereabouts
from settlement.replica import ReplicaError


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


def reconciled(state: AtBlock, place: str, where: Whereabouts) -> Outcome:
    """The ledger in one snapshot, held against the chain behind one block."""
    with looked_at(place) as (database, books), database.snapshot() as reader:
        return compare(state, in_books(reader, books), where)


def checks_on_chain(file: Path, place: str) -> Iterator[Check]:
    """Code, positions from calldata, reconciliation, all at one block; a chain that cannot be asked fails them."""
    where = whereabouts_in(file)
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
        yield asked("reconciliation", lambda: _breaks(reconciled(state, place, where)))


def asked(name: str, work: Callable[[], list[str]], sound: str = "") -> Check:
    """A check by what its work found; what the chain cannot answer is a failure of the check."""
    try:
        return judged(name, work(), sound)
    except (ChainError, RebuildError, ReplicaError) as why:
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
