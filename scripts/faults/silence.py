"""The sides that fall silent in a cycle: each silence ends it where its table says, and the next one is settled whole.

Played on the schedule's own ledger and chain, after the engine has ended. The chain's clock is moved to the deadlines.
"""

from contextlib import closing
from random import Random

from custody.database import LEDGER, open_database
from scripts.faults.settling_stage import START_UNITS, Stage, stage_on
from settlement.contracts import Contracts
from settlement.cycle_states import Act, Actor, State
from settlement.mirror import HOUSE
from settlement.records import DESK

SILENCES = ("operator", "venue", "custodian", "custodian_after_payment")


def survived(contracts: Contracts, place: str, draw: Random) -> tuple[str, list[str]]:
    """Who was silent, and what is wrong afterwards: a sentence each."""
    who = draw.choice(SILENCES)
    amount = draw.randint(1, 90)
    rows = {"hedger": -amount, "maker": amount - 5, HOUSE: 5}
    with closing(open_database(place, schemas=(LEDGER, DESK))) as database:
        stage = stage_on(contracts, database)
        wrong = _silent(stage, who, rows)
        return who, wrong


def _silent(stage: Stage, who: str, rows: dict[str, int]) -> list[str]:
    if who == "custodian_after_payment":
        return _settled(stage, rows, "harbour/1", silently=True)
    stage.settler.open("harbour", stage.now_s)
    if who == "operator":
        stage.said(Act.CUT_OFF, Actor.OPERATOR, reference="demand")
    else:
        stage.computed()
    if who == "custodian":
        stage.propose(rows)
    _wait_out(stage, "harbour/1")
    wrong = [] if stage.cycle().state is State.FAILED else [f"silence of the {who} led to {stage.cycle().state}"]
    if stage.pending() or stage.ledger() != START_UNITS or stage.on_chain() != START_UNITS:
        wrong.append(f"silence of the {who} has moved or held money")
    return wrong + _settled(stage, rows, stage.settler.open("harbour", stage.now_s).id, silently=False)


def _settled(stage: Stage, rows: dict[str, int], cycle_id: str, *, silently: bool) -> list[str]:
    """A cycle to its end; `silently`: the custodian reconciles only after a deadline has gone by."""
    stage.agreed(rows, cycle_id)
    stage.send(cycle_id)
    stage.hear(cycle_id)
    stage.wait(300)
    stage.send(cycle_id)
    stage.mine()
    stage.hear(cycle_id)
    if silently:
        _wait_out(stage, cycle_id)
        if stage.cycle(cycle_id).state is not State.PAID:
            return [f"silence after payment led to {stage.cycle(cycle_id).state}"]
    stage.said(Act.RECONCILE, Actor.CUSTODIAN, cycle_id)
    wrong = [] if stage.cycle(cycle_id).state is State.CONFIRMED else [f"{cycle_id} is {stage.cycle(cycle_id).state}"]
    due = {party: units + rows.get(party, 0) for party, units in START_UNITS.items()}
    if not stage.ledger() == stage.on_chain() == due or stage.pending():
        wrong.append(f"{cycle_id}: due {due}, the ledger {stage.ledger()}, the chain {stage.on_chain()}")
    return wrong


def _wait_out(stage: Stage, cycle_id: str) -> None:
    """Nobody says anything until after the deadline."""
    stage.wait(max(stage.cycle(cycle_id).deadline_s - stage.now_s, 0) + 1)
    stage.settler.tick(stage.now_s)
