"""The fast twin of `ledger.apply` for what most transfers are: posted or pending, linked to nothing, with a new id.

It answers only about accounts and their room. That the ids are new is for the database to say, whose unique index has
to look at them in any case; whoever calls this goes back to the plain rules as soon as that turns out wrong. One suite
runs both.
"""

from collections.abc import Iterable, Sequence

from custody.accounts import Limit
from custody.money import MAX_UNITS
from custody.tallies import Tally
from custody.transfers import Kind, Refusal

_DEBITS_WITHIN_CREDITS = Limit.DEBITS_WITHIN_CREDITS
_CREDITS_WITHIN_DEBITS = Limit.CREDITS_WITHIN_DEBITS
_PENDING = Kind.PENDING


def admit(
    debits: Sequence[Tally | None], credits_: Sequence[Tally | None], amounts: Iterable[int], kinds: Iterable[int]
) -> dict[int, Refusal]:
    """Move the tallies by every transfer that they have room for, in order; the refused ones by their index.

    A tally is None where there is no such account; amounts are positive and within 64 bits, the two accounts differ.
    """
    refused: dict[int, Refusal] = {}
    for index, (debit, credit, amount, kind) in enumerate(zip(debits, credits_, amounts, kinds, strict=False)):
        if debit is None or credit is None:
            refused[index] = Refusal.DEBIT_ACCOUNT_NOT_FOUND if debit is None else Refusal.CREDIT_ACCOUNT_NOT_FOUND
            continue
        payer, payee = debit.account, credit.account
        debited = debit.debits_posted + debit.debits_pending + amount
        credited = credit.credits_posted + credit.credits_pending + amount
        if (
            payer.asset != payee.asset
            or debit.closed
            or credit.closed
            or debited > MAX_UNITS
            or credited > MAX_UNITS
            or (payer.limit is _DEBITS_WITHIN_CREDITS and debited > debit.credits_posted)
            or (payee.limit is _CREDITS_WITHIN_DEBITS and credited > credit.debits_posted)
        ):
            refused[index] = _reason(debit, credit, debited, credited)
        elif kind == _PENDING:
            debit.debits_pending += amount
            credit.credits_pending += amount
        else:
            debit.debits_posted += amount
            credit.credits_posted += amount
    return refused


def _reason(debit: Tally, credit: Tally, debited: int, credited: int) -> Refusal:
    """The first of the reasons for which there is one, in order of precedence."""
    if debit.account.asset != credit.account.asset:
        return Refusal.ACCOUNTS_MUST_HOLD_THE_SAME_ASSET
    if debit.closed:
        return Refusal.DEBIT_ACCOUNT_IS_CLOSED
    if credit.closed:
        return Refusal.CREDIT_ACCOUNT_IS_CLOSED
    if debited > MAX_UNITS or credited > MAX_UNITS:
        return Refusal.TOTAL_EXCEEDS_INT64
    if debit.account.limit is _DEBITS_WITHIN_CREDITS and debited > debit.credits_posted:
        return Refusal.EXCEEDS_AVAILABLE
    return Refusal.EXCEEDS_OWED


def admit_all(debits: Sequence[tuple[Tally, int]], credits_: Sequence[tuple[Tally, int]], kind: int) -> bool:
    """Move the tallies by all of a set, if there is room for it even should all that goes out go first; else nothing.

    Each account comes with the sum of what is debited from it, or credited to it, in the whole set: an order in which
    one of them would be refused cannot exist. True says that every transfer was admitted.
    """
    assets = {tally.account.asset for tally, _ in (*debits, *credits_)}
    if len(assets) != 1 or any(tally.closed for tally, _ in (*debits, *credits_)):
        return False
    for tally, units in debits:
        debited = tally.debits_posted + tally.debits_pending + units
        limit = tally.credits_posted if tally.account.limit is _DEBITS_WITHIN_CREDITS else MAX_UNITS
        if debited > limit:
            return False
    for tally, units in credits_:
        credited = tally.credits_posted + tally.credits_pending + units
        limit = tally.debits_posted if tally.account.limit is _CREDITS_WITHIN_DEBITS else MAX_UNITS
        if credited > limit:
            return False
    for tally, units in debits:
        if kind == _PENDING:
            tally.debits_pending += units
        else:
            tally.debits_posted += units
    for tally, units in credits_:
        if kind == _PENDING:
            tally.credits_pending += units
        else:
            tally.credits_posted += units
    return True
