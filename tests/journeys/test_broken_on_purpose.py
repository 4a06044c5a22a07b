"""Every rule that must always hold, broken behind the desk's back, and named: what, whose, expected, found."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from custody.books import BooksError
from custody.delegation import Order, Standing, complete, delegate
from custody.transfers import Reason, Transfer
from settlement.batch import Change, Mark, MirrorBatch
from settlement.contracts import TOKEN, VAULT
from settlement.desk.auditing import InvariantError
from settlement.keys import signer_of
from settlement.mirror import HOUSE
from settlement.node import ChainError
from settlement.signed_marks import MarkBatch
from tests.settlement.sole_minter import as_the_minter

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD = 10**6
BROKEN = (InvariantError, BooksError)


def sql(harbour: "Harbour", statement: str) -> None:
    """As somebody with the ledger's file in hand."""
    with harbour.world.database.transaction() as tx:
        changed = tx.exec_driver_sql(statement)
        assert changed.rowcount == 1, "the fault must be there to be found"


def one_posted(harbour: "Harbour") -> str:
    """A posted transfer of a client's first deposit."""
    found = harbour.world.books.transfers(account_id="USDC/client/hedger/available")
    return next(recorded.transfer.id for recorded in found if recorded.transfer.id.endswith(":post"))


def mirror_behind_the_back(harbour: "Harbour", *rows: tuple[str, int]) -> None:
    """A batch of the perpetual's lots by a second operator, right in form, which the desk knows nothing of."""
    world = harbour.world
    sequence, previous = world.contracts.head()
    changes = {(1, world.holder_address(party, "harbour")): Change(lots, 0) for party, lots in rows}
    batch = MirrorBatch.of(sequence + 1, previous, world.now_s, {1: Mark(world.marks_e6[1])}, changes)
    world.contracts.chain.send_together([world.contracts.mirroring(batch)])


# -- the ledger --------------------------------------------------------------------------------------------------------


def test_all_holds_before_anything_is_broken(busy: "Harbour") -> None:
    """The control: the same desk, unbroken, passes, and goes on working."""
    busy.desk.audit.after_act()
    busy.settle(98_000)
    busy.desk.audit.after_act()


def test_the_changed_amount_of_a_transfer_is_found(busy: "Harbour") -> None:
    sql(busy, f"UPDATE transfer SET amount = amount + 1 WHERE id = '{one_posted(busy)}'")
    with pytest.raises(BROKEN, match="USDC/"):
        busy.desk.audit.after_act()


@pytest.mark.parametrize("counter", ["debits_posted", "credits_posted"])
def test_a_changed_counter_is_found_with_its_account(busy: "Harbour", counter: str) -> None:
    sql(busy, f"UPDATE account SET {counter} = {counter} + 5 WHERE id = 'USDC/suspense'")
    with pytest.raises(BROKEN, match="USDC/suspense"):
        busy.desk.audit.after_act()


def test_a_transfer_that_is_gone_is_found(busy: "Harbour") -> None:
    sql(busy, f"DELETE FROM transfer WHERE id = '{one_posted(busy)}'")
    with pytest.raises(BROKEN, match="USDC/"):
        busy.desk.audit.after_act()


# -- marks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moved_e6", "told"), [(USD, "mark on chain"), (0, "time of the mark on chain")])
def test_marks_published_behind_the_back_are_named(busy: "Harbour", moved_e6: int, told: str) -> None:
    """Signed by the sources, as all that the feed takes; but not what the cut-off's batch says."""
    busy.settle(98_000)
    contracts, (as_of_s, prices_e6) = busy.world.contracts, busy.desk.settlement.marked
    busy.desk.audit.after_act()
    others = {number: price_e6 + moved_e6 for number, price_e6 in prices_e6.items()}
    batch = MarkBatch.of(1, as_of_s + 1, others)
    contracts.chain.send_together([contracts.marking(batch, batch.digest(contracts.marks_domain))])
    with pytest.raises(InvariantError, match=f"{told}.*harbour BTC-PERP"):
        busy.desk.audit.after_cycle()


# -- positions ---------------------------------------------------------------------------------------------------------


def test_a_position_changed_on_chain_is_named_with_both_numbers(busy: "Harbour") -> None:
    mirror_behind_the_back(busy, ("hedger", 7), (HOUSE, -7))
    with pytest.raises(InvariantError) as told:
        busy.desk.audit.after_act()
    assert "position on chain of BTC-PERP of hedger at harbour: expected 10,000, found 10,007" in str(told.value)
    assert "position on chain of BTC-PERP of house at harbour: expected -6,000, found -6,007" in str(told.value)


def test_a_slot_of_the_chains_storage_overwritten_is_a_break_and_no_longer_sums_to_zero(busy: "Harbour") -> None:
    """The node's operator can write what no contract allows; the slot is found by trying those that hold the lots."""
    world = busy.world
    holder = world.holder_address("hedger", "harbour")
    overwrite_position(busy, holder, 10_001)
    assert world.contracts.positions_of([(holder, 1)]) == [10_001]
    with pytest.raises(InvariantError) as told:
        busy.desk.audit.after_act()
    assert "position on chain of BTC-PERP of hedger at harbour: expected 10,000, found 10,001" in str(told.value)
    assert "positions on chain of harbour BTC-PERP: expected 0, found 1" in str(told.value)


def overwrite_position(harbour: "Harbour", holder: str, lots: int) -> None:
    from eth_utils.crypto import keccak

    node, book = harbour.node, harbour.world.contracts.positions
    lane = 128  # of instrument 1 in page 0: the second from the top
    for base in range(4):  # mapping(account ‖ page => lanes) behind what AccessControl keeps
        key = int(holder, 16) << 32
        slot = "0x" + keccak(key.to_bytes(32, "big") + base.to_bytes(32, "big")).hex()
        if int(node.rpc("eth_getStorageAt", book, slot, "latest"), 16):
            node.rpc("anvil_setStorageAt", book, slot, f"0x{lots << lane:064x}")
            return
    raise AssertionError("no slot holds the position")


def test_a_fill_booked_on_one_side_only_is_named(busy: "Harbour") -> None:
    busy.world.mirror.positions["harbour", "hedger"][1] += 3
    with pytest.raises(InvariantError, match="positions in the mirror of harbour BTC-PERP: expected 0, found 3"):
        busy.desk.audit.after_cycle()


def test_a_fill_that_never_reached_the_chain_is_named(busy: "Harbour") -> None:
    busy.trade("maker", 1)
    busy.world.new_fills.clear()
    busy.desk.audit.after_cycle()
    with pytest.raises(InvariantError, match=r"position on chain of BTC-PERP of maker.*expected -3,000, found -4,000"):
        busy.desk.audit.after_act()


def test_the_next_batch_after_a_strange_one_is_refused_by_the_chain(busy: "Harbour") -> None:
    mirror_behind_the_back(busy, ("hedger", 7), (HOUSE, -7))
    busy.trade("maker", 1)
    with pytest.raises(ChainError, match=r"positions mirrored: wrong sequence \(expected 4, given 3\)"):
        busy.settle(99_000)


# -- claims ------------------------------------------------------------------------------------------------------------


def supply_of(harbour: "Harbour") -> int:
    return harbour.world.contracts.total_supply(harbour.world.setting.schedule["USDC"].asset)


def test_a_claim_minted_behind_the_ledgers_back_is_named_with_both_numbers(busy: "Harbour") -> None:
    contracts, supply = busy.world.contracts, supply_of(busy)
    as_the_minter(contracts, "USDC", TOKEN.call("mint", signer_of("stranger").address, 5))
    with pytest.raises(InvariantError, match=f"token supply of USDC: expected {supply:,}, found {supply + 5:,}"):
        busy.desk.audit.after_cycle()


def test_a_claim_burned_behind_the_ledgers_back_is_named_with_both_numbers(busy: "Harbour") -> None:
    contracts, supply = busy.world.contracts, supply_of(busy)
    as_the_minter(contracts, "USDC", TOKEN.call("adminBurn", contracts.vault, 5))
    with pytest.raises(InvariantError, match=f"token supply of USDC: expected {supply:,}, found {supply - 5:,}"):
        busy.desk.audit.after_cycle()


def test_a_delegation_that_the_chain_never_heard_of_is_named(busy: "Harbour") -> None:
    """Both legs of it, so that the books themselves are sound: only the comparison with the chain can find it."""
    world, supply = busy.world, supply_of(busy)
    order = Order("behind/1", 9, world.now_s, Reason.DELEGATION)
    held = delegate(world.standing, world.charts["USDC"], "hedger", "harbour", order)
    world.post(held)
    busy.desk.audit.after_act()  # held only: nothing stands there yet
    world.post(complete(held, world.now_s))
    with pytest.raises(InvariantError, match=f"token supply of USDC: expected {supply + 9:,}, found {supply:,}"):
        busy.desk.audit.after_cycle()


def test_claims_moved_between_compartments_keep_the_supply_and_are_found_all_the_same(busy: "Harbour") -> None:
    """Credited to the house instead of a client: only the compartments, one by one, can tell."""
    world, chain = busy.world, busy.world.contracts.chain
    token = world.contracts.tokens["USDC"]
    world.contracts.release(
        world.setting.schedule["USDC"].asset, signer_of("venue/harbour"), world.venue_address("harbour"), 11, 2**40
    )
    as_the_minter(world.contracts, "USDC", TOKEN.call("mint", world.contracts.vault, 11))
    stranger = world.holder_address("bystander", "harbour")
    credit = VAULT.call("credit", stranger, world.venue_address("harbour"), token, 11)
    chain.send(world.contracts.vault, credit, "behind the back")
    busy.desk.audit.after_cycle()
    with pytest.raises(InvariantError, match="compartment on chain of USDC of house at harbour: expected"):
        busy.desk.audit.after_act()


def test_a_pooled_claim_without_its_part_of_the_omnibus_is_named(
    open_harbour: Callable[[Standing], "Harbour"],
) -> None:
    harbour = open_harbour(Standing.POOLED)
    harbour.bring("hedger", 300_000, 150_000)
    chart = harbour.world.charts["USDC"]
    claim, pool = chart.claim("hedger", "harbour").id, chart.pool("harbour").id
    harbour.world.post([Transfer("behind/1", claim, pool, 8, Reason.CORRECTION)])
    with pytest.raises(InvariantError) as told:
        harbour.desk.audit.after_cycle()
    broken = "of USDC at harbour: expected 150,000,000,000, found 149,999,999,992"
    listed = [line.strip() for line in str(told.value).splitlines()[1:]]
    assert listed == [f"claims on the omnibus {broken}", f"pool {broken}"]
    assert str(told.value).startswith("pooled desk at ")


# -- disagreement ------------------------------------------------------------------------------------------------------


def test_a_venue_that_says_otherwise_is_disputed_and_no_money_moves(busy: "Harbour") -> None:
    """The venue books one fill that it did not report; the custodian's own mirror is what counts."""
    venue_book = busy.world.venue_books["harbour"]
    venue_book.owe("harbour", "hedger", HOUSE, 25)
    busy.see(600, 98_000)
    before, heads = busy.picture(), busy.world.books.head()
    told = busy.work(cut_off=True)
    disputed = [happening for happening in told if happening.kind == "cycle_disputed"]
    assert len(disputed) == 1
    assert (disputed[0].party, disputed[0].facts["differences"]) == ("hedger", 2)
    custodian = busy.world.mirror.dues("harbour", busy.world.marks_e6)["hedger"]
    assert disputed[0].facts["custodian_says_units"] == custodian
    assert disputed[0].facts["venue_says_units"] == custodian - 25
    assert busy.changed_since(before) == {}, "positions may be mirrored; money, claims and dues stay"
    assert busy.world.books.head() == heads
    assert busy.desk.settlement.open == {}
    busy.see(600, 98_000)
    assert busy.work() == []
    assert busy.changed_since(before) == {}
    busy.desk.audit.after_act()

    venue_book.owe("harbour", HOUSE, "hedger", 25)  # once they agree again, the same cycle goes through
    assert [happening.kind for happening in busy.settle(98_000)] == ["cycle_settled", "venue_resumed"]
    busy.desk.audit.after_act()


def test_what_failed_is_said_with_the_regime_and_the_time(busy: "Harbour") -> None:
    busy.world.mirror.positions["harbour", "hedger"][1] += 3
    with pytest.raises(InvariantError) as told:
        busy.desk.audit.after_cycle()
    first = str(told.value).splitlines()[0]
    assert first == f"{busy.world.standing.value} desk at {busy.world.now_s}: must hold, but does not:"
