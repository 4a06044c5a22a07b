"""Positions at one block: storage, calldata, the engine's own record, and what the venue states of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from settlement.contracts import POSITIONS
from settlement.rebuild import rebuilt
from settlement.reconciling.amounts import InFlight, Line, Worth, compare_lines
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.breaks import Outcome, Source
from settlement.reconciling.mirrored import Mirrored
from settlement.reconciling.statement import Statement
from settlement.reconciling.stating import same_cut_off
from settlement.reconciling.whereabouts import Whereabouts
from settlement.replica import Key

AT_ONCE = 2_000
"""Positions in one question: more cost a node more gas than it lets a question have."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What else there is to hold against ledger and chain: the engine's own record, a venue's statement."""

    mirrored: Mirrored | None = None
    statement: Statement | None = None


NOTHING = Beside()


def compare_positions(state: AtBlock, where: Whereabouts, beside: Beside = NOTHING) -> Outcome:
    """The book's storage against the fold of all calldata that it took: in every instrument, whoever ever traded and
    whoever has a compartment. The engine's own record and the venue's statement are held against the same storage.
    """
    book = where.position_book
    replica = rebuilt(state.node, book, state.up_to)
    traded = {account.lower() for account, _ in replica.positions}
    stated = beside.statement.positions if beside.statement else {}
    mirrored = beside.mirrored.positions if beside.mirrored else {}
    named = {one.holder.lower() for one in where.compartments} | {key[0].lower() for key in (*stated, *mirrored)}
    accounts = sorted(traded | named)
    # Also what nobody ever traded: a position that no batch brought stands there.
    keys = [(account, number) for account in accounts for number in sorted(replica.lot_sizes_e18)]
    lines = []
    for key, lots in zip(keys, _positions(state, book, keys), strict=True):
        price_e6 = replica.marks[key[1]].price_e6 if key[1] in replica.marks else 0
        worth = Worth(price_e6 * replica.lot_sizes_e18[key[1]], 10**18)
        said = {Source.LEDGER: replica.positions.get(key, 0), Source.CHAIN: lots}
        lines.append(Line("position", f"{key[0]} in instrument {key[1]}", said, worth=worth))
        lines += _beside(key, lots, worth, beside)
    return compare_lines(lines) + (same_cut_off(beside.statement, beside.mirrored) if beside.statement else Outcome())


def _beside(key: Key, lots: int, worth: Worth, beside: Beside) -> Iterator[Line]:
    """The same position as the engine has it and as the venue states it, each where there is one to speak of it."""
    said: dict[Source, int | None] = {}
    in_flight: tuple[InFlight, ...] = ()
    if beside.mirrored is not None:
        said[Source.LEDGER] = beside.mirrored.positions.get(key, 0)
        in_flight = beside.mirrored.in_flight.get(key, ())
    if beside.statement is not None and key[1] in beside.statement.numbers.values():
        said[Source.VENUE] = beside.statement.positions.get(key)
    if said:
        what = "mirrored position"
        yield Line(what, f"{key[0]} in instrument {key[1]}", said | {Source.CHAIN: lots}, 1, in_flight, worth)


def _positions(state: AtBlock, book: str, keys: Sequence[Key]) -> Iterator[int]:
    for part in (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE)):
        accounts, numbers = [account for account, _ in part], [number for _, number in part]
        yield from state.read(POSITIONS, book, "positionsOf", accounts, numbers)
