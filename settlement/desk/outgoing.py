"""Messages to the chain: stored with their digests before they are sent, sent together, answered in the same place."""

from collections.abc import Sequence
from dataclasses import dataclass

from custody.transfers import Transfer
from settlement import records
from settlement.chain import Call, Receipt
from settlement.desk.liens import LienRoom
from settlement.desk.world import World


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call with the record of it, and the transfers that are held in the books while it is on its way."""

    message: records.Message
    call: Call
    holds: tuple[Transfer, ...] = ()


def dispatch(world: World, liens: LienRoom, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    """Store what is about to be sent, with its holds, liens and the fills behind it, in one transaction; then send it.

    No call is made inside the transaction. A crash in between leaves messages without a receipt: what a recovery asks
    the chain about (`records.unanswered`).
    """
    with world.database.transaction() as tx:
        records.store_fills(tx, world.new_fills)
        for one in outgoing:
            world.post_in(tx, one.holds)
            records.store_message(tx, one.message)
        liens.write(tx)
    world.new_fills.clear()
    world.new_payments.clear()
    return world.contracts.chain.send_together([one.call for one in outgoing])


def answered(world: World, receipts: Sequence[tuple[bytes, Receipt]]) -> None:
    """Note which transactions carried the messages with these digests."""
    with world.database.transaction() as tx:
        for digest, receipt in receipts:
            records.store_receipt(tx, digest, receipt.tx_hash)
