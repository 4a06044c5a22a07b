"""Whatever is said in whatever order: the books hold exactly what a cycle that is held owes, and post once."""

import shutil
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from custody.accounts import Chart
from custody.books import Books
from custody.database import LEDGER, Database, open_database
from custody.delegation import Standing
from custody.transfers import Kind, Reason, Transfer
from settlement.cut_off import Late
from settlement.cycle_record import CycleActRefusal, CycleRecord, CycleTerms, Said
from settlement.cycle_states import Act, Actor, State, from_state
from settlement.cycle_steps import Ground
from settlement.cycle_table import CYCLE
from settlement.engine import cycle_store as store
from settlement.engine.settler import Settler
from settlement.engine.telling import told
from settlement.mirror import Fill
from settlement.netting import Obligation
from settlement.records import DESK

OWED = (Obligation("hedger", "USDC", -40), Obligation("maker", "USDC", 40))
CHART = Chart("USDC")
ONE = "harbour/1"

SAID = (
    Said(Act.CUT_OFF, Actor.OPERATOR, "demand"),
    Said(Act.COMPUTE, Actor.OPERATOR, fills_digest="f", marks_digest="m"),
    Said(Act.PROPOSE, Actor.VENUE, digest="d", obligations=OWED),
    Said(Act.PROPOSE, Actor.VENUE, digest="d", obligations=OWED, short_units=7),
    Said(Act.PROPOSE, Actor.VENUE, digest="e", excluded=("hedger", "maker")),
    *(Said(Act.AGREE, Actor.CUSTODIAN, digest=digest) for digest in "de"),
    Said(Act.DISPUTE, Actor.CUSTODIAN),
    *(Said(Act.MINE, Actor.CHAIN, digest=digest, window_ends_s=50) for digest in "de"),
    Said(Act.REVERT, Actor.CHAIN, short_units=3),
    Said(Act.REORGANISE, Actor.CHAIN),
    *(Said(Act.RESEND, Actor.OPERATOR, digest=digest) for digest in "de"),
    *(Said(Act.FINALIZE, Actor.CHAIN, digest=digest) for digest in "de"),
    Said(Act.DISPUTE, Actor.CHAIN),
    Said(Act.EXPIRE, Actor.CHAIN, digest="d"),
    Said(Act.DEEPEN, Actor.CHAIN, confirmations=12),
    Said(Act.RECONCILE, Actor.CUSTODIAN),
    Said(Act.TIME_OUT, Actor.CLOCK),
)
PAID = {State.PAID, State.CONFIRMED, State.PARTIALLY_COMPLETED}
HELD = {State.AGREED, State.WINDOW, State.FINAL}


GOOD = tuple(SAID[number] for number in (0, 1, 2, 5, 8, 14, 18, 19))
"""A cycle in which nothing goes wrong."""


def settler_in(folder: str) -> tuple[Database, Settler]:
    database = open_database(Path(folder) / "ledger.sqlite", schemas=(LEDGER, DESK))
    books = Books(database)
    own = CHART.delegated("hedger", "harbour"), CHART.delegated("maker", "harbour")
    books.open_accounts([CHART.vault(), CHART.venue_settlement("harbour"), CHART.venue_collateral("harbour"), *own])
    books.post([Transfer("in", CHART.vault().id, own[0].id, 100, Reason.DEPOSIT, Kind.POSTED)], 1)
    settler = settler_on(database)
    settler.open("harbour", 1)
    return database, settler


def settler_on(database: Database) -> Settler:
    """A settler over a ledger that is there."""
    return Settler(database, Books(database), Ground(Standing.SEGREGATED, {"USDC": CHART}, CycleTerms()), "USDC")


def check(settler: Settler, cycle: CycleRecord) -> None:
    """The books hold what a held cycle owes, and have posted what a paid one owed; events are in order."""
    hedger = settler.books.totals(CHART.delegated("hedger", "harbour").id)
    owes = sum(-row.units for row in cycle.obligations if row.units < 0)
    assert hedger.debits_pending == (owes if cycle.is_held else 0)
    assert hedger.debits_posted == (owes if cycle.state in PAID else 0)
    assert settler.books.totals(CHART.venue_settlement("harbour").id).balance == 0
    assert cycle.is_held or cycle.state not in HELD
    with settler.database.snapshot() as reader:
        events = told(reader, 0, 1_000, ONE)
    assert [one.sequence for one in events] == list(range(1, len(events) + 1))
    assert not events or events[-1].facts["state"] == cycle.state


def walked(settler: Settler, dice: Random, seen: Counter[str]) -> None:
    now_s, state = 2, State.OPEN
    # In some walks all goes well, in some nobody is excluded: the ends of both are far for dice.
    spoken = dice.choice((GOOD, [said for said in SAID if said.digest != "e"], SAID))
    for _ in range(25):
        listed = [said for said in spoken if any(row.act is said.act for row in from_state(CYCLE, state))]
        said = dice.choice(listed if listed and dice.random() < 0.9 else SAID)
        now_s += 20_000 if said.act is Act.TIME_OUT and dice.random() < 0.3 else dice.choice((0, 1, 60))
        answer = settler.act(ONE, said, now_s)
        with settler.database.snapshot() as reader:
            cycle = store.find_cycle(reader, ONE)
        assert cycle is not None
        check(settler, cycle)
        state = cycle.state
        seen[state] += answer.ok and not answer.repeated
        seen["refused"] += not answer.ok


def test_books_and_cycle_agree_after_every_act() -> None:
    """Our own dice, weighted towards what the table lists: uniform ones would hardly ever reach a payment."""
    seen: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        database, _ = settler_in(folder)
        database.close()
        for seed in range(40):
            copy = Path(folder) / f"{seed}.sqlite"
            shutil.copy(Path(folder) / "ledger.sqlite", copy)
            with closing(open_database(copy, schemas=(LEDGER, DESK))) as opened:
                walked(settler_on(opened), Random(seed), seen)
    met = {state for state in State if seen[state]}
    assert set(State) - met <= {State.OPEN}, "the control: the walks went everywhere"
    assert seen["refused"] > 100


def test_saying_the_same_twice_is_saying_it_once() -> None:
    with TemporaryDirectory() as folder:
        database, settler = settler_in(folder)
        with closing(database):
            for said in GOOD:
                assert settler.act(ONE, said, 3).repeated is False
                assert settler.act(ONE, said, 3).repeated is True
            other = replace(SAID[19], by=Actor.VENUE, reference="x", act=Act.DEEPEN, confirmations=12)
            assert settler.act(ONE, other, 3).refusal is CycleActRefusal.ACT_IS_NOT_LISTED
            with database.snapshot() as reader:
                assert len(told(reader, 0, 100, ONE)) == 8


def test_a_late_fill_is_a_break_on_record_once() -> None:
    fill = Fill("harbour", 2, 1, "hedger", "maker", 5, 10_000, 95, "trade")
    with TemporaryDirectory() as folder:
        database, settler = settler_in(folder)
        with closing(database):
            late = Late(fill, 1, 2, 130)
            assert [settler.late_fill(late, 131).repeated for _ in range(2)] == [False, True]
            with database.snapshot() as reader:
                (event,) = told(reader, 0, 10, f"break/late/{fill.id}")
    assert (event.name, event.occurred_at_s) == ("reconciliation.break_opened", 130)
    assert (event.facts["belongs_to"], event.facts["settles_in"]) == ("harbour/1", "harbour/2")
