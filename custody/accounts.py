"""The chart of accounts: where value can stand, and which accounts may not be overdrawn.

Sign convention: the vault is what the custodian *holds* (debit-normal, it grows by debits); every other account is
what the custodian *owes* to somebody (credit-normal, it grows by credits). So Σ claims = vault whenever the books
balance. In the pooled regime `omnibus` is what the custodian holds in the venue's own name, in one undivided sum;
`pool` (debit-normal) is the venue's own book of that same sum, against the `claim`s of its clients.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class AccountError(ValueError):
    """A party's name that could be mistaken for another place in the chart."""


class Limit(IntEnum):
    """Which side of an account may not outgrow the other; stored by number."""

    NONE = 0
    DEBITS_WITHIN_CREDITS = 1
    """May not be overdrawn: debits_posted + debits_pending ≤ credits_posted."""
    CREDITS_WITHIN_DEBITS = 2
    """No more may go out than came in: credits_posted + credits_pending ≤ debits_posted."""


class Code(IntEnum):
    """An account's place in the chart; stored by number, so numbers are never reused."""

    VAULT = 1
    AVAILABLE = 2
    DELEGATED = 3
    VENUE_COLLATERAL = 4
    VENUE_SETTLEMENT = 5
    INSURANCE = 6
    FEES = 7
    SUSPENSE = 8
    OMNIBUS = 9
    POOL = 10
    CLAIM = 11
    GUARANTEE = 12


@dataclass(frozen=True, slots=True)
class Account:
    """A place where value of one asset stands."""

    id: str
    asset: str
    code: Code
    limit: Limit


@dataclass(frozen=True, slots=True)
class Totals:
    """The four counters of an account, in ledger units. Posted counters only grow; pending ones also fall back."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @property
    def balance(self) -> int:
        """Posted credits less posted debits: positive for what is owed, negative for the vault and the pool."""
        return self.credits_posted - self.debits_posted

    @property
    def spendable(self) -> int:
        """What a credit-normal account can still pay out: pending debits are already spoken for."""
        return self.credits_posted - self.debits_posted - self.debits_pending


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts of one asset, by the role that each plays. Names are 1–32 of [A-Za-z0-9_.-], else AccountError."""

    asset: str

    def __post_init__(self) -> None:
        _named(self.asset)

    def vault(self) -> Account:
        """What the custodian holds, all clients together (debit-normal)."""
        return self._account("vault", Code.VAULT, Limit.CREDITS_WITHIN_DEBITS)

    def available(self, client: str) -> Account:
        """A client's own, committed nowhere."""
        return self._account(f"client/{_named(client)}/available", Code.AVAILABLE)

    def delegated(self, client: str, venue: str) -> Account:
        """A client's own, in the compartment that one venue may look at."""
        return self._account(f"client/{_named(client)}/delegated/{_named(venue)}", Code.DELEGATED)

    def venue_available(self, venue: str) -> Account:
        """A venue's own, brought to the custodian and committed nowhere."""
        return self._account(f"venue/{_named(venue)}/available", Code.AVAILABLE)

    def venue_collateral(self, venue: str) -> Account:
        """What a venue has posted with the custodian to cover its clients' gains."""
        return self._account(f"venue/{_named(venue)}/collateral", Code.VENUE_COLLATERAL)

    def venue_settlement(self, venue: str) -> Account:
        """A venue's gains and losses on their way through a settlement cycle."""
        return self._account(f"venue/{_named(venue)}/settlement", Code.VENUE_SETTLEMENT)

    def insurance(self, venue: str) -> Account:
        """The insurance fund of one venue."""
        return self._account(f"insurance/{_named(venue)}", Code.INSURANCE)

    def guarantee(self, venue: str) -> Account:
        """The guarantee that stands behind one venue in the segregated waterfall."""
        return self._account(f"guarantee/{_named(venue)}", Code.GUARANTEE)

    def fees(self) -> Account:
        """The custodian's own income."""
        return self._account("fees", Code.FEES)

    def suspense(self) -> Account:
        """Reconciliation breaks until they are explained; a break may lie on either side, so there is no limit."""
        return self._account("suspense", Code.SUSPENSE, Limit.NONE)

    def omnibus(self, venue: str) -> Account:
        """Pooled regime: what the custodian holds in the venue's name, undivided."""
        return self._account(f"venue/{_named(venue)}/omnibus", Code.OMNIBUS)

    def pool(self, venue: str) -> Account:
        """Pooled regime: the venue's own book of its omnibus account (debit-normal)."""
        return self._account(f"venue/{_named(venue)}/pool", Code.POOL, Limit.CREDITS_WITHIN_DEBITS)

    def claim(self, client: str, venue: str) -> Account:
        """Pooled regime: what a venue owes one client out of its pool."""
        return self._account(f"client/{_named(client)}/claim/{_named(venue)}", Code.CLAIM)

    def _account(self, place: str, code: Code, limit: Limit = Limit.DEBITS_WITHIN_CREDITS) -> Account:
        return Account(f"{self.asset}/{place}", self.asset, code, limit)


def _named(party: str) -> str:
    # A slash in a party's name would let one client's account id spell another's.
    if not _NAME.fullmatch(party):
        raise AccountError(f"{party!r} cannot name an account: expected 1 to 32 of letters, digits, '_', '.' or '-'")
    return party
