"""`bulkhead custody movements`, `events`, `status`, `lifecycles`, `verify`: the custodian's record as it stands."""

from collections.abc import Iterator
from pathlib import Path

from custody.custodian_store import Listed, MovementQuery
from custody.lifecycles import described
from custody.register import Register
from custody.states import Lifecycle, State
from settlement.commands.custody_setting import register_at, setting_in
from settlement.commands.fields import InputError, chosen
from settlement.commands.printing import Row, print_line, print_rows
from settlement.commands.running import DONE
from settlement.commands.verdict import verdict

MOVEMENT = (
    "number", "id", "lifecycle", "party", "asset", "units", "venue", "to_venue", "state", "deadline_s", "reason",
)  # fmt: skip
EVENT = ("position", "movement", "name", "reference", "reason", "occurred_at_s", "recorded_at_s")
FIGURES = ("available", "delegated", "excess", "delegable", "withdrawable", "recallable")
STATUS = ("party", "asset", "venue", *FIGURES, "kept")


def query(party: str, lifecycle: str, state: str, from_s: int | None, to_s: int | None) -> MovementQuery:
    """What `movements` asks for; InputError for a lifecycle or state that there is not."""
    for option, word, known in (("--lifecycle", lifecycle, list(Lifecycle)), ("--state", state, list(State))):
        if word:
            chosen(option, word, known)
    return MovementQuery(
        party, Lifecycle(lifecycle) if lifecycle else None, State(state) if state else None, from_s, to_s
    )


def movements(place: str, query: MovementQuery, after: int, limit: int, as_json: bool) -> int:
    """List movements in order of beginning, a page at a time."""
    with register_at(place) as register:
        found = register.movements(query, after, limit)
    print_rows(MOVEMENT, map(row_of, found), amounts=("units",), times=("deadline_s",), as_json=as_json)
    return DONE


def events(place: str, movement: str, after: int, limit: int, as_json: bool) -> int:
    """List events in the order in which they were written, a page at a time."""
    with register_at(place) as register:
        found = register.events(movement, after, limit)
    rows = (
        {
            "position": told.position,
            "movement": told.event.movement_id,
            "name": told.event.name,
            "act": told.event.act.value,
            "reference": told.event.reference,
            "reason": told.event.reason,
            "occurred_at_s": told.event.occurred_at_s,
            "recorded_at_s": told.recorded_at_s,
        }
        for told in found
    )
    print_rows(EVENT, rows, amounts=(), times=EVENT[-2:], as_json=as_json)
    return DONE


def status(place: str, file: Path, party: str, as_json: bool) -> int:
    """What a party has free, delegated and to spare, a line for each asset and venue. InputError for no party."""
    role, _, name = party.partition("/")
    if role not in {"client", "venue"} or not name:
        raise InputError(f"--party: expected client/NAME or venue/NAME, found {party!a}")
    setting = setting_in(file)
    venues = setting.venues if role == "client" else (name,)
    with register_at(place, file) as register:
        rows = [row for kept in setting.assets for row in _status(register, party, kept.symbol, venues)]
    print_rows(STATUS, rows, amounts=FIGURES, as_json=as_json)
    return DONE


def lifecycles(name: str) -> int:
    """Print the tables that the custodian runs, as Markdown; InputError for a lifecycle that there is not."""
    for lifecycle in [Lifecycle(chosen("--name", name, Lifecycle))] if name else list(Lifecycle):
        print_line(f"### {lifecycle}\n")
        for line in described(lifecycle):
            print_line(line)
        print_line("")
    return DONE


def verify(place: str, as_json: bool) -> int:
    """Name every movement whose row, events and transfers disagree; FAILED if there is one."""
    with register_at(place) as register:
        faults = register.verify()
    return verdict(faults, faults, as_json)


def row_of(listed: Listed) -> Row:
    """A movement with its place in the list; units of its asset, times in UTC seconds."""
    movement, intent = listed.movement, listed.movement.intent
    return {
        "number": listed.number,
        "id": movement.id,
        "lifecycle": intent.lifecycle.value,
        "party": intent.party,
        "asset": intent.asset,
        "units": intent.units,
        "venue": intent.venue,
        "to_venue": intent.to_venue,
        "destination": intent.destination,
        "standing": intent.standing.value,
        "state": movement.state.value,
        "reason": movement.reason,
        "deadline_s": movement.deadline_s or None,
        "confirmations": movement.confirmations,
        "occurred_at_s": listed.occurred_at_s,
        "recorded_at_s": listed.recorded_at_s,
    }


def _status(register: Register, party: str, asset: str, venues: tuple[str, ...]) -> Iterator[Row]:
    coverage = register.coverage(party, asset)
    common = {
        "party": party,
        "asset": asset,
        "available": coverage.available_units,
        "delegated": coverage.delegated_units,
        "excess": coverage.excess_units,
        "delegable": coverage.delegable_units,
        "withdrawable": coverage.withdrawable_units,
    }
    for venue in venues:
        kept = register.kept_units(party, venue, asset)
        words = ", ".join(f"{reason} {units}" for reason, units in kept.items())
        yield {**common, "venue": venue, "recallable": register.recallable_units(party, venue, asset), "kept": words}
