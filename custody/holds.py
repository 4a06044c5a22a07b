"""A movement's transfers: what is held when it is reserved, and how that ends.

Derived from the movement alone, so nothing has to be remembered to end a hold: the same movement always has the same
transfers, under ids of their own behind the movement's. Every set is one linked chain that never overdraws half-way.
"""

from dataclasses import replace

from custody.accounts import Account
from custody.delegation import Order, Standing, cancel, complete, delegate, deposit, pending, recall, withdraw
from custody.intents import Intent
from custody.states import Entry, Lifecycle
from custody.transfers import Kind, Reason, Transfer, derived_id, linked

_REASONS = {
    Lifecycle.DEPOSIT: Reason.DEPOSIT,
    Lifecycle.DELEGATION: Reason.DELEGATION,
    Lifecycle.RECALL: Reason.RECALL,
    Lifecycle.MOVE: Reason.VENUE_MOVE,
    Lifecycle.WITHDRAWAL: Reason.WITHDRAWAL,
    Lifecycle.EXIT: Reason.RECALL,
}


def available_account(intent: Intent) -> Account:
    """The owner's own, committed nowhere."""
    if intent.is_venues_own:
        return intent.chart.venue_available(intent.name)
    return intent.chart.available(intent.name)


def accounts_of(intent: Intent) -> tuple[Account, ...]:
    """Every account that the movement may touch; whoever posts it opens them first."""
    chart, own = intent.chart, available_account(intent)
    if intent.lifecycle in {Lifecycle.DEPOSIT, Lifecycle.WITHDRAWAL}:
        return (chart.vault(), own)
    if intent.is_venues_own:
        return (own, chart.venue_collateral(intent.name))
    places = [own]
    for venue in filter(None, (intent.venue, intent.to_venue)):
        if intent.standing is Standing.SEGREGATED:
            places.append(chart.delegated(intent.name, venue))
        else:
            places += [chart.omnibus(venue), chart.pool(venue), chart.claim(intent.name, venue)]
    return tuple(places)


def transfers_of(movement_id: str, intent: Intent, hold: int, entry: Entry, at_s: int) -> tuple[Transfer, ...]:
    """The transfers of one entry of the table; none for Entry.NONE. `at_s`: UTC seconds.

    `hold` counts a movement's holds from 1, for one that was blocked after all is held anew.
    """
    # Behind a word of its own: a caller's id cannot take that of a settlement or of anything else in the books.
    word = f"hold{hold}"
    order = Order(derived_id(movement_id, word), intent.units, at_s, _REASONS[intent.lifecycle], movement_id)
    held = _held(intent, order)
    match entry:
        case Entry.NONE:
            return ()
        case Entry.HOLD:
            return held
        case Entry.POST:
            return complete(held, at_s)
        case Entry.VOID:
            return cancel(held, at_s)
        case Entry.POST_AND_DELEGATE:
            onward = replace(order, id=derived_id(movement_id, "onward"))
            entering = delegate(intent.standing, intent.chart, intent.name, intent.to_venue, onward)
            return linked(*complete(held, at_s), *(replace(one, kind=Kind.POSTED) for one in entering))


def _held(intent: Intent, order: Order) -> tuple[Transfer, ...]:
    chart, own = intent.chart, available_account(intent)
    match intent.lifecycle:
        case Lifecycle.DEPOSIT:
            return deposit(chart, own, order)
        case Lifecycle.WITHDRAWAL:
            return withdraw(chart, own, order)
        case Lifecycle.DELEGATION if intent.is_venues_own:
            return (pending(order, own, chart.venue_collateral(intent.name)),)
        case Lifecycle.RECALL | Lifecycle.EXIT if intent.is_venues_own:
            return (pending(order, chart.venue_collateral(intent.name), own),)
        case Lifecycle.DELEGATION:
            return delegate(intent.standing, chart, intent.name, intent.venue, order)
        case Lifecycle.RECALL | Lifecycle.MOVE | Lifecycle.EXIT:
            return recall(intent.standing, chart, intent.name, intent.venue, order)
