"""A movement told again: its events walked along its table, and compared with its row and with the ledger."""

from sqlalchemy import Connection

from custody import custodian_store as store
from custody.books import Books
from custody.holds import transfers_of
from custody.lifecycles import MACHINES
from custody.movements import Event
from custody.states import Entry, Lifecycle, State
from custody.transfers import Kind, Transfer

_ALL = 1 << 31

_Written = tuple[str, str, str, int, Kind, int]
"""Id, accounts, ledger units, kind and UTC seconds of a transfer."""


def faults_of(reader: Connection, books: Books, movement_id: str) -> list[str]:
    """What a movement's row, its events, its table and the ledger do not agree about, each as a sentence."""
    movement = store.find(reader, movement_id)
    events = [told.event for told in store.events(reader, movement_id, 0, _ALL)]
    if movement is None:
        return ["is gone"]
    state, holds, expected = State.NEW, 0, set[_Written]()
    for event in events:
        entry = _entry(movement.intent.lifecycle, event)
        if event.source is not state or entry is None:
            return [f"{event.act} does not lead from {state} to {event.state}"]
        state, holds = event.state, holds + (entry is Entry.HOLD)
        told = transfers_of(movement_id, movement.intent, holds, entry, event.occurred_at_s)
        expected |= {_written(one, movement.intent.units) for one in told}
    faults = [] if (state, holds) == (movement.state, movement.holds) else [f"is {movement.state}, told as {state}"]
    found = {_written(one.transfer, 0) for one in books.transfers(reference=movement_id, limit=_ALL, tx=reader)}
    if found != expected:
        faults.append(f"in the ledger {sorted({name for name, *_ in found ^ expected})} differ")
    return faults


def _written(transfer: Transfer, units: int) -> _Written:
    """What must be in the journal; a POST or VOID has its pending transfer's amount there."""
    amount = transfer.amount or units
    return transfer.id, transfer.debit_account, transfer.credit_account, amount, transfer.kind, transfer.occurred_at_s


def _entry(lifecycle: Lifecycle, event: Event) -> Entry | None:
    """What the table says that an event did to the ledger; None where it lists no such step."""
    for row in MACHINES[lifecycle]:
        if event.source in row.sources and (row.act, row.target) == (event.act, event.state):
            return row.entry
    return None
