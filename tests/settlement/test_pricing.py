"""Whom the desk asks for prices: never a venue of its own, and everybody at this very moment where all agree."""

from dataclasses import replace

import pytest

from custody.collateral import Eligible
from custody.prices import PriceRule, Quote, Source
from settlement.desk.pricing import RULE, SUBSTITUTION_S, agreeing, edition_of
from tests.journeys.conftest import BTC, SETTING, USDC

ELSEWHERE = tuple(Source(name, (name,)) for name in ("coinbase", "gemini", "kraken", "okx"))


def priced_by(*sources: Source) -> PriceRule:
    return PriceRule(sources, 3, 1, 30, 100)


def test_an_asset_whose_terms_name_nobody_is_priced_by_three_that_are_no_book() -> None:
    edition = edition_of(SETTING)
    assert edition.schedule == {"USDC": Eligible(USDC, 200), "BTC": Eligible(BTC, 1_000, price=RULE)}
    assert (edition.settlement_asset, edition.substitution_s) == ("USDC", SUBSTITUTION_S)
    assert len(RULE.sources) == 3
    assert not any(source.books for source in RULE.sources)


def test_terms_that_name_their_sources_keep_them() -> None:
    terms = Eligible(BTC, 1_000, price=priced_by(*ELSEWHERE))
    edition = edition_of(replace(SETTING, schedule={**SETTING.schedule, "BTC": terms}))
    assert edition.schedule["BTC"] == terms


def test_a_source_made_of_the_book_of_a_venue_of_this_desk_is_refused() -> None:
    rule = priced_by(*ELSEWHERE, Source("composite", ("nymex", "harbour")))
    setting = replace(SETTING, schedule={**SETTING.schedule, "BTC": Eligible(BTC, 1_000, price=rule)})
    with pytest.raises(ValueError, match="BTC: composite is made of the book of harbour, a venue of this desk"):
        edition_of(setting)


def test_where_all_agree_each_says_the_same_now() -> None:
    said = list(agreeing(edition_of(SETTING).schedule, {"USDC": 1, "BTC": 5, "SOL": 7}, 99))
    assert said == [Quote("BTC", source.name, 5, 99) for source in RULE.sources]
