"""`bulkhead custody observe`, `observe-exit`, `submit`, `tell`, `tick`: what comes from outside, one call each.

What has been printed is on disk. The same command again has the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from custody.answers import Answer
from custody.movements import Said
from custody.shapes import FieldError
from custody.signed import SignedInstruction
from custody.states import Act
from settlement.commands.contract_asking import submitted
from settlement.commands.custody_setting import custodian_at, text_of
from settlement.commands.fields import InputError, chosen
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.running import DONE, FAILED

OUTSIDE = tuple(act for act in Act if act not in {Act.OBSERVE, Act.REQUEST, Act.APPROVE, Act.RESERVE, Act.TIME_OUT})
"""The acts that somebody tells; the others follow from what is observed or submitted, or from the clock."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A deposit as it was seen on chain, or with a venue an exit from it; in ledger units."""

    id: str
    party: str
    asset: str
    units: int
    reference: str
    venue: str = ""


def observe(place: str, setting: Path, seen: Seen, now_s: int, as_json: bool) -> int:
    """A deposit was seen, or an exit."""
    with custodian_at(place, setting) as (_, custodian):
        if seen.venue:
            told = (seen.id, seen.party, seen.venue, seen.asset, seen.units, seen.reference)
            answer = custodian.observe_exit(*told, now_s)
        else:
            answer = custodian.observe(seen.id, seen.party, seen.asset, seen.units, seen.reference, now_s)
    return _tell([answer], as_json)


def submit(place: str, setting: Path, file: Path, rpc_url: str, now_s: int, as_json: bool) -> int:
    """A signed instruction was handed in; InputError for what is none, ChainError where no node can be asked."""
    try:
        signed = SignedInstruction.from_json(text_of(file))
    except FieldError as why:
        raise InputError(f"{file}: {why}") from why
    with custodian_at(place, setting) as (database, custodian):
        return _tell([submitted(database, custodian, signed, rpc_url, now_s)], as_json)


def tell(
    place: str, setting: Path, movement: str, act: str, said: tuple[str, int, str], now_s: int, as_json: bool
) -> int:
    """Somebody acted; `said` are reference, confirmations and who says it. InputError for an act that nobody tells."""
    told = Said(Act(chosen("ACT", act, OUTSIDE)), *said)
    with custodian_at(place, setting) as (_, custodian):
        return _tell([custodian.tell(movement, told, now_s)], as_json)


def tick(place: str, setting: Path, now_s: int, as_json: bool) -> int:
    """Time passed."""
    with custodian_at(place, setting) as (_, custodian):
        return _tell(custodian.tick(now_s), as_json)


def _tell(answers: Sequence[Answer], as_json: bool) -> int:
    for answer in answers:
        movement = answer.movement
        told = {
            "id": movement.id if movement else None,
            "state": movement.state.value if movement else None,
            "reason": movement.reason if movement else "",
            "deadline_s": (movement.deadline_s or None) if movement else None,
            "events": [event.name for event in answer.events],
            "repeated": answer.repeated,
            "refusal": answer.refusal.value if answer.refusal else None,
            "declined": answer.declined.refusal.value if answer.declined else None,
            "detail": answer.declined.detail if answer.declined else answer.detail,
            "retry_may_succeed": answer.retry_may_succeed,
        }
        if as_json:
            print_json(told)
        else:
            print_line(printable(_sentence(answer)))
    return DONE if all(answer.ok for answer in answers) else FAILED


def _sentence(answer: Answer) -> str:
    name = f"{answer.movement.id}: " if answer.movement else ""
    if answer.refusal:
        return f"{name}{answer.refusal}{f' ({answer.detail})' if answer.detail else ''}"
    state = f"{answer.movement.state} {answer.movement.reason}".strip() if answer.movement else "accepted"
    waits = f"; {answer.declined.detail}" if answer.declined else ""
    return f"{name}{state}{waits}{' (as before)' if answer.repeated else ''}"
