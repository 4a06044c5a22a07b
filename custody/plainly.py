"""Posting by the plain rules: with everything in the books that could decide about the transfers."""

from collections.abc import Sequence

from custody import ledger
from custody.accounts import Totals
from custody.appending import Appender
from custody.batches import Rows
from custody.journal import Place, encoded
from custody.state import LedgerState
from custody.tallies import Tally
from custody.transfers import Kind, Outcome, Transfer


def post_plainly(books: Appender, transfers: Sequence[Transfer], now_s: int) -> list[Outcome]:
    """Apply transfers in order; one outcome each."""
    state, positions = _state(books, transfers)
    known, before = len(state.transfers), dict(state.totals)
    outcomes = ledger.apply(state, transfers, now_s)
    fresh = list(state.transfers.values())[known:]
    if fresh:
        rows = _rows_of(books, fresh, positions)
        if not books.append(rows, _moved(books, before, state), now_s):
            raise RuntimeError("an id is taken that was not there a moment ago, under the write lock")
    return outcomes


def _state(books: Appender, transfers: Sequence[Transfer]) -> tuple[LedgerState, dict[str, int]]:
    """Everything that could decide about the transfers, and the positions of those that are stored."""
    state, positions = LedgerState(), dict[str, int]()
    named = {one.id for one in transfers} | {one.pending_id for one in transfers}
    _load(books, named, state, positions)
    # A stored POST or VOID is compared in the light of the pending transfer that *it* names.
    _load(books, {one.pending_id for one in state.transfers.values()} - named, state, positions)
    by_position = {position: name for name, position in positions.items()}
    for position, kind in books.store.endings(by_position.keys()):
        state.resolved[by_position[position]] = Kind(kind)
    touched = {
        name for one in (*transfers, *state.transfers.values()) for name in (one.debit_account, one.credit_account)
    }
    books.take_in_hand(touched)
    for name in touched & books.in_hand.by_id.keys():
        tally = books.in_hand.by_id[name]
        state.accounts[name], state.totals[name] = tally.account, tally.totals()
        if tally.closed:
            state.closed.add(name)
    return state, positions


def _load(books: Appender, ids: set[str], state: LedgerState, positions: dict[str, int]) -> None:
    for stored in books.store.transfers(ids - {""}):
        state.transfers[stored.transfer.id] = stored.transfer
        positions[stored.transfer.id] = stored.position


def _rows_of(books: Appender, fresh: Sequence[Transfer], positions: dict[str, int]) -> Rows:
    first, by_id = books.in_hand.last.position + 1, books.in_hand.by_id
    positions.update((one.id, position) for position, one in enumerate(fresh, first))
    places = [
        Place(
            positions[one.id],
            by_id[one.debit_account].key,
            by_id[one.credit_account].key,
            positions[one.pending_id] if one.pending_id else 0,
        )
        for one in fresh
    ]
    return Rows(
        first,
        [one.id for one in fresh],
        [place.debit_key for place in places],
        [place.credit_key for place in places],
        [one.amount for one in fresh],
        [int(one.reason) for one in fresh],
        [int(one.kind) for one in fresh],
        [one.reference for one in fresh],
        [one.occurred_at_s for one in fresh],
        [one.expires_at_s for one in fresh],
        [encoded(one, place) for one, place in zip(fresh, places, strict=True)],
        [place.pending_position or None for place in places],
        [int(one.linked) for one in fresh],
    )


def _moved(books: Appender, before: dict[str, Totals], state: LedgerState) -> list[Tally]:
    moved = []
    for name, totals in state.totals.items():
        if totals is not before[name]:
            books.in_hand.by_id[name].take(totals)
            moved.append(books.in_hand.by_id[name])
    return moved
