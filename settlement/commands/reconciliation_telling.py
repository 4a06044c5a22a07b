"""A reconciliation as people and programs read it: each break with its owner, age, first record and effect."""

import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from custody.database import LEDGER
from settlement.commands.break_telling import as_fields as kept_fields
from settlement.commands.break_telling import sentence
from settlement.commands.printing import date, print_json, print_line, printable
from settlement.commands.running import DONE, FAILED, looked_at, opened
from settlement.commands.three_sides import node_of, reconciled, statement_of, whereabouts_in
from settlement.engine.break_keeping import keep
from settlement.engine.break_record import KeptBreak, has_record, open_breaks
from settlement.node import ChainError
from settlement.rebuild import RebuildError
from settlement.reconciling.at_block import AtBlock, Block
from settlement.reconciling.breaks import Break, Outcome
from settlement.records import DESK
from settlement.replica import ReplicaError
from settlement.reports import ReportError

NOT_COMPARED = (
    "Nothing was compared, and no break is on record: see that the node runs and has the block, and ask again."
)
Json = dict[str, object]
OnRecord = Mapping[str, KeptBreak]
"""The open breaks by what a reconciliation calls them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the chain is described, where the ledger is; the block's number, None for the latest; whether to record."""

    chain: Path
    database: str
    block: int | None
    record: bool
    statement: Path | None = None


def tell(asked: Asked, now_s: int, as_json: bool) -> int:
    """Reconcile and print; FAILED on a break, and where the chain cannot be read."""
    where = whereabouts_in(asked.chain)
    statement = None if asked.statement is None else statement_of(asked.statement)
    try:
        with closing(node_of(where)) as node:
            state = AtBlock.of(node, asked.block)
            outcome = reconciled(state, asked.database, where, statement)
            on_record = _on_record(asked.database)
    except (ChainError, RebuildError, ReplicaError, ReportError) as why:
        sys.stderr.write(f"reconcile: {printable(str(why))}\n{NOT_COMPARED}\n")
        return FAILED
    if asked.record:
        with opened(asked.database, schemas=(LEDGER, DESK)) as (database, _):
            keep(database, outcome, state.block, now_s)
        on_record = _on_record(asked.database)
    if as_json:
        print_json(as_fields(state.block, outcome, now_s, on_record))
    else:
        for line in sentences(state.block, outcome, now_s, on_record):
            print_line(printable(line))
    return DONE if outcome.reconciled else FAILED


def as_fields(block: Block, outcome: Outcome, now_s: int, on_record: OnRecord) -> Json:
    """The report for programs; amounts are texts, in the smallest unit of what is compared."""
    return {
        "reconciled": outcome.reconciled,
        "block": {"number": block.number, "hash": block.hash, "at_s": block.at_s},
        "compared": outcome.compared,
        "breaks": [_fields(found, now_s, on_record.get(found.id)) for found in outcome.breaks],
        "explained": [{"what": one.what, "place": one.place, "by": list(one.by)} for one in outcome.explained],
    }


def _fields(found: Break, now_s: int, kept: KeptBreak | None) -> Json:
    return {
        "id": found.id,
        "type": found.type,
        "what": found.what,
        "place": found.place,
        "owner": found.owner,
        "said": {source: str(amount) for source, amount in found.said.items()},
        "first": found.first,
        "age_s": _age_s(found, kept, now_s),
        "effect_e6": str(found.effect_e6),
        "on_record": None if kept is None else kept_fields(kept, now_s),
    }


def _age_s(found: Break, kept: KeptBreak | None, now_s: int) -> int:
    """Since the first record that differs; where that has no time, since somebody first found it."""
    return found.age_s(now_s) or (max(0, now_s - kept.opened_at_s) if kept is not None else 0)


def _on_record(place: str) -> OnRecord:
    with looked_at(place) as (database, _), database.snapshot() as reader:
        return {one.found_as: one for one in open_breaks(reader)} if has_record(reader) else {}


def sentences(block: Block, outcome: Outcome, now_s: int, on_record: OnRecord) -> list[str]:
    """The report for people."""
    lines = [f"block {block.number} of {date(block.at_s)}, {block.hash}"]
    for found in outcome.breaks:
        dollars, cents = divmod(-(-found.effect_e6 // 10_000), 100)
        kept = on_record.get(found.id)
        old_s = _age_s(found, kept, now_s)
        age = f"; {old_s:,} s old" if old_s else ""
        lines.append(f"{found}; ${dollars:,}.{cents:02}{age}")
        lines += [f"  {sentence(kept, now_s)}"] if kept is not None else []
    lines += [f"explained {one.what} of {one.place}: in flight {', '.join(one.by)}" for one in outcome.explained]
    breaks = len(outcome.breaks)
    said = "reconciled" if outcome.reconciled else f"{breaks} break{'s' * (breaks != 1)}"
    return [*lines, f"{said}: {outcome.compared} records compared, {len(outcome.explained)} explained"]
