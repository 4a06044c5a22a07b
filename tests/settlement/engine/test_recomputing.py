"""The custodian computes for itself: it signs what it finds, and disputes by name what it does not.

Real ledger, real contracts: a venue that states one price otherwise, and one client whose cycle waits for the ruling.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from custody.collateral import Eligible
from custody.database import LEDGER, open_database
from margin.instruments import Instrument, Kind
from scripts.faults.settling_stage import USDC, Stage, stage_on
from settlement.contracts import Contracts
from settlement.cut_off import Marks, Pinned, of_this_cycle, pin
from settlement.cycle_computing import Computed, Means, compute
from settlement.cycle_record import Said
from settlement.cycle_states import Act, Actor, State
from settlement.dispute import Statement, differences
from settlement.dispute_steps import DisputeSaid
from settlement.engine import cycle_store as store
from settlement.gross import Period, bilateral, multilateral
from settlement.mirror import HOUSE, Fill
from settlement.netting import Terms
from settlement.records import DESK
from tests.settlement.engine.test_settler import finished

LISTED = {1: Instrument(1, "harbour", "BTC-PERP", Kind.PERP, "BTC", 1, 1)}
MARK, SIGNED = 120, b"\x05" * 32
FILLS = (
    Fill("harbour", 1, 1, "maker", "hedger", 1, 90, 10, "trade"),
    Fill("harbour", 2, 1, "treasury", HOUSE, 1, 130, 20, "trade"),
)
LIE = (FILLS[0], replace(FILLS[1], price_e6=140))
TERMS = Terms({"USDC": Eligible(USDC, 0)}, "USDC", 0, 0)


@pytest.fixture
def stage(contracts: Contracts, tmp_path: Path) -> Iterator[Stage]:
    with closing(open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, DESK))) as database:
        yield stage_on(contracts, database)


def pinned(stage: Stage, fills: tuple[Fill, ...]) -> Pinned:
    cut_off_s = stage.cycle().cut_off_s
    marks = Marks({1: MARK}, {1: cut_off_s}, SIGNED)
    asked = {"venue": "harbour", "signed_marks": SIGNED, "missing": 0, "stale_s": 60, "now_s": cut_off_s}
    found = pin(None, cut_off_s, fills, marks, **asked)
    assert isinstance(found, Pinned)
    return found


def computed(stage: Stage, pin_of: Pinned, excluded: tuple[str, ...] = ()) -> Computed:
    held = {party: {"USDC": units} for party, units in stage.ledger().items() if party != HOUSE}
    means = Means(held, {"USDC": 10**6}, TERMS, stage.ledger()[HOUSE])
    period = Period({}, {}, of_this_cycle(pin_of, None), (), pin_of.marks.prices_e6)
    return compute(period, LISTED, means, excluded)


def test_the_custodian_signs_what_it_computes_itself_and_disputes_the_rest_by_name(stage: Stage) -> None:
    stage.settler.open("harbour", stage.now_s)
    assert stage.said(Act.CUT_OFF, Actor.OPERATOR, reference="schedule").ok
    theirs, ours = pinned(stage, LIE), pinned(stage, FILLS)
    stated = computed(stage, theirs)
    answer = stage.said(
        Act.COMPUTE, Actor.OPERATOR, fills_digest=theirs.fills_digest.hex(), marks_digest=SIGNED.hex()
    )  # fmt: skip
    assert answer.ok
    owed = {row.party: row.units for row in stated.obligations}
    assert owed == {"hedger": -30, "maker": 30, "treasury": -20, HOUSE: 20}
    assert stage.propose(owed, short_units=stated.short_units).ok
    assert ours.fills_digest != theirs.fills_digest

    report = differences(*(Statement(side.fills, side.marks.prices_e6, {}, {}) for side in (theirs, ours)), LISTED)
    (only,) = report.differences
    assert (only.reference, only.expected, only.stated) == ("2", "price_e6 130", "price_e6 140")
    assert only.effect_units == {HOUSE: 10, "treasury": -10}
    assert stage.settler.dispute("harbour/1", report, stage.now_s).ok
    assert stage.pending() == {"treasury": 20}

    # Both sides agree on everybody else: the house leg keeps the sum at zero.
    sides = [computed(stage, side, ("treasury",)) for side in (theirs, ours)]
    assert sides[0].obligations == sides[1].obligations
    rest = {row.party: row.units for row in sides[1].obligations}
    assert rest == {"hedger": -30, "maker": 30}
    assert stage.propose(rest, excluded=("treasury",)).ok
    assert stage.agree().ok
    assert finished(stage) is State.PARTIALLY_COMPLETED

    rule = DisputeSaid(Act.REVIEW, "venue")
    assert stage.settler.act_on_dispute("harbour/1/treasury", rule, stage.now_s).ok
    upheld = DisputeSaid(Act.UPHOLD, "venue", "price corrected", settles_in="harbour/2")
    assert stage.settler.act_on_dispute("harbour/1/treasury", upheld, stage.now_s).ok
    with stage.settler.database.snapshot() as reader:
        dispute = store.find_dispute(reader, "harbour/1/treasury")
    assert dispute is not None
    assert (dispute.stated_units, dispute.expected_units, dispute.ruled_units) == (-20, -10, -10)
    assert '"reference":"2"' in dispute.report

    stage.computed("harbour/2")
    assert stage.propose({"treasury": dispute.ruled_units, HOUSE: -dispute.ruled_units}, "harbour/2").ok
    assert stage.agree("harbour/2").ok
    assert stage.pending() == {"treasury": 10}
    assert finished(stage, "harbour/2") is State.CONFIRMED
    assert stage.ledger() == {"hedger": 70, "maker": 130, "treasury": 90, HOUSE: 60}


def test_the_gross_table_is_kept_and_its_net_is_what_was_proposed(stage: Stage) -> None:
    stage.settler.open("harbour", stage.now_s)
    assert stage.said(Act.CUT_OFF, Actor.OPERATOR, reference="schedule").ok
    found = computed(stage, pinned(stage, FILLS))
    said = stage.settler.act(
        "harbour/1", Said(Act.COMPUTE, Actor.OPERATOR, fills_digest="f", marks_digest="m"), stage.now_s, found.gross
    )
    assert said.ok
    with stage.settler.database.snapshot() as reader:
        kept = store.gross_of(reader, "harbour/1")
    assert tuple(kept) == found.gross
    assert multilateral(bilateral(kept)) == found.dues == {"hedger": -30, HOUSE: 10, "maker": 30, "treasury": -10}
