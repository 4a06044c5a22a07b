"""The ledger's side of a reconciliation, read in one snapshot: what stands, and what is reserved and not yet posted."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from custody.accounts import Code
from custody.books import Books
from custody.tables import ACCOUNT, TRANSFER
from custody.transfers import Kind
from settlement.reconciliation import CLAIM_CODES, claims_in_ledger


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending transfer: what it will add to an account, in ledger units."""

    id: str
    units: int
    since_s: int


@dataclass(frozen=True, slots=True)
class InBooks:
    """Balances and codes by account, what waits on each in the order of the journal, claims by asset."""

    balances: Mapping[str, int]
    codes: Mapping[str, Code]
    waiting: Mapping[str, tuple[Waiting, ...]]
    claims: Mapping[str, int]

    def waiting_claims(self, asset: str) -> tuple[Waiting, ...]:
        """What will change the claims of an asset, each transfer once: between two compartments it changes nothing."""
        units: dict[str, Waiting] = {}
        for account, waits in self.waiting.items():
            if account.startswith(f"{asset}/") and self.codes[account] in CLAIM_CODES:
                for one in waits:
                    before = units[one.id].units if one.id in units else 0
                    units[one.id] = Waiting(one.id, before + one.units, one.since_s)
        return tuple(one for one in units.values() if one.units)


def in_books(reader: Connection, books: Books) -> InBooks:
    """Everything, at the reader's moment."""
    codes = {account.id: account.code for account in books.accounts(reader)}
    totals = books.all_totals(reader)
    balances = {name: one.balance for name, one in totals.items()}
    return InBooks(balances, codes, _waiting(reader), claims_in_ledger(codes, totals))


def _waiting(reader: Connection) -> dict[str, tuple[Waiting, ...]]:
    ending, debit, credit = TRANSFER.alias(), ACCOUNT.alias(), ACCOUNT.alias()
    open_ones = (
        select(TRANSFER.c.id, TRANSFER.c.amount, TRANSFER.c.occurred_at_s, debit.c.id, credit.c.id)
        .join(debit, debit.c.key == TRANSFER.c.debit_account)
        .join(credit, credit.c.key == TRANSFER.c.credit_account)
        .outerjoin(ending, ending.c.pending_position == TRANSFER.c.position)
        .where(TRANSFER.c.kind == int(Kind.PENDING), ending.c.position.is_(None))
        .order_by(TRANSFER.c.position)
    )
    found: dict[str, list[Waiting]] = defaultdict(list)
    for name, amount, at_s, debited, credited in reader.execute(open_ones):
        found[debited].append(Waiting(name, -amount, at_s))
        found[credited].append(Waiting(name, amount, at_s))
    return {account: tuple(waits) for account, waits in found.items()}
