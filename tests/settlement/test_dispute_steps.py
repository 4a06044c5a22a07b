"""The rule of a dispute: refusals in their order, who may say what, what is held, and what silence decides."""

from dataclasses import replace

import pytest

from custody.accounts import Chart
from custody.delegation import Standing
from settlement.cycle_states import Act, DisputeState
from settlement.dispute import Report
from settlement.dispute_steps import (
    Dispute,
    DisputeGround,
    DisputeRefusal,
    DisputeSaid,
    DisputeTerms,
    Refused,
    Stepped,
    disputes_of,
    step,
)

GROUND = DisputeGround(Standing.SEGREGATED, Chart("USDC"), DisputeTerms())
NEW = Dispute("harbour/1/hedger", "harbour/1", "harbour", "hedger", -40, -25)
NOW_S = 1_000


def stepped(dispute: Dispute, act: Act, by: str, now_s: int = NOW_S, **more: object) -> Stepped:
    found = step(dispute, DisputeSaid(act, by, **more), now_s, GROUND)
    assert isinstance(found, Stepped), found
    return found


def opened(dispute: Dispute = NEW, spendable: int = 100) -> Dispute:
    return stepped(dispute, Act.OPEN, dispute.opener, spendable_units=spendable).dispute


def reviewed(dispute: Dispute = NEW) -> Dispute:
    other = {"custodian": "venue", "venue": "custodian"}[dispute.opener]
    return stepped(opened(dispute), Act.REVIEW, other).dispute


def test_refusals_come_in_their_order_one_cure_at_a_time() -> None:
    settled = replace(reviewed(), state=DisputeState.CLOSED, deadline_s=NOW_S, stated_units=-25)
    said = DisputeSaid(Act.ADJUST, "custodian", units=-41)
    steps = (
        (settled, said),
        (replace(settled, deadline_s=0), said),
        (replace(reviewed(), stated_units=-25), said),
        (replace(reviewed(), stated_units=-25), replace(said, by="venue")),
        (reviewed(), replace(said, by="venue")),
        (reviewed(), replace(said, by="venue", units=-40)),
    )
    told = []
    for dispute, one in steps:
        found = step(dispute, one, NOW_S, GROUND)
        assert isinstance(found, Refused)
        told.append(found.refusal)
    assert told == [
        DisputeRefusal.DEADLINE_HAS_PASSED, DisputeRefusal.ACT_IS_NOT_LISTED,
        DisputeRefusal.IS_NOT_THE_SPEAKERS_TO_SAY, DisputeRefusal.NOTHING_DIFFERS,
        DisputeRefusal.ADJUSTMENT_IS_OUTSIDE_BOTH, DisputeRefusal.NEXT_CYCLE_IS_NOT_NAMED,
    ]  # fmt: skip
    early = step(opened(), DisputeSaid(Act.TIME_OUT, "clock"), NOW_S, GROUND)
    elsewhere = step(
        replace(reviewed(), state=DisputeState.UPHELD, settles_in="harbour/2"),
        DisputeSaid(Act.SETTLE, "custodian", settles_in="harbour/3"), NOW_S, GROUND,
    )  # fmt: skip
    assert [one.refusal for one in (early, elsewhere) if isinstance(one, Refused)] == [
        DisputeRefusal.DEADLINE_HAS_NOT_PASSED,
        DisputeRefusal.SETTLES_IN_ANOTHER_CYCLE,
    ]


@pytest.mark.parametrize(("opener", "act", "units", "ruled"), [
    ("custodian", Act.UPHOLD, 0, -25), ("custodian", Act.RETRACT, 0, -40), ("custodian", Act.ADJUST, -30, -30),
    ("venue", Act.UPHOLD, 0, -40), ("venue", Act.RETRACT, 0, -25), ("venue", Act.ADJUST, -25, -25),
])  # fmt: skip
def test_a_ruling_settles_what_the_opener_claims_or_what_was_stated_or_what_lies_between(
    opener: str, act: Act, units: int, ruled: int
) -> None:
    other = {"custodian": "venue", "venue": "custodian"}[opener]
    by = opener if act is Act.RETRACT else other
    found = stepped(reviewed(replace(NEW, opener=opener)), act, by, units=units, settles_in="harbour/2")
    assert (found.dispute.ruled_units, found.dispute.settles_in) == (ruled, "harbour/2")
    assert (found.dispute.stated_units, found.dispute.expected_units) == (-40, -25), "both computations stay"
    closed = stepped(found.dispute, Act.SETTLE, "custodian", settles_in="harbour/2")
    assert [(one.pending_id, one.kind.name) for one in closed.transfers] == [("dispute/harbour/1/hedger", "VOID")]


def test_a_reviewer_that_is_silent_has_let_the_claim_stand() -> None:
    for waiting in (opened(), reviewed()):
        found = stepped(waiting, Act.TIME_OUT, "clock", waiting.deadline_s + 5)
        assert (found.dispute.state, found.dispute.ruled_units) == (DisputeState.UPHELD, -25)
        assert found.event.occurred_at_s == waiting.deadline_s
        assert found.event.name == "dispute.upheld"
        forgotten = stepped(found.dispute, Act.TIME_OUT, "clock", found.dispute.deadline_s)
        assert (forgotten.dispute.state, len(forgotten.transfers)) == (DisputeState.CLOSED, 1)


@pytest.mark.parametrize(("stated", "expected", "account", "wanted"), [
    (-40, -25, "USDC/client/hedger/delegated/harbour", 40),
    (10, -25, "USDC/client/hedger/delegated/harbour", 25),
    (10, 25, "USDC/venue/harbour/collateral", 25),
    (40, 0, "USDC/venue/harbour/collateral", 40),
])  # fmt: skip
def test_what_is_held_pays_either_outcome(stated: int, expected: int, account: str, wanted: int) -> None:
    about = replace(NEW, stated_units=stated, expected_units=expected)
    (hold,) = stepped(about, Act.OPEN, "custodian", spendable_units=100).transfers
    assert (hold.debit_account, hold.amount) == (account, wanted)
    (less,) = stepped(about, Act.OPEN, "custodian", spendable_units=7).transfers
    assert less.amount == 7, "no more than there is"
    assert stepped(about, Act.OPEN, "custodian", spendable_units=0).transfers == ()


def test_there_is_one_dispute_for_each_client_that_differs_and_none_for_the_house() -> None:
    report = Report((), {"hedger": -40, "house": 35, "maker": 5}, {"hedger": -25, "house": 20, "maker": 5})
    (only,) = disputes_of(report, "harbour/1", "harbour", "{}")
    assert (only.id, only.stated_units, only.expected_units) == ("harbour/1/hedger", -40, -25)
