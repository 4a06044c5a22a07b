"""Breaks on record as people and programs read them: how old, due when, and what was done about them."""

import json
import sys
from collections.abc import Sequence

from sqlalchemy import Connection

from settlement.commands.printing import date, print_json, print_line, printable
from settlement.commands.running import DONE, FAILED, looked_at
from settlement.engine.break_record import Did, KeptBreak, find, has_record, history, open_breaks

Json = dict[str, object]


def list_breaks(place: str, now_s: int, as_json: bool) -> int:
    """Every open break; FAILED where one is past its deadline."""
    with looked_at(place) as (database, _), database.snapshot() as reader:
        kept = open_breaks(reader) if has_record(reader) else []
    for one in kept:
        if as_json:
            print_json(as_fields(one, now_s))
        else:
            print_line(printable(sentence(one, now_s)))
    if not as_json:
        print_line(f"{len(kept)} open, {sum(is_overdue(one, now_s) for one in kept)} past their deadline")
    return FAILED if any(is_overdue(one, now_s) for one in kept) else DONE


def show_break(place: str, break_id: str, now_s: int, as_json: bool) -> int:
    """One break and its history; FAILED where there is none of this id."""
    with looked_at(place) as (database, _), database.snapshot() as reader:
        kept = find(reader, break_id) if has_record(reader) else None
        did = _history(reader, kept)
    if kept is None:
        sys.stderr.write(f"breaks show: no break {printable(break_id)} is on record; `bulkhead breaks list` has them\n")
        return FAILED
    if as_json:
        print_json({**as_fields(kept, now_s), "history": [_line(one) for one in did]})
        return DONE
    print_line(printable(sentence(kept, now_s)))
    print_line(printable(", ".join(f"{source} {amount}" for source, amount in json.loads(kept.facts)["said"].items())))
    for one in did:
        print_line(printable(f"{date(one.at_s)}  {one.act} by {one.why.who}: {one.why.reason}"))
    return DONE


def is_overdue(kept: KeptBreak, now_s: int) -> bool:
    """Whether it is open behind its deadline."""
    return not kept.state.is_closed and now_s > kept.due_at_s


def as_fields(kept: KeptBreak, now_s: int) -> Json:
    """A break for programs."""
    return {
        "id": kept.id,
        "state": kept.state,
        "facts": json.loads(kept.facts),
        "opened_at_s": kept.opened_at_s,
        "age_s": max(0, now_s - kept.opened_at_s),
        "due_at_s": kept.due_at_s,
        "overdue": is_overdue(kept, now_s),
        "reason": kept.reason,
    }


def sentence(kept: KeptBreak, now_s: int) -> str:
    """A break for people."""
    age = f"{max(0, now_s - kept.opened_at_s):,} s old"
    if kept.state.is_closed:
        return f"{kept.id}: {kept.state}, {kept.reason}"
    late = "OVERDUE since" if is_overdue(kept, now_s) else "due"
    return f"{kept.id}: {kept.state}, {age}, {late} {date(kept.due_at_s)}"


def _history(reader: Connection, kept: KeptBreak | None) -> Sequence[Did]:
    return [] if kept is None else history(reader, kept.id)


def _line(one: Did) -> Json:
    return {"act": one.act, "state": one.state, "who": one.why.who, "why": one.why.reason, "at_s": one.at_s}
