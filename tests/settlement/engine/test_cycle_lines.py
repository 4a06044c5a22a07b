"""A cycle that the chain has paid, held against what the books posted for it: each way in which they can differ."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from custody.accounts import Chart
from custody.database import LEDGER, open_database
from custody.transfers import Reason, Transfer
from scripts.faults.settling_stage import Stage, stage_on
from settlement.chain_hearing import TOPICS, Duty, standings
from settlement.commands.three_sides import reconciled
from settlement.contracts import Contracts
from settlement.cycle_states import Act, Actor, State
from settlement.engine.cycle_lines import cycle_lines
from settlement.mirror import HOUSE
from settlement.reconciling.amounts import Worth
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.breaks import BreakType, Outcome
from settlement.reconciling.cycles import compare_cycles
from settlement.reconciling.whereabouts import ContractAt, Whereabouts
from settlement.records import DESK

PAYS = {"hedger": -40, "maker": 30, HOUSE: 10}
BETWEEN = Chart("USDC").venue_settlement("harbour").id


@pytest.fixture
def stage(contracts: Contracts, tmp_path: Path) -> Iterator[Stage]:
    with closing(open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, DESK))) as database:
        yield stage_on(contracts, database)


def compared(stage: Stage) -> Outcome:
    asked = {"address": stage.contracts.settlement, "topics": [list(TOPICS)], "fromBlock": "0x0"}
    told = standings(stage.contracts.chain.node.rpc("eth_getLogs", asked))
    with stage.settler.database.snapshot() as reader:
        return compare_cycles(list(cycle_lines(reader, stage.settler.books, told)), Worth(1))


def asked_by_the_command(stage: Stage, place: Path) -> Outcome:
    """As `bulkhead reconcile` asks, of a file that names the contracts alone."""
    contracts, node = stage.contracts, stage.contracts.chain.node
    book = ContractAt("SettlementBook", contracts.settlement)
    where = Whereabouts(node.name, node.chain_id, contracts.vault, contracts.positions, (book,), (), (), ())
    return reconciled(AtBlock.of(node), str(place), where)


def final(stage: Stage) -> None:
    stage.agreed(PAYS)
    assert stage.send() is Duty.PROPOSE
    assert stage.hear() is State.WINDOW
    stage.wait(300)
    assert stage.send() is Duty.FINALIZE


def test_a_cycle_that_is_paid_once_on_both_sides_is_clean(stage: Stage) -> None:
    final(stage)
    waiting = compared(stage)
    assert (waiting.breaks, [one.place for one in waiting.explained]) == ((), ["harbour/1"])
    stage.mine()
    assert stage.hear() is State.PAID
    told = compared(stage)
    assert (told.breaks, told.explained, told.compared) == ((), (), 4)


def test_what_is_posted_for_a_cycle_beside_its_payments_is_found(stage: Stage, tmp_path: Path) -> None:
    final(stage)
    stage.mine()
    assert stage.hear() is State.PAID
    account = stage.account("maker")
    again = Transfer("again", stage.account("treasury"), account, 30, Reason.SETTLEMENT, reference="harbour/1")
    assert stage.settler.books.post([again], stage.now_s)[0].ok
    by_command = asked_by_the_command(stage, tmp_path / "ledger.sqlite")
    assert [one.id for one in by_command.breaks if one.what == "payment"] == [one.id for one in compared(stage).breaks]
    found = {one.place: (one.type, one.effect_e6) for one in compared(stage).breaks}
    assert found == {
        f"{account} in harbour/1": (BreakType.DUPLICATE, 30),
        f"{stage.account('treasury')} in harbour/1": (BreakType.AMOUNT, 30),
    }


def test_a_cycle_that_the_books_gave_up_and_the_chain_has_paid_is_found(stage: Stage) -> None:
    """The books hear of another chain than the one that pays: they void, and the payment comes."""
    stage.agreed(PAYS)
    assert stage.send() is Duty.PROPOSE
    assert stage.hear() is State.WINDOW
    assert stage.said(Act.REORGANISE, Actor.CHAIN).ok
    stage.wait(300)
    call = stage.contracts.finality(stage.signed[stage.cycle().digest])
    stage.contracts.chain.send_together([call])
    assert not compared(stage).reconciled
    kinds = [(one.what, one.type) for one in compared(stage).breaks]
    assert kinds == [("cycle", BreakType.STATUS), *[("payment", BreakType.MISSING)] * 3]
