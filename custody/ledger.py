"""Transfers applied to balances, a chain of linked ones all or none: the rules of the books, without the books.

State is whatever the caller loaded of it; `apply` changes it in memory and says what it did. Nothing here knows the
database or the clock. Within a chain each transfer meets the state that the one before it left: a chain that would
overdraw an account half-way is refused even if its end would be sound.
"""

from collections.abc import Iterator, Sequence

from custody.accounts import Totals
from custody.judgement import has_expired, judge
from custody.state import LedgerState, undo, write
from custody.transfers import Kind, Outcome, Refusal, Transfer, derived_id, linked

__all__ = ["LedgerState", "apply", "expire"]


def apply(state: LedgerState, transfers: Sequence[Transfer], now_s: int) -> list[Outcome]:
    """Apply the transfers in order and answer each; `now_s` (UTC seconds) only decides what has expired.

    A repeated transfer counts as applied, also inside a chain; whether it was linked then is not compared. Accepted
    transfers are added to `state.transfers` with a POST's or VOID's accounts and amount filled in from its pending one.
    """
    outcomes: list[Outcome] = []
    for chain in _chains(transfers):
        outcomes.extend(_apply_chain(state, chain, now_s))
    return outcomes


def expire(state: LedgerState, now_s: int) -> list[Transfer]:
    """The VOIDs that are due at `now_s`; the caller posts them. The same pending always yields the same VOID."""
    return [
        Transfer(
            id=derived_id(pending.id, "expired"),
            debit_account=pending.debit_account,
            credit_account=pending.credit_account,
            amount=0,
            reason=pending.reason,
            kind=Kind.VOID,
            pending_id=pending.id,
            reference=pending.reference,
            occurred_at_s=pending.expires_at_s,
        )
        for pending in state.transfers.values()
        if pending.kind is Kind.PENDING and pending.id not in state.resolved and has_expired(pending, now_s)
    ]


def _chains(transfers: Sequence[Transfer]) -> Iterator[Sequence[Transfer]]:
    start = 0
    for index, transfer in enumerate(transfers):
        if not transfer.linked:
            yield transfers[start : index + 1]
            start = index + 1
    if start < len(transfers):
        yield transfers[start:]  # left open: its last transfer is linked to nothing


def _apply_chain(state: LedgerState, chain: Sequence[Transfer], now_s: int) -> list[Outcome]:
    fresh: list[Transfer] = []
    before: dict[str, Totals] = {}
    repeated: list[bool] = []
    for index, transfer in enumerate(chain):
        is_open = transfer.linked and index == len(chain) - 1
        verdict = Refusal.LINKED_CHAIN_OPEN if is_open else judge(state, transfer, now_s)
        if isinstance(verdict, Refusal):
            undo(state, fresh, before)
            return _refused(chain, index, verdict)
        repeated.append(verdict is None)
        if verdict is not None:
            write(state, verdict, before)
            fresh.append(verdict)
    # What was repeated is already in the journal: the links are those among what is new.
    for kept in linked(*fresh):
        state.transfers[kept.id] = kept
    return [Outcome(transfer.id, None, again) for transfer, again in zip(chain, repeated, strict=True)]


def _refused(chain: Sequence[Transfer], failing: int, refusal: Refusal) -> list[Outcome]:
    return [
        Outcome(transfer.id, refusal if index == failing else Refusal.LINKED_EVENT_FAILED)
        for index, transfer in enumerate(chain)
    ]
