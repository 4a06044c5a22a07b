"""Each way that a cycle can go, through the real ledger and the real contracts: what is posted is what was settled."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from custody.database import LEDGER, open_database
from scripts.faults.settling_stage import (
    DEPTH,
    GRACE_S,
    START_UNITS,
    TERMS,
    USDC,
    Stage,
    replace_sender,
    stage_on,
)
from settlement.chain import Call
from settlement.chain_hearing import Duty
from settlement.contracts import SETTLEMENT, Contracts
from settlement.cycle_record import CycleActRefusal
from settlement.cycle_states import Act, Actor, State
from settlement.dispute import Report
from settlement.dispute_steps import DisputeRefusal, DisputeSaid
from settlement.exits import Leaving
from settlement.keys import signer_of
from settlement.mirror import HOUSE
from settlement.node import ChainError
from settlement.records import DESK
from tests.settlement.sole_minter import PLENTY

HEDGER = signer_of("client/hedger")
PAYS = {"hedger": -40, "maker": 30, HOUSE: 10}
PAID = {"hedger": 60, "maker": 130, "treasury": 100, HOUSE: 60}


@pytest.fixture
def stage(contracts: Contracts, tmp_path: Path) -> Iterator[Stage]:
    with closing(open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, DESK))) as database:
        yield stage_on(contracts, database)


def finished(stage: Stage, cycle_id: str = "harbour/1") -> State:
    """From agreed to reconciled."""
    assert stage.send(cycle_id) is Duty.PROPOSE
    assert stage.hear(cycle_id) is State.WINDOW
    stage.wait(300)
    assert stage.send(cycle_id) is Duty.FINALIZE
    stage.mine()
    assert stage.hear(cycle_id) is State.PAID
    assert stage.ledger() == stage.on_chain(), "posted if and only if settled"
    assert stage.said(Act.RECONCILE, Actor.CUSTODIAN, cycle_id).ok
    return stage.cycle(cycle_id).state


def test_a_cycle_goes_from_open_to_confirmed(stage: Stage) -> None:
    stage.agreed(PAYS)
    assert stage.pending() == {"hedger": 40}
    assert stage.ledger() == START_UNITS
    assert finished(stage) is State.CONFIRMED
    assert stage.ledger() == PAID
    assert stage.pending() == {}
    names = ["cut_off", "computed", "proposed", "agreed", "window", "final", "paid", "confirmed"]
    assert stage.events() == [f"settlement.{name}" for name in names]
    assert stage.cycle("harbour/2").state is State.OPEN


def test_nothing_is_posted_before_depth_and_a_reorganisation_voids_and_sends_the_same_digest(stage: Stage) -> None:
    node = stage.contracts.chain.node
    stage.agreed(PAYS)
    digest = stage.cycle().digest
    before = node.rpc("evm_snapshot")
    stage.send()
    stage.hear()
    stage.wait(300)
    stage.send()
    assert stage.hear() is State.FINAL
    assert stage.ledger() == START_UNITS
    node.rpc("evm_revert", before)
    assert stage.hear() is State.VOIDED
    assert stage.pending() == {}
    stage.contracts.chain._nonce = -1
    assert stage.said(Act.RESEND, Actor.OPERATOR, digest=digest).ok
    assert stage.pending() == {"hedger": 40}
    assert finished(stage) is State.CONFIRMED
    assert (stage.cycle().digest, stage.cycle().holds) == (digest, 2)


def test_a_reorganisation_that_keeps_the_proposal_undoes_only_the_finality(stage: Stage) -> None:
    node = stage.contracts.chain.node
    stage.agreed(PAYS)
    stage.send()
    stage.hear()
    stage.wait(300)
    before = node.rpc("evm_snapshot")
    stage.send()
    assert stage.hear() is State.FINAL
    node.rpc("evm_revert", before)
    stage.contracts.chain._nonce = -1
    assert stage.hear() is State.WINDOW
    assert stage.pending() == {"hedger": 40}
    assert stage.send() is Duty.FINALIZE
    stage.mine()
    assert stage.hear() is State.PAID


def test_a_dispute_on_chain_voids_the_hold_only_at_depth(stage: Stage) -> None:
    stage.agreed(PAYS)
    stage.send()
    stage.hear()

    told = SETTLEMENT.call("dispute", signer_of("venue/harbour").address)
    replace_sender(stage.contracts, Call(stage.contracts.settlement, told, "cycle disputed"))
    assert stage.hear() is State.WINDOW
    assert stage.pending() == {"hedger": 40}
    stage.mine(DEPTH - 1)
    assert stage.hear() is State.DISPUTED
    assert (stage.pending(), stage.ledger()) == ({}, START_UNITS)
    report = Report((), PAYS, {**PAYS, "hedger": -25, HOUSE: -5})
    for expected in (["dispute.opened"], []):
        answer = stage.settler.dispute("harbour/1", report, stage.now_s)
        assert [one.name for one in answer.events] == expected, "the report may follow, once"
    assert stage.pending() == {"hedger": 40}


def left_meanwhile(stage: Stage) -> None:
    """A cycle in which the hedger owes 90, and whose window is over; its compartment left by an exit that was ready."""
    leaving = Leaving(stage.contracts, USDC, HEDGER.address, signer_of("venue/harbour").address)
    stage.contracts.chain.send_together([leaving.requested_by(HEDGER, stage.now_s + 10**6)])
    stage.wait(stage.contracts.plan.exit_delay_s)
    stage.agreed({"hedger": -90, "maker": 90})
    stage.send()
    assert stage.hear() is State.WINDOW
    stage.contracts.chain.send_together([leaving.left()])
    stage.wait(300)
    with pytest.raises(ChainError, match=r"shortfall not covered .*missing 90, available 50"):
        stage.send()
    assert stage.said(Act.REVERT, Actor.CHAIN, short_units=40, reference="shortfall not covered").ok


def test_a_late_payer_has_until_the_grace_ends_and_then_the_chain_expires_the_cycle(stage: Stage) -> None:
    left_meanwhile(stage)
    cycle = stage.cycle()
    assert (cycle.state, cycle.short_units, cycle.penalty_units) == (State.LATE, 40, 1)
    assert cycle.deadline_s == stage.now_s + TERMS.top_up_s
    assert stage.pending() == {"hedger": 90}
    stage.wait(GRACE_S)
    (silent,) = (one.cycle for one in stage.settler.tick(stage.now_s) if one.cycle and one.cycle.number == 1)
    assert silent.state is State.LATE, "silence frees nothing that the chain might still pay"
    assert stage.pending() == {"hedger": 90}
    assert stage.send() is Duty.EXPIRE
    stage.mine()
    assert stage.hear() is State.FAILED
    assert (stage.pending(), stage.ledger()) == ({}, START_UNITS)
    assert stage.events()[-1] == "settlement.failed"
    assert stage.events().count("settlement.late") == 2


def test_a_late_payer_that_somebody_tops_up_pays_and_its_penalty_is_on_record(stage: Stage) -> None:
    left_meanwhile(stage)
    harbour = signer_of("venue/harbour").address
    stage.contracts.credit(USDC, harbour, harbour, 40, PLENTY)
    assert stage.send() is Duty.FINALIZE
    stage.mine()
    assert stage.hear() is State.PAID
    assert (stage.cycle().penalty_units, stage.on_chain()["maker"]) == (1, stage.ledger()["maker"])


def test_a_silent_custodian_ends_a_cycle_with_nothing_held(stage: Stage) -> None:
    stage.computed()
    assert stage.propose(PAYS).ok
    stage.wait(TERMS.custodian_s)
    late = stage.agree()
    assert late.refusal is CycleActRefusal.DEADLINE_HAS_PASSED
    (answer,) = (one for one in stage.settler.tick(stage.now_s) if one.cycle and one.cycle.number == 1)
    assert answer.cycle is not None
    assert (answer.cycle.state, answer.cycle.reason) == (State.FAILED, "time_out")
    assert stage.pending() == {}
    assert stage.events()[-1] == "settlement.failed"


def test_a_venue_that_is_short_brings_it_or_the_cycle_fails(stage: Stage) -> None:
    owes = {HOUSE: -70, "maker": 70}
    stage.computed()
    assert stage.propose(owes, short_units=20).ok
    assert (stage.cycle().state, stage.cycle().short_units) == (State.LATE, 20)
    assert stage.propose(owes, short_units=5).refusal is CycleActRefusal.VENUE_IS_SHORT
    assert stage.propose({HOUSE: -50, "maker": 50}).ok
    assert stage.agree().ok
    assert finished(stage) is State.CONFIRMED
    stage.computed("harbour/2")
    assert stage.propose({HOUSE: -1, "maker": 1}, "harbour/2", short_units=1).ok
    stage.wait(TERMS.top_up_s)
    stage.settler.tick(stage.now_s)
    assert stage.cycle("harbour/2").state is State.FAILED


def test_what_the_books_refuse_changes_nothing(stage: Stage) -> None:
    stage.computed()
    assert stage.propose({"hedger": -101, "maker": 101}).ok
    answer = stage.agree()
    assert answer.refusal is CycleActRefusal.BOOKS_REFUSED
    assert stage.cycle().state is State.PROPOSED
    assert stage.events()[-1] == "settlement.proposed"


def test_whoever_receives_for_the_first_time_gets_an_account(stage: Stage) -> None:
    stage.agreed({"hedger": -40, "newcomer": 40})
    assert finished(stage) is State.CONFIRMED
    assert stage.settler.books.balance("USDC/client/newcomer/delegated/harbour") == 40


STATED, EXPECTED = {"hedger": -40, "maker": 30, HOUSE: 10}, {"hedger": -25, "maker": 30, HOUSE: -5}


def test_the_undisputed_part_pays_and_the_ruling_settles_in_the_next_cycle(stage: Stage) -> None:
    stage.computed()
    assert stage.propose(STATED).ok
    answer = stage.settler.dispute("harbour/1", Report((), STATED, EXPECTED), stage.now_s)
    assert [one.name for one in answer.events] == ["settlement.disputed", "dispute.opened"]
    assert stage.pending() == {"hedger": 40}
    assert stage.propose({"maker": 30, HOUSE: -30}).refusal is CycleActRefusal.NOBODY_IS_EXCLUDED
    assert stage.propose({"maker": 30, HOUSE: -30}, excluded=("hedger",)).ok
    assert stage.agree().ok
    assert finished(stage) is State.PARTIALLY_COMPLETED
    assert stage.cycle().excluded == ("hedger",)
    assert stage.pending() == {"hedger": 40}, "what is disputed stays held"

    def rule(act: Act, by: str, **more: object) -> object:
        said = DisputeSaid(act, by, **more)
        return stage.settler.act_on_dispute("harbour/1/hedger", said, stage.now_s).refusal

    assert rule(Act.REVIEW, "custodian") is DisputeRefusal.IS_NOT_THE_SPEAKERS_TO_SAY
    assert rule(Act.REVIEW, "venue") is None
    outside = rule(Act.ADJUST, "venue", units=-41, settles_in="harbour/2")
    assert outside is DisputeRefusal.ADJUSTMENT_IS_OUTSIDE_BOTH
    assert rule(Act.ADJUST, "venue", units=-30) is DisputeRefusal.NEXT_CYCLE_IS_NOT_NAMED
    assert rule(Act.ADJUST, "venue", units=-30, settles_in="harbour/2") is None
    stage.computed("harbour/2")
    assert stage.propose({"hedger": -30, HOUSE: 30}, "harbour/2").ok
    assert stage.agree("harbour/2").ok
    assert stage.pending() == {"hedger": 30}
    assert finished(stage, "harbour/2") is State.CONFIRMED
    assert stage.events().count("dispute.closed") == 1


def test_the_journal_is_whole_after_all_that(stage: Stage) -> None:
    stage.agreed(PAYS)
    finished(stage)
    assert stage.settler.books.verify() == []
