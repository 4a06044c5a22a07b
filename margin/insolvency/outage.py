"""The custodian cannot sign for a while: which calls run on, which pause, and who bears what happens meanwhile.

(specs/off_exchange_settlement.md §3: the rule, and its payer, are part of the agreement.) A call that falls due while
nothing can be moved cannot be met by a top-up, whoever is willing. If calls run on, the client bears it: it is
liquidated for a delay that is not its own. If they pause, the deadline moves by as much of the outage as the client
would have had to act in, and whoever the agreement names bears what the market does until then.
"""

from dataclasses import dataclass, replace
from enum import Enum

from margin.calls import MarginCall
from margin.insolvency.distribution import Distribution


class Bearer(Enum):
    """Who bears the delay."""

    NOBODY = "nobody"
    CLIENT = "client"
    VENUE = "venue"
    CUSTODIAN = "custodian"


@dataclass(frozen=True, slots=True)
class OutageRule:
    """What the agreement says: `pauses_calls`, and then who bears it; for at most `longest_s` seconds."""

    pauses_calls: bool
    bearer: Bearer
    longest_s: int


@dataclass(frozen=True, slots=True)
class Outage:
    """No moves and no signatures from `began_at_s` until before `ended_at_s` (UTC seconds)."""

    began_at_s: int
    ended_at_s: int


@dataclass(frozen=True, slots=True)
class DelayedCall:
    """A call with the deadline that holds, how much later that is, and who bears it."""

    call: MarginCall
    delay_s: int
    bearer: Bearer


def during(outage: Outage, call: MarginCall, rule: OutageRule) -> DelayedCall:
    """What becomes of an open call. One that never overlaps the outage stays as it is, and nobody bears anything.

    The time lost is that of the outage between the call's opening and its deadline, moved along: the client has as many
    working seconds as the call gave it, unless the rule's longest pause is over before.
    """
    began_s = max(outage.began_at_s, call.opened_at_s)
    if began_s >= min(outage.ended_at_s, call.deadline_s):
        return DelayedCall(call, 0, Bearer.NOBODY)
    if not rule.pauses_calls:
        return DelayedCall(call, 0, Bearer.CLIENT)
    delay_s = min(outage.ended_at_s - began_s, rule.longest_s)
    return DelayedCall(replace(call, deadline_s=call.deadline_s + delay_s), delay_s, rule.bearer)


def after_outage(outage: Outage, distribution: Distribution) -> Distribution:
    """The same payments, those that fall due during the outage made at its end, all in time's order.

    Their payees bear that delay: nothing is paid for it here.
    """
    moved = [
        replace(payment, at_s=outage.ended_at_s) if outage.began_at_s <= payment.at_s < outage.ended_at_s else payment
        for payment in distribution.payments
    ]
    return replace(distribution, payments=tuple(sorted(moved, key=lambda payment: payment.at_s)))
