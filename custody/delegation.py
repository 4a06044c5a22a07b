"""The movements of collateral as sets of transfers: deposit, delegate, recall, withdraw. Two ways for it to stand.

*Segregated*: what a client delegates stays in a compartment of the client's own. *Pooled*: it moves into the venue's
omnibus account, and the client holds a claim on the venue's pool. Every movement waits for somebody (confirmations,
the venue, the chain), so each is a set of pending transfers that is later posted or voided as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from custody.accounts import Account, Chart
from custody.transfers import Kind, Reason, Transfer, derived_id, linked


class Standing(StrEnum):
    """Where collateral stands while it backs positions."""

    POOLED = "pooled"
    SEGREGATED = "segregated"


@dataclass(frozen=True, slots=True)
class Order:
    """Who moves how much, when and why. `id` is the caller's and becomes the id of the first transfer."""

    id: str
    units: int
    at_s: int
    reason: Reason
    reference: str = ""


def pay(debit: Account, credit: Account, order: Order) -> Transfer:
    """A payment that waits for nobody, such as a fee."""
    return replace(pending(order, debit, credit), kind=Kind.POSTED)


def collateral_account(standing: Standing, chart: Chart, client: str, venue: str) -> Account:
    """The account whose balance is the client's mirrored balance at the venue."""
    return chart.claim(client, venue) if standing is Standing.POOLED else chart.delegated(client, venue)


def deposit(chart: Chart, to: Account, order: Order) -> tuple[Transfer, ...]:
    """An asset arrives at the custodian for one owner; pending until it is confirmed."""
    return (pending(order, chart.vault(), to),)


def withdraw(chart: Chart, out_of: Account, order: Order) -> tuple[Transfer, ...]:
    """An asset leaves the custodian; held until it is gone."""
    return (pending(order, out_of, chart.vault()),)


def delegate(standing: Standing, chart: Chart, client: str, venue: str, order: Order) -> tuple[Transfer, ...]:
    """Available collateral begins to back positions at a venue; held until the venue acknowledges."""
    if standing is Standing.SEGREGATED:
        return (pending(order, chart.available(client), chart.delegated(client, venue)),)
    return linked(
        pending(order, chart.available(client), chart.omnibus(venue)),
        pending(order, chart.pool(venue), chart.claim(client, venue), part="claim"),
    )


def recall(standing: Standing, chart: Chart, client: str, venue: str, order: Order) -> tuple[Transfer, ...]:
    """Collateral comes back from a venue; held until the chain has released it."""
    if standing is Standing.SEGREGATED:
        return (pending(order, chart.delegated(client, venue), chart.available(client)),)
    return linked(
        pending(order, chart.claim(client, venue), chart.pool(venue), part="claim"),
        pending(order, chart.omnibus(venue), chart.available(client)),
    )


def complete(held: Sequence[Transfer], at_s: int) -> tuple[Transfer, ...]:
    """Post a whole set of pending transfers."""
    return linked(*(_resolve(transfer, Kind.POST, "post", at_s) for transfer in held))


def cancel(held: Sequence[Transfer], at_s: int) -> tuple[Transfer, ...]:
    """Void a whole set of pending transfers; everything is where it was."""
    return linked(*(_resolve(transfer, Kind.VOID, "void", at_s) for transfer in held))


def pending(order: Order, debit: Account, credit: Account, part: str = "") -> Transfer:
    """One reservation; `part` tells the members of a set apart."""
    return Transfer(
        id=derived_id(order.id, part) if part else order.id,
        debit_account=debit.id,
        credit_account=credit.id,
        amount=order.units,
        reason=order.reason,
        kind=Kind.PENDING,
        reference=order.reference,
        occurred_at_s=order.at_s,
    )


def _resolve(held: Transfer, kind: Kind, word: str, at_s: int) -> Transfer:
    return Transfer(
        id=derived_id(held.id, word),
        debit_account=held.debit_account,
        credit_account=held.credit_account,
        amount=0,
        reason=held.reason,
        kind=kind,
        pending_id=held.id,
        reference=held.reference,
        occurred_at_s=at_s,
    )
