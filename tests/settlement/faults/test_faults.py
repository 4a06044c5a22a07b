"""Sixty schedules of faults, all of them survived; that they were there; and that an engine that is broken is found."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scripts.fault_runs import Tally, carried_out
from scripts.faults import world
from scripts.faults.engines import FusedChain
from scripts.faults.faulty_node import Fault as Line
from scripts.faults.ground import Ground, prepared
from scripts.faults.schedule import Happening, Schedule, Silent, Step, Turn, drawn, simpler
from scripts.faults.silence import SILENCES
from settlement.batch import MirrorBatch
from settlement.engine import cycle_dues
from settlement.engine.book import Book
from settlement.engine.mirroring import Mirroring
from settlement.engine.writes import Writes
from settlement.venues.faulty import Fault as Feed

FIRST, SCHEDULES, JOBS = 0, 60, 2


@pytest.fixture(scope="module")
def tally() -> Tally:
    return carried_out(FIRST, SCHEDULES, JOBS)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with prepared(tmp_path_factory.mktemp("ground")) as made:
        yield made


def quiet(*turns: Turn, has_cycles: bool = False) -> Schedule:
    """Nothing happens but these."""
    return Schedule(1, False, False, False, has_cycles, Silent.NOBODY, 1, (), (), turns)


def test_sixty_schedules_are_survived(tally: Tally) -> None:
    assert tally.wrong == {}
    assert tally.schedules == SCHEDULES
    assert tally.batches > SCHEDULES, "a control: there was something to mirror"


@pytest.mark.parametrize("happening", Happening)
def test_everything_that_can_happen_did(tally: Tally, happening: Happening) -> None:
    names = [f"crash: {step}" for step in Step] if happening is Happening.CRASH else [happening]
    assert sum(tally.happened[name] for name in names) > 0


def test_crashes_at_every_step_and_faults_of_every_kind_were_there(tally: Tally) -> None:
    wanted = [f"crash: {step}" for step in Step]
    wanted += [f"line: {fault}" for fault in Line if fault not in (Line.NONE, Line.STALL)]
    wanted += [f"venue: {fault}" for fault in Feed]
    wanted += [f"reorganisation of {depth}" for depth in range(1, 7)]
    assert [one for one in wanted if not tally.happened[one]] == []
    assert sum(tally.happened[f"silent: {who}"] for who in SILENCES) > 0
    assert tally.happened["cycle: confirmed"] > SCHEDULES // 3
    assert sum(count for name, count in tally.happened.items() if name.startswith("transaction: ")) > 0


def test_a_schedule_is_its_seed() -> None:
    assert drawn(7) == drawn(7)
    assert len({drawn(seed) for seed in range(100)}) == 100
    kinds = Counter(turn.happening for seed in range(100) for turn in drawn(seed).turns)
    assert set(kinds) == set(Happening)
    assert all(len(one.turns) + len(one.line) + len(one.feed) < 20 for one in simpler(drawn(7)))


def test_funding_between_fills_of_one_batch_is_paid_by_the_younger_ones_too(ground: Ground) -> None:
    """Found by the first schedules: the chain let only those pay who had held their lots before the batch."""
    outcome = world.run(quiet(Turn(60, Happening.GAS_SPIKE, 100), Turn(60, Happening.GAS_SPIKE, 100)), ground)
    assert outcome.wrong == ()


def test_a_node_without_our_contracts_is_not_written_to_and_waited_for(ground: Ground) -> None:
    """Found by schedule 4: the answer of an address without code ended the engine."""
    outcome = world.run(quiet(Turn(20, Happening.NODE_EMPTY), Turn(20, Happening.NODE_EMPTY)), ground)
    assert outcome.wrong == ()
    assert outcome.happened[Happening.NODE_EMPTY] == 2


def test_a_file_in_other_hands_keeps_nothing_else_waiting(ground: Ground) -> None:
    """Found by schedule 10: whoever waited for the file kept the whole process waiting."""
    outcome = world.run(quiet(Turn(20, Happening.DATABASE_HELD, 300)), ground)
    assert outcome.wrong == ()
    assert outcome.took_s < 8


def test_cycles_go_on_when_the_node_that_they_knew_is_gone(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by schedule 25: whoever settles kept a client whose node had lost its state, and waited for ever."""
    monkeypatch.setattr(world, "END_S", 30)
    outcome = world.run(quiet(Turn(20, Happening.NODE_EMPTY), has_cycles=True), ground)
    assert outcome.wrong == ()
    assert outcome.happened["cycle: confirmed"] > 0


def test_cycles_that_pay_twice_are_found(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycle_dues, "settled_units", lambda cycles, asset: {})
    monkeypatch.setattr(world, "END_S", 8)
    outcome = world.run(quiet(*[Turn(20, Happening.GAS_SPIKE, 100)] * 3, has_cycles=True), ground)
    assert "stranded" in outcome.wrong[0]


def test_an_engine_that_forgets_to_unwind_is_found(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgets(self: Mirroring, look: object) -> None:
        return None

    monkeypatch.setattr(Mirroring, "_unwind", forgets)
    monkeypatch.setattr(world, "BETWEEN_S", 1)  # so that there is something confirmed to unwind
    monkeypatch.setattr(world, "END_S", 3)
    outcome = world.run(quiet(Turn(20, Happening.GAS_SPIKE, 100), Turn(20, Happening.NODE_OLDER)), ground)
    assert "stranded" in outcome.wrong[0]


def test_an_engine_that_pays_funding_by_old_lots_only_is_found(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Book, "_untold_units", lambda self: self.cash_units - self.sent_units)
    outcome = world.run(quiet(Turn(60, Happening.GAS_SPIKE, 100), Turn(60, Happening.GAS_SPIKE, 100)), ground)
    assert any("other cash" in what for what in outcome.wrong)


def test_an_engine_that_says_the_same_twice_is_found(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract refuses a batch that comes again; one that tells the same fills under the next number it cannot."""
    send = FusedChain.send

    async def twice(self: FusedChain, batch: MirrorBatch) -> None:
        await send(self, batch)
        if batch.sequence == 1:
            await send(self, replace(batch, sequence=2, previous_digest=batch.digest()))

    monkeypatch.setattr(FusedChain, "send", twice)
    monkeypatch.setattr(world, "END_S", 3)
    outcome = world.run(quiet(Turn(20, Happening.GAS_SPIKE, 100)), ground)
    assert any("DivergedError" in what for what in outcome.wrong)


def test_an_engine_that_does_not_post_is_found(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writes, "_resolve", lambda self, tx, waiting, kind, now_ms: None)
    outcome = world.run(quiet(Turn(20, Happening.GAS_SPIKE, 100)), ground)
    assert any("fees" in what for what in outcome.wrong)
