"""The price of collateral: whom it believes, what one liar can do to it, and the day on which it mattered."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.prices import AHEAD_S, Guarded, LeftOut, PriceRefusal, PriceRule, Quote, Source, guard

NOW_S = 1_760_000_000
NAMES = ("bitstamp", "coinbase", "gemini", "kraken", "okx")
RULE = PriceRule(tuple(Source(name, (name,)) for name in NAMES), 3, 1, 60, 200)


def told(*prices: float, at_s: int = NOW_S) -> list[Quote]:
    """One quote a source in turn, in dollars."""
    return [Quote("X", name, round(price * 10**6), at_s) for name, price in zip(NAMES, prices, strict=False)]


def asked(*prices: float, venue: str = "elsewhere", rule: PriceRule = RULE) -> Guarded:
    return guard(rule, told(*prices), venue, NOW_S)


# -- which price -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prices", "answer"),
    [
        ((1.00, 1.00, 1.00), 1_000_000),
        ((1.00, 1.01, 0.99), 1_000_000),
        ((1.00, 1.01, 0.99, 1.02, 1.03), 1_000_000),  # the second lowest, not the median: it is lent against
        ((0.65, 1.00, 1.00, 0.999, 1.00), 999_000),  # one far below
        ((9.00, 1.00, 1.00, 0.999, 1.00), 1_000_000),  # one far above
        ((1.00, 1.02, 1.02), 1_020_000),  # 1.9608% off is within 2%
        ((1.00, 1.02), PriceRefusal.TOO_FEW_FRESH_SOURCES),
        ((), PriceRefusal.TOO_FEW_FRESH_SOURCES),
        ((0.65, 0.80, 1.00), PriceRefusal.SOURCES_DISAGREE),
        ((1.00, 1.000, 1.03, 1.03, 1.03), PriceRefusal.SOURCES_DISAGREE),  # two camps: two are not one liar
        ((0.65, 0.65, 0.65, 0.65, 0.65), 650_000),  # a fall that all see is a fall
    ],
)
def test_the_second_lowest_that_all_but_one_agree_with(prices: tuple[float, ...], answer: int | PriceRefusal) -> None:
    assert asked(*prices).answer == answer


def test_the_spread_is_how_far_all_but_one_lie_and_confidence_the_rest() -> None:
    found = asked(1.00, 1.01, 0.99, 1.015, 5.00)
    assert (found.answer, found.spread_bps, found.confidence_bps) == (1_000_000, 150, 9_850)
    assert [quote.price_e6 for quote in found.used] == [990_000, 1_000_000, 1_010_000, 1_015_000, 5_000_000]
    apart = asked(0.65, 0.80, 1.00)
    assert (apart.spread_bps, apart.confidence_bps) == (1_875, 0)


def test_the_spread_is_rounded_up_before_it_is_compared() -> None:
    # 2.0001% is more than 2%, whatever a division down would make of it.
    assert asked(1.00, 1.00, 1.020_001).answer == 1_000_000  # all but one agree
    assert asked(1.00, 1.00, 1.020_001, 1.020_001).answer is PriceRefusal.SOURCES_DISAGREE
    assert asked(1.00, 1.00, 1.02, 1.02).answer == 1_000_000


# -- which sources -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        # Each is also guilty of everything below it, so the order is the precedence.
        (Quote("X", "okx", 0, NOW_S - 61), LeftOut.OWN_BOOK),
        (None, LeftOut.NO_QUOTE),
        (Quote("X", "gemini", 0, NOW_S - 61), LeftOut.PRICE_MUST_BE_POSITIVE),
        (Quote("X", "gemini", -1, NOW_S + AHEAD_S + 1), LeftOut.PRICE_MUST_BE_POSITIVE),
        (Quote("X", "gemini", 10**6, NOW_S + AHEAD_S + 1), LeftOut.FROM_THE_FUTURE),
        (Quote("X", "gemini", 10**6, NOW_S - 61), LeftOut.STALE),
        (Quote("X", "gemini", 10**6, NOW_S - 60), None),
        (Quote("X", "gemini", 10**6, NOW_S + AHEAD_S), None),
    ],
)
def test_why_a_source_does_not_count(quote: Quote | None, reason: LeftOut | None) -> None:
    name = quote.source if quote else "gemini"
    others = [one for one in told(1, 1, 1, 1, 1) if one.source != name]
    found = guard(RULE, [*others, quote] if quote else others, "okx", NOW_S)
    assert dict(found.left_out).get(name) is reason
    assert found.answer == 10**6


def test_the_venues_own_book_never_counts_even_where_it_is_the_best_of_all() -> None:
    quotes = [Quote("X", "okx", 10**6, NOW_S), *told(0.98, 0.98, 0.98, 0.98, at_s=NOW_S - 59)]
    found = guard(RULE, quotes, "okx", NOW_S)
    assert (found.answer, found.left_out) == (980_000, (("okx", LeftOut.OWN_BOOK),))
    # ... nor where without it there are too few.
    assert guard(RULE, [*told(1, 1), quotes[0]], "okx", NOW_S).answer is PriceRefusal.TOO_FEW_FRESH_SOURCES
    assert guard(RULE, [*told(1, 1), quotes[0]], "kraken", NOW_S).answer == 10**6


@given(st.lists(st.builds(Quote, st.just("X"), st.just("okx"), st.integers(-9, 10**13), st.integers(0, 2 * NOW_S))))
def test_whatever_the_own_book_says_nothing_changes(said: list[Quote]) -> None:
    others = told(1.0, 0.99, 1.01, 1.0)
    assert guard(RULE, [*said, *others], "okx", NOW_S) == guard(RULE, others, "okx", NOW_S)


def test_an_index_that_contains_the_venues_book_is_its_own_book() -> None:
    sources = (Source("index", ("binance", "bybit")), *RULE.sources)
    found = guard(replace(RULE, sources=sources), [Quote("X", "index", 1, NOW_S), *told(1, 1, 1)], "bybit", NOW_S)
    assert found.left_out[0] == ("index", LeftOut.OWN_BOOK)


def test_the_newest_quote_of_a_source_counts_and_of_two_at_once_the_lower() -> None:
    older, newer = Quote("X", "okx", 500_000, NOW_S - 9), Quote("X", "okx", 990_000, NOW_S - 8)
    for quotes in ([older, newer], [newer, older]):
        assert guard(RULE, [*told(1, 0.98), *quotes], "", NOW_S).answer == 990_000
    for prices in ((500_000, 990_000), (990_000, 500_000)):
        twice = [Quote("X", "okx", price, NOW_S) for price in prices]
        assert guard(RULE, [*told(1, 0.98), *twice], "", NOW_S).used[0].price_e6 == 500_000


def test_a_source_that_nobody_named_is_not_heard() -> None:
    stranger = Quote("X", "stranger", 1, NOW_S)
    assert guard(RULE, [stranger, *told(1, 1)], "", NOW_S).answer is PriceRefusal.TOO_FEW_FRESH_SOURCES


# -- one liar ----------------------------------------------------------------------------------------------------------


@st.composite
def guarded_rules(draw: st.DrawFn) -> tuple[PriceRule, list[Quote], list[Quote]]:
    """A rule, honest quotes within its spread, and up to f quotes of sources that say whatever they like."""
    faulty = draw(st.integers(1, 2))
    least = 2 * faulty + 1 + draw(st.integers(0, 1))
    names = [f"source {number}" for number in range(least + faulty + draw(st.integers(0, 2)))]
    rule = PriceRule(tuple(Source(name) for name in names), least, faulty, 60, 500)
    base = draw(st.integers(1_000, 10**12))
    honest = [
        Quote("X", name, base + draw(st.integers(0, base // 21)), NOW_S - draw(st.integers(0, 60)))
        for name in names[faulty:]
    ]
    lies = st.builds(
        Quote, st.just("X"), st.sampled_from(names[:faulty]), st.integers(-(10**13), 10**13),
        st.integers(NOW_S - 100, NOW_S + 100),
    )  # fmt: skip
    return rule, honest, draw(st.lists(lies, max_size=4))


@given(guarded_rules())
def test_liars_move_the_price_no_further_than_the_honest_differ_and_cannot_stop_it(
    case: tuple[PriceRule, list[Quote], list[Quote]],
) -> None:
    rule, honest, lies = case
    found = guard(rule, [*lies, *honest], "", NOW_S)
    prices = sorted(quote.price_e6 for quote in honest)
    assert isinstance(found.answer, int)
    assert prices[0] <= found.answer <= prices[rule.faulty_sources]
    assert found.spread_bps <= -(-(prices[-1] - prices[0]) * 10_000 // prices[0])


def test_control_one_more_liar_than_stated_does_move_it() -> None:
    assert asked(0.6, 0.6, 1.0, 1.0, 1.0, rule=replace(RULE, max_spread_bps=9_999)).answer == 600_000


@given(guarded_rules())
def test_too_few_honest_sources_are_a_refusal_and_never_a_price(
    case: tuple[PriceRule, list[Quote], list[Quote]],
) -> None:
    rule, honest, _ = case
    found = guard(rule, honest[: rule.least_sources - 1], "", NOW_S)
    assert found.answer is PriceRefusal.TOO_FEW_FRESH_SOURCES
    assert found.confidence_bps == 0
    assert PriceRefusal.TOO_FEW_FRESH_SOURCES.retry_may_succeed


# -- rules that could not keep their promise ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"sources": (*RULE.sources, Source("okx"))}, "sources: a source is named twice"),
        ({"sources": (*RULE.sources, Source("index", ("okx",)))}, "sources: a book is part of two sources"),
        ({"faulty_sources": 0}, "faulty_sources: expected at least 1, found 0"),
        ({"least_sources": 2}, "least_sources: expected at least 2f \\+ 1 = 3, found 2"),
        ({"faulty_sources": 2}, "least_sources: expected at least 2f \\+ 1 = 5, found 3"),
        ({"least_sources": 5}, "sources: expected at least 6, found 5"),  # one may be the venue's own
        ({"max_age_s": 0}, "max_age_s: expected at least 1, found 0"),
        ({"max_spread_bps": 10_000}, "max_spread_bps: expected 0 to 9999, found 10000"),
        ({"max_spread_bps": -1}, "max_spread_bps: expected 0 to 9999, found -1"),
    ],
)
def test_a_rule_that_could_not_keep_its_promise_is_not_made(wrong: dict[str, int], complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        replace(RULE, **wrong)


def test_sources_without_a_book_need_no_spare_one() -> None:
    assert PriceRule((Source("a"), Source("b"), Source("c")), 3, 1, 60, 0).least_sources == 3
