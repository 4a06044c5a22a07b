"""The collateral schedule over time: editions, each announced before it takes effect, so that nobody is overtaken.

A change of the rules is a new edition of the whole schedule. The notice that it must give is set by the edition in
force when it is announced: one that shortens the notice is itself announced at the old one. Given up: an emergency
edition. What suddenly cannot be trusted is stopped by its price (custody/prices.py), which needs no announcement.
"""

from dataclasses import dataclass
from enum import StrEnum

from custody.collateral import Schedule


class ScheduleError(ValueError):
    """A schedule that contradicts itself, or a moment at which none is in force."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A schedule and its dates, in UTC seconds. Raises ScheduleError, naming the field.

    `notice_s` is what a later edition owes before it takes effect. `substitution_s`: how long an asset that stops
    counting goes on counting against a margin call, so that other collateral can be brought. The settlement asset is
    the unit of account: it stands first and is at par, and every other asset has a rule for its price.
    """

    announced_at_s: int
    effective_at_s: int
    notice_s: int
    substitution_s: int
    settlement_asset: str
    schedule: Schedule

    def __post_init__(self) -> None:
        if self.effective_at_s < self.announced_at_s:
            raise ScheduleError("effective_at_s: expected not before announced_at_s")
        if self.notice_s < 0 or self.substitution_s < 0:
            raise ScheduleError("notice_s, substitution_s: expected not below 0")
        if next(iter(self.schedule), None) != self.settlement_asset:
            raise ScheduleError(
                f"settlement_asset: expected the first asset of the schedule, not {self.settlement_asset}"
            )
        at_par = [symbol for symbol, eligible in self.schedule.items() if eligible.price is None]
        if at_par != [self.settlement_asset]:
            raise ScheduleError(
                f"price: expected a rule for every asset but {self.settlement_asset}, and for that none"
            )


class AnnouncementRefusal(StrEnum):
    """Why an edition cannot be announced; where several hold, the earlier member is the answer."""

    ANNOUNCED_BEFORE_THE_LAST = "announced_before_the_last"
    EFFECTIVE_BEFORE_THE_LAST = "effective_before_the_last"
    NOTICE_TOO_SHORT = "notice_too_short"
    SETTLEMENT_ASSET_CHANGED = "settlement_asset_changed"
    SCALE_CHANGED = "scale_changed"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same edition could be announced later: never, for its dates are part of it."""
        return False


Editions = tuple[Edition, ...]
"""In the order of announcement, which is that of taking effect."""


def announce(editions: Editions, following: Edition) -> Editions | AnnouncementRefusal:
    """The editions with one more, or why not. The first needs no notice."""
    if not editions:
        return (following,)
    last = editions[-1]
    bound_by = in_force(editions, following.announced_at_s) or last
    holds = {
        AnnouncementRefusal.ANNOUNCED_BEFORE_THE_LAST: following.announced_at_s < last.announced_at_s,
        AnnouncementRefusal.EFFECTIVE_BEFORE_THE_LAST: following.effective_at_s <= last.effective_at_s,
        AnnouncementRefusal.NOTICE_TOO_SHORT: (following.effective_at_s < following.announced_at_s + bound_by.notice_s),
        AnnouncementRefusal.SETTLEMENT_ASSET_CHANGED: following.settlement_asset != last.settlement_asset,
        AnnouncementRefusal.SCALE_CHANGED: any(_rescaled(edition, following) for edition in editions),
    }
    return next((refusal for refusal in AnnouncementRefusal if holds[refusal]), (*editions, following))


def in_force(editions: Editions, at_s: int) -> Edition | None:
    """The last edition that has taken effect by then, or None."""
    return next((edition for edition in reversed(editions) if edition.effective_at_s <= at_s), None)


def _rescaled(earlier: Edition, later: Edition) -> bool:
    # Scales are chosen on day one; an asset that comes back after a while is still the same asset.
    both = earlier.schedule.keys() & later.schedule.keys()
    return any(earlier.schedule[symbol].asset != later.schedule[symbol].asset for symbol in both)
