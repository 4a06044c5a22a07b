"""Faults that only a full audit sees: the digests and seals of the journal, and the head of the chain of batches."""

from typing import TYPE_CHECKING

import pytest

from settlement.batch import Change, Mark, MirrorBatch
from settlement.keys import signer_of

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD = 10**6


def sql(harbour: "Harbour", statement: str) -> None:
    with harbour.world.database.transaction() as tx:
        assert tx.exec_driver_sql(statement).rowcount >= 1


def mirror_behind_the_back(harbour: "Harbour", buyer: str, seller: str) -> None:
    """A batch that the desk knows nothing of: seven lots from one address to another."""
    world = harbour.world
    sequence, previous = world.contracts.head()
    changes = {(1, buyer): Change(7, 0), (1, seller): Change(-7, 0)}
    batch = MirrorBatch.of(sequence + 1, previous, world.now_s, {1: Mark(world.marks_e6[1])}, changes)
    world.contracts.chain.send_together([world.contracts.mirroring(batch)])


def test_the_changed_amount_of_a_pending_transfer_is_found(busy: "Harbour") -> None:
    sql(
        busy,
        "UPDATE transfer SET amount = amount + 1 WHERE position = (SELECT min(position) FROM transfer WHERE kind = 2)",
    )
    with pytest.raises(Exception, match=r"position \d+"):
        busy.desk.audit.after_act()


def test_a_changed_pending_counter_is_found(busy: "Harbour") -> None:
    sql(busy, "UPDATE account SET credits_pending = credits_pending + 5 WHERE id = 'USDC/suspense'")
    with pytest.raises(Exception, match="USDC/suspense"):
        busy.desk.audit.after_act()


def test_a_transfer_changed_together_with_its_counters_is_found(busy: "Harbour") -> None:
    """A deposit and a half, with every counter to match: only its digest knows."""
    sql(
        busy,
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 3 AND credit_account ="
        " (SELECT key FROM account WHERE id = 'USDC/client/bystander/available')",
    )
    sql(busy, "UPDATE account SET credits_posted = credits_posted + 1 WHERE id = 'USDC/client/bystander/available'")
    sql(busy, "UPDATE account SET debits_posted = debits_posted + 1 WHERE id = 'USDC/vault'")
    with pytest.raises(Exception, match=r"position \d+"):
        busy.desk.audit.after_act()


def test_a_removed_seal_is_found(busy: "Harbour") -> None:
    """No transfer and no counter has changed, but what was recorded at two times is now recorded at one."""
    sql(busy, "DELETE FROM seal WHERE position = (SELECT min(position) FROM seal)")
    with pytest.raises(Exception, match=r"seal at position \d+"):
        busy.desk.audit.after_act()


def test_a_batch_between_strangers_is_found(busy: "Harbour") -> None:
    """Positions that the desk does not ask about; but the chain's head is no longer the desk's."""
    mirror_behind_the_back(busy, signer_of("stranger/1").address, signer_of("stranger/2").address)
    with pytest.raises(Exception, match=r"(?i)batch|digest|sequence"):
        busy.desk.audit.after_act()


def test_a_client_without_a_position_that_has_one_on_chain_is_found(busy: "Harbour") -> None:
    """The bystander has never traded: it is in no mirror, so it is not asked about, and its opposite is a stranger."""
    world = busy.world
    mirror_behind_the_back(busy, world.holder_address("bystander", "harbour"), signer_of("stranger/2").address)
    with pytest.raises(Exception, match=r"bystander|digest|batch"):
        busy.desk.audit.after_act()
