"""Where collateral is held, how it is called, netted and what a loss falls on: the factorial, and the cells with names.

Custody is one factor of four (specs/contagion.md §6.2): what is a matter of call policy, netting or loss rule must
never be told as an effect of custody.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product


class Custody(StrEnum):
    """Where a client's collateral is."""

    OMNIBUS = "omnibus"
    SEGREGATED_STATIC = "segregated_static"
    SEGREGATED_MULTI_VENUE = "segregated_multi_venue"


class Call(StrEnum):
    """What follows a breach."""

    INSTANT = "instant"
    GRACE = "grace"


class Netting(StrEnum):
    """Over what the requirement is one."""

    PER_VENUE = "per_venue"
    ACROSS_VENUES = "across_venues"


class LossRule(StrEnum):
    """What a loss beyond its maker's collateral falls on, once funds and capital are used up."""

    QUEUE_ADL = "queue_adl"
    PRO_RATA = "pro_rata"
    RING_FENCE = "ring_fence"


class Disruption(StrEnum):
    """What else goes wrong in a named regime."""

    NONE = "none"
    CUSTODIAN_OUTAGE = "custodian_outage"
    CUSTODIAN_DEFAULT = "custodian_default"
    CUSTODY_TECHNOLOGY = "custody_technology"


@dataclass(frozen=True, slots=True)
class Regime:
    """One cell, and what disturbs it."""

    custody: Custody
    call: Call
    netting: Netting
    loss_rule: LossRule
    disruption: Disruption = Disruption.NONE

    @property
    def is_segregated(self) -> bool:
        return self.custody is not Custody.OMNIBUS

    @property
    def is_feasible(self) -> bool:
        """Nothing can move under a static lock, so nothing can be netted across venues."""
        return not (self.custody is Custody.SEGREGATED_STATIC and self.netting is Netting.ACROSS_VENUES)

    @property
    def is_promise(self) -> bool:
        """An omnibus ring-fence holds while the venue is solvent, and fails into pro-rata clearing at its default."""
        return self.custody is Custody.OMNIBUS and self.loss_rule is LossRule.RING_FENCE

    def __str__(self) -> str:
        cell = f"{self.custody}/{self.call}/{self.netting}/{self.loss_rule}"
        return cell if self.disruption is Disruption.NONE else f"{cell}/{self.disruption}"


def factorial() -> Iterator[Regime]:
    """All 36 cells, feasible or not, in the order of the factors."""
    for custody, call, netting, loss_rule in product(Custody, Call, Netting, LossRule):
        yield Regime(custody, call, netting, loss_rule)


def matched() -> Iterator[tuple[Regime, Regime]]:
    """(omnibus, multi-venue segregated) cells that are the same in everything but custody."""
    for cell in factorial():
        if cell.custody is Custody.OMNIBUS:
            yield cell, replace(cell, custody=Custody.SEGREGATED_MULTI_VENUE)


def _named() -> dict[str, Regime]:
    omnibus, static, multi = Custody
    venue, across = Netting
    queue, pro_rata, fence = LossRule
    product_itself = Regime(multi, Call.GRACE, venue, fence)
    return {
        "pooled_instant": Regime(omnibus, Call.INSTANT, venue, queue),
        "pooled_prorata": Regime(omnibus, Call.INSTANT, venue, pro_rata),
        "pooled_grace": Regime(omnibus, Call.GRACE, venue, queue),
        "prime_broker": Regime(omnibus, Call.GRACE, across, pro_rata),
        "segregated_static": Regime(static, Call.INSTANT, venue, queue),
        "segregated_instant": Regime(multi, Call.INSTANT, venue, fence),
        "segregated_grace": product_itself,
        "segregated_netted": Regime(multi, Call.GRACE, across, fence),
        "custodian_outage": replace(product_itself, disruption=Disruption.CUSTODIAN_OUTAGE),
        "custodian_default": replace(product_itself, disruption=Disruption.CUSTODIAN_DEFAULT),
        "custody_technology": replace(product_itself, disruption=Disruption.CUSTODY_TECHNOLOGY),
    }


NAMED = _named()
"""The regimes that a run may be asked for by name."""
WHY = {
    "pooled_instant": "the usual exchange",
    "pooled_prorata": "loss rule alone",
    "pooled_grace": "call policy alone",
    "prime_broker": "strongest pooled rival",
    "segregated_static": "worst case for segregation",
    "segregated_instant": "segregation without kindness",
    "segregated_grace": "the product as described",
    "segregated_netted": "product plus netting",
    "custodian_outage": "no moves or settlements for a window that covers the low",
    "custodian_default": "the trust holds and pays late, or fails and pays a part",
    "custody_technology": "one wallet provider down for several custodians at once",
}


class UnknownRegimeError(ValueError):
    """Neither a named regime nor a cell; the text lists what there is."""


def regime_of(name: str) -> Regime:
    """A regime by its name, or a cell as `omnibus/instant/per_venue/queue_adl`. Raises UnknownRegimeError."""
    if name in NAMED:
        return NAMED[name]
    try:
        custody, call, netting, loss_rule = name.split("/")
        cell = Regime(Custody(custody), Call(call), Netting(netting), LossRule(loss_rule))
    except ValueError:
        raise UnknownRegimeError(f"no regime {name!r}: one of {', '.join(NAMED)}, or a cell such as "
                                 "omnibus/instant/per_venue/queue_adl") from None  # fmt: skip
    if not cell.is_feasible:
        raise UnknownRegimeError(f"{name}: nothing can move under a static lock, so nothing is netted across venues")
    return cell
