"""After a settlement every client holds a proof that its compartment covers its mirrored balance, or the desk stops.

The ledger and the chain are real; a client reads its proof back from the text that it would be given.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from custody.covering import Covering, SignedCompartments, check_covering, covering_in
from custody.delegation import Order, Standing, pay
from custody.publications import GENESIS, admit
from custody.signatures import Address, Hash
from custody.transfers import Reason
from scripts.walkthrough.proofs import clear_proofs, leave_proofs
from settlement.desk.auditing import InvariantError
from settlement.desk.covering import CoveringRoom, Edition
from settlement.keys import holder_of, signer_of

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD, CENT_OF_A_BTC = 10**6, 10**6
VENUE = "harbour"
CUSTODIAN = Address(signer_of("custodian").address)
Opens = Callable[[Standing], "Harbour"]


@pytest.fixture
def at_work(open_harbour: Opens) -> "Harbour":
    """Two clients with positions, one without who has half a bitcoin delegated beside its dollars; nothing settled."""
    harbour = open_harbour(Standing.SEGREGATED)
    for client in ("hedger", "maker", "bystander"):
        harbour.bring(client, 300_000, 150_000)
    collateral = harbour.desk.collateral
    collateral.bring("bystander", "BTC", 100 * CENT_OF_A_BTC)
    collateral.delegate("bystander", VENUE, "BTC", 50 * CENT_OF_A_BTC, harbour.world.now_s, Reason.DELEGATION)
    collateral.arrive()
    harbour.trade("hedger", 10)
    harbour.trade("maker", -4)
    harbour.work()
    return harbour


@pytest.fixture
def settled(at_work: "Harbour") -> "Harbour":
    at_work.settle(99_000)
    return at_work


def last(harbour: "Harbour") -> Edition:
    return harbour.desk.covering.editions[VENUE]


def files(folder: Path, harbour: "Harbour") -> dict[str, Covering]:
    """What every client is given, read back."""
    leave_proofs(folder, harbour.desk.covering.editions.values())
    return {file.stem: covering_in(file.read_text()) for file in sorted((folder / "proofs" / VENUE).iterdir())}


# -- what a client sees ------------------------------------------------------------------------------------------------


def test_every_client_sees_its_own_compartment_covered(settled: "Harbour", tmp_path: Path) -> None:
    """The hedger lost $10,000 and the maker made $4,000; dollars count for 98%, bitcoin at $99,000 for 90%."""
    proofs = files(tmp_path, settled)
    amounts = {}
    for client, proof in proofs.items():
        assert check_covering(proof, CUSTODIAN) is None
        own = proof.compartment
        assert (own.client, own.venue, own.cycle) == (client, VENUE, 1)
        assert own.collateral_units == own.mirrored_units
        amounts[client] = own.mirrored_units
    bystander = 150_000 * 98 * USD // 100 + 99_000 * 90 * USD // 200
    assert amounts == {"hedger": 137_200 * USD, "maker": 150_920 * USD, "bystander": bystander}
    statements = {proof.compartments for proof in proofs.values()}
    assert len(statements) == 1
    (signed,) = statements
    assert (signed.statement.units, signed.statement.accounts) == (sum(amounts.values()), 3)
    assert (tmp_path / "proofs").stat().st_mode & 0o077 == 0, "a proof tells what its client has"


def test_what_was_published_names_the_books_and_the_vault(settled: "Harbour") -> None:
    head, signed = settled.world.books.head(), last(settled).signed
    statement = signed.statement
    assert (statement.journal_position, statement.journal_head) == (head.position, Hash(head.digest))
    assert (statement.asset, statement.scale, statement.as_of_s) == ("USD", 6, settled.world.now_s)
    assert (signed.where.chain_id, signed.where.contract.value) == (31_337, settled.world.contracts.vault)


def test_what_is_held_for_a_recall_stands_in_books_and_chain_until_it_is_released(settled: "Harbour") -> None:
    asset = settled.world.setting.schedule["USDC"].asset
    settled.desk.collateral.instructing.recall("client/bystander", VENUE, asset, 50_000 * USD)
    settled.world.forget()
    assert settled.world.collateral("bystander", VENUE)["USDC"] == 100_000 * USD
    settled.settle(99_000)
    own = last(settled).proof("bystander").compartment
    assert own.cycle == 2
    assert own.collateral_units == own.mirrored_units == (150_000 * 98 // 100 + 99_000 * 90 // 200) * USD


def test_who_has_no_compartment_has_no_leaf_and_no_file(open_harbour: Opens, tmp_path: Path) -> None:
    harbour = open_harbour(Standing.SEGREGATED)
    harbour.bring("hedger", 300_000, 150_000)
    harbour.bring("bystander", 300_000, 0)
    harbour.trade("hedger", 1)
    harbour.work()
    harbour.settle(99_000)
    assert set(files(tmp_path, harbour)) == {"hedger"}
    with pytest.raises(KeyError):
        last(harbour).proof("bystander")
    harbour.delegate("bystander", 1_000)
    harbour.settle(99_000)
    assert set(files(tmp_path, harbour)) == {"hedger", "bystander"}
    harbour.desk.recalls.recall("bystander", VENUE, "USDC", 1_000 * USD)
    harbour.settle(99_000)
    clear_proofs(tmp_path)
    assert set(files(tmp_path, harbour)) == {"hedger"}
    assert (harbour.desk.covering.published, harbour.desk.covering.proven) == (3, 4)


def test_a_venue_in_which_nobody_has_anything_publishes_nothing(open_harbour: Opens) -> None:
    harbour = open_harbour(Standing.SEGREGATED)
    assert [told.kind for told in harbour.settle(99_000)] == ["cycle_settled"]
    assert (harbour.desk.covering.editions, harbour.desk.covering.published) == ({}, 0)


# -- in order ----------------------------------------------------------------------------------------------------------


def test_each_publication_follows_the_one_before(settled: "Harbour") -> None:
    published: list[SignedCompartments] = [last(settled).signed]
    for btc in (98_000, 98_000, 101_000):
        settled.settle(btc)
        published.append(last(settled).signed)
    where = settled.desk.covering.where
    statements = [signed.statement for signed in published]
    assert [(one.cycle, one.sequence) for one in statements] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert statements[0].previous_digest == GENESIS
    for before, after in pairwise([None, *statements]):
        assert after is not None
        assert admit(before, after, where, after.as_of_s, 0) is None
    assert admit(statements[0], statements[2], where, statements[2].as_of_s, 0) == "sequence_leaves_a_gap"
    assert {signed.check(CUSTODIAN) for signed in published} == {None}
    assert settled.desk.covering.proven == 12


def test_the_root_repeats_with_the_seed_and_with_no_other(at_work: "Harbour") -> None:
    at_work.see(600, 99_000)
    at_work.work(cut_off=True)
    at_work.see(600, 99_000)
    paid = at_work.desk.settlement.finalize()
    roots = []
    for seed in (7, 7, 8):
        room = CoveringRoom(at_work.world, seed)
        room.publish(paid)
        roots.append(room.editions[VENUE].tree.root)
    assert roots[0] == roots[1]
    assert roots[0].hash != roots[2].hash
    assert roots[0].units == roots[2].units


# -- broken on purpose -------------------------------------------------------------------------------------------------


def credited(harbour: "Harbour", client: str, symbol: str, units: int) -> None:
    """Claims in a client's compartment on chain that no ledger knows of."""
    world = harbour.world
    holder, at = world.holder_address(client, VENUE), world.venue_address(VENUE)
    world.contracts.credit(world.setting.schedule[symbol].asset, holder, at, units, world.reserves(symbol))


def moved_on_chain(harbour: "Harbour", giver: str, taker: str, units: int) -> None:
    """From one client's compartment to another's: the sum of all claims stays what the ledger says."""
    world = harbour.world
    asset, at = world.setting.schedule["USDC"].asset, world.venue_address(VENUE)
    world.contracts.release(asset, holder_of(giver, VENUE), at, units, world.now_s + 600)
    credited(harbour, taker, "USDC", units)


def taken_in_the_books(harbour: "Harbour", client: str, units: int) -> None:
    """Out of a compartment in the ledger alone."""
    world, chart = harbour.world, harbour.world.charts["USDC"]
    order = Order("behind/1", units, world.now_s, Reason.CORRECTION, "behind the back")
    world.post([pay(chart.delegated(client, VENUE), chart.available(client), order)])


Fault = Callable[["Harbour"], None]
FAULTS: dict[str, tuple[Fault, str]] = {
    "credited beyond the ledger": (
        lambda h: credited(h, "hedger", "USDC", 100 * USD),
        "hedger at harbour lacks 98000000",
    ),
    "in an asset that it does not have": (lambda h: credited(h, "maker", "BTC", 1), "maker at harbour lacks 891"),
    "taken from another, sums unchanged": (
        lambda h: moved_on_chain(h, "bystander", "maker", 50 * USD),
        "maker at harbour lacks 49000000",
    ),
    "gone from the books": (lambda h: taken_in_the_books(h, "hedger", 10 * USD), "hedger at harbour lacks 9800000"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_compartment_that_is_not_covered_stops_the_desk_and_is_named(settled: "Harbour", fault: str) -> None:
    inject, named = FAULTS[fault]
    published = last(settled)
    inject(settled)
    with pytest.raises(InvariantError, match=f"must hold, but does not:\n  {named} .*in cycle 2"):
        settled.settle(99_000)
    assert last(settled) is published, "nothing that is false is signed"
    assert settled.desk.covering.published == 1


def test_who_has_nothing_in_the_books_is_named_where_the_chain_shows_something(open_harbour: Opens) -> None:
    harbour = open_harbour(Standing.SEGREGATED)
    credited(harbour, "bystander", "USDC", 5)
    with pytest.raises(InvariantError, match=r"segregated desk at \d+: .*\n  bystander at harbour lacks 4 "):
        harbour.settle(99_000)


# -- pooled ------------------------------------------------------------------------------------------------------------


def test_of_a_pool_nothing_is_published(open_harbour: Opens, tmp_path: Path) -> None:
    harbour = open_harbour(Standing.POOLED)
    for client in ("hedger", "maker"):
        harbour.bring(client, 300_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.work()
    assert [told.kind for told in harbour.settle(99_000)] == ["cycle_settled"]
    covering = harbour.desk.covering
    assert (covering.editions, covering.published, covering.proven) == ({}, 0, 0)
    leave_proofs(tmp_path, covering.editions.values())
    assert list((tmp_path / "proofs").iterdir()) == []
