"""What the writer keeps in hand between posts: accounts with their counters, and where the journal ends.

A tally changes in place, and thousands of transfers a batch change a few of them: that is why it is no value, unlike
`Totals`. Whoever changes one writes it back in the same transaction, or forgets it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from custody.accounts import Account, Totals
from custody.journal import START, Seal


@dataclass(slots=True, eq=False)
class Tally:
    """An account's key, definition and running counters, in ledger units."""

    key: int
    account: Account
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0
    closed: bool = False

    def totals(self) -> Totals:
        """The counters as they stand now."""
        return Totals(self.debits_pending, self.debits_posted, self.credits_pending, self.credits_posted)

    def take(self, totals: Totals) -> None:
        """Stand at these counters from now on."""
        self.debits_pending, self.debits_posted = totals.debits_pending, totals.debits_posted
        self.credits_pending, self.credits_posted = totals.credits_pending, totals.credits_posted


@dataclass(slots=True)
class InHand:
    """The tallies touched so far, by name and by key; the last seal, and what it does not cover yet.

    `opened`: digests of accounts since, in order of their keys. `closed`: (key, closed_at_s) of those closed since.
    """

    last: Seal = START
    opened: list[bytes] = field(default_factory=list)
    closed: list[tuple[int, int]] = field(default_factory=list)
    by_id: dict[str, Tally] = field(default_factory=dict)
    by_key: dict[int, Tally] = field(default_factory=dict)

    def add(self, tallies: Iterable[Tally]) -> None:
        """Keep what was just read or opened."""
        for tally in tallies:
            self.by_id[tally.account.id] = tally
            self.by_key[tally.key] = tally

    def forget(self, tallies: Iterable[Tally]) -> None:
        """Let go of what has moved and was not written."""
        for tally in tallies:
            self.by_id.pop(tally.account.id, None)
            self.by_key.pop(tally.key, None)
