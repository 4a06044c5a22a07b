"""The price of collateral: a low that several sources agree on, and never the book of the venue that it backs.

On 10 October 2025 a venue priced par assets on its own book, where they traded at 0.65, and seized them
(specs/off_exchange_settlement.md §2.3). So a source that is made of the venue's own book is left out, whatever else; a
source counts while it is fresh; and of n fresh prices the (f+1)-th lowest is taken, where f sources may lie.

Why that one: at most f prices lie below the lowest honest one, so the answer is never less than it; and f+1 honest
prices at most are needed to reach it, so it is never more than the (f+1)-th lowest honest one. With at least 2f+1
sources both ends are honest prices. Given up: where honest sources differ, the answer leans to the low side; it is a
price to lend against, not one to trade at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from custody.money import mul_div_up

BPS = 10_000
AHEAD_S = 5
"""How far a source's clock may run before ours."""


class PriceRefusal(StrEnum):
    """Why there is no price; where both hold, the earlier member is the answer."""

    TOO_FEW_FRESH_SOURCES = "too_few_fresh_sources"
    SOURCES_DISAGREE = "sources_disagree"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the same rule could answer later, with newer quotes: it could."""
        return True


class LeftOut(StrEnum):
    """Why one source did not count; where several hold, the earlier member is the answer."""

    OWN_BOOK = "own_book"
    NO_QUOTE = "no_quote"
    PRICE_MUST_BE_POSITIVE = "price_must_be_positive"
    FROM_THE_FUTURE = "from_the_future"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody who says a price, and the venues whose books it is made of (none: an issuer's redemption price)."""

    name: str
    books: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """What a source said: 1e-6 USD per whole coin, at its own time in UTC seconds."""

    asset: str
    source: str
    price_e6: int
    at_s: int


@dataclass(frozen=True, slots=True)
class PriceRule:
    """Whom to ask, and when to believe them.

    `faulty_sources` is f: how many may say anything at all, or nothing, without moving the price beyond what the others
    say. `least_sources` must be fresh, at least 2f + 1. A quote counts for `max_age_s`. All but f of those that count
    must lie within `max_spread_bps` of the price. Any one source may be the own book of the venue that asks. Raises
    ValueError for a rule that could not keep this promise.
    """

    sources: tuple[Source, ...]
    least_sources: int
    faulty_sources: int
    max_age_s: int
    max_spread_bps: int

    def __post_init__(self) -> None:
        names = [source.name for source in self.sources]
        books = [book for source in self.sources for book in source.books]
        if len(set(names)) < len(names):
            raise ValueError("sources: a source is named twice")
        if len(set(books)) < len(books):
            # Otherwise who moves that one book moves two sources, and f would count them as one.
            raise ValueError("sources: a book is part of two sources")
        if self.faulty_sources < 1:
            raise ValueError(f"faulty_sources: expected at least 1, found {self.faulty_sources}")
        if self.least_sources < (least := 2 * self.faulty_sources + 1):
            raise ValueError(f"least_sources: expected at least 2f + 1 = {least}, found {self.least_sources}")
        if len(names) < (least := self.least_sources + bool(books)):
            # One of them may be the very venue's that asks, and even then enough must be left.
            raise ValueError(f"sources: expected at least {least}, found {len(names)}")
        if self.max_age_s < 1:
            raise ValueError(f"max_age_s: expected at least 1, found {self.max_age_s}")
        if not 0 <= self.max_spread_bps < BPS:
            raise ValueError(f"max_spread_bps: expected 0 to {BPS - 1}, found {self.max_spread_bps}")


@dataclass(frozen=True, slots=True)
class Guarded:
    """A price in 1e-6 USD or the reason why there is none, and how it came about.

    `used` are the quotes that counted, lowest first; `left_out` the other sources, each with the reason. `spread_bps`
    is how far around the price one must go to meet all but f of those used: f liars cannot move it beyond what the
    honest ones differ by.
    """

    answer: int | PriceRefusal
    used: tuple[Quote, ...]
    left_out: tuple[tuple[str, LeftOut], ...]
    spread_bps: int = 0

    @property
    def confidence_bps(self) -> int:
        """Full when the sources agree to the last digit; 0 without a price."""
        return BPS - self.spread_bps if isinstance(self.answer, int) else 0


def guard(rule: PriceRule, quotes: Iterable[Quote], venue: str, now_s: int) -> Guarded:
    """The price of an asset as collateral at `venue`, from quotes of that asset alone.

    Of several quotes of one source the newest counts, of two at one time the lower. Sources that the rule does not name
    are not heard.
    """
    newest = {quote.source: quote for quote in sorted(quotes, key=lambda quote: (quote.at_s, -quote.price_e6))}
    left_out = tuple(_left_out(rule, newest, venue, now_s))
    without = dict(left_out)
    used = sorted((newest[one.name] for one in rule.sources if one.name not in without), key=lambda one: one.price_e6)
    answer, spread_bps = _agreed(rule, [quote.price_e6 for quote in used])
    return Guarded(answer, tuple(used), left_out, spread_bps)


def _left_out(rule: PriceRule, newest: dict[str, Quote], venue: str, now_s: int) -> Iterator[tuple[str, LeftOut]]:
    for source in rule.sources:
        quote = newest.get(source.name)
        if venue in source.books:
            yield source.name, LeftOut.OWN_BOOK
        elif quote is None:
            yield source.name, LeftOut.NO_QUOTE
        elif quote.price_e6 <= 0:
            yield source.name, LeftOut.PRICE_MUST_BE_POSITIVE
        elif quote.at_s > now_s + AHEAD_S:
            # A time that lies ahead would make a quote that never grows old.
            yield source.name, LeftOut.FROM_THE_FUTURE
        elif quote.at_s < now_s - rule.max_age_s:
            yield source.name, LeftOut.STALE


def _agreed(rule: PriceRule, lowest_first: list[int]) -> tuple[int | PriceRefusal, int]:
    """The (f+1)-th lowest price with its spread, or the refusal."""
    if len(lowest_first) < rule.least_sources:
        return PriceRefusal.TOO_FEW_FRESH_SOURCES, 0
    price = lowest_first[rule.faulty_sources]
    distances = sorted(abs(other - price) for other in lowest_first)
    spread_bps = mul_div_up(distances[len(distances) - 1 - rule.faulty_sources], BPS, price)
    return (price if spread_bps <= rule.max_spread_bps else PriceRefusal.SOURCES_DISAGREE), spread_bps
