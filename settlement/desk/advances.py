"""What a venue's own compartment paid on chain for a client that had left in front of a cycle: the client's debt.

The contract takes from a payer what is in its compartment, and the rest from the venue's own. The books had held the
whole of it; once they say the same as the chain, the client has what it left with, and owes the venue the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from custody.delegation import Order, pay
from custody.transfers import Reason, Transfer
from settlement.chain import Receipt
from settlement.cycle import Cycle
from settlement.desk.world import DeskError, World
from settlement.mirror import HOUSE
from settlement.postings import party_account
from settlement.vault_events import shortfalls_in


@dataclass(frozen=True, slots=True)
class Advance:
    """Ledger units of an asset that a venue has paid in a debtor's place."""

    debtor: str
    venue: str
    asset: str
    units: int


def advances_in(world: World, cycle: Cycle, receipt: Receipt) -> list[Advance]:
    """The advances of a cycle that was made final by this transaction; DeskError for a payer that nobody knows."""
    venue, tokens = cycle.venue, {token: symbol for symbol, token in world.contracts.tokens.items()}
    payers = {world.holder_address(row.party, venue): row.party for row in cycle.plan.obligations}
    found = []
    for event in shortfalls_in(receipt.logs, world.contracts.vault):
        if event.venue != world.venue_address(venue) or event.holder == event.venue:
            continue
        if event.holder not in payers:
            raise DeskError(f"{venue} paid {event.amount} for {event.holder}, which owed nothing in its cycle")
        symbol = tokens[event.token]
        units = world.setting.schedule[symbol].asset.from_chain(event.amount)
        found.append(Advance(payers[event.holder], venue, symbol, units))
    return found


def transfers_of(world: World, advances: Sequence[Advance], name: str) -> tuple[Transfer, ...]:
    """The advances in the books: out of the venue's collateral, into what the debtor was taken for."""
    return tuple(
        pay(
            party_account(world.standing, chart := world.charts[one.asset], one.venue, HOUSE),
            party_account(world.standing, chart, one.venue, one.debtor),
            Order(f"cycle/{name}:advance:{number}", one.units, world.now_s, Reason.WATERFALL, name),
        )
        for number, one in enumerate(advances)
    )
