"""A schedule as a file: what is read is what stands there, and a wrong field is named."""

import tomllib
from pathlib import Path

import pytest

from custody.collateral import Eligible
from custody.money import Asset
from custody.prices import PriceRule, Source
from custody.schedule import ScheduleError
from custody.schedule_file import STANDARD, parse_edition, read_edition

TEXT = """
announced_at = 2026-01-05T00:00:00Z
effective_at = 2026-01-12T00:00:00Z
notice_s = 604_800
substitution_s = 86_400
settlement_asset = "USDC"

[[asset]]
symbol = "USDC"
scale = 6
chain_decimals = 6
haircut_bps = 200
basis = "a book"

[[asset]]
symbol = "ETH"
scale = 9
chain_decimals = 18
haircut_bps = 1_500
basis = "another book"
most = "20.5"
most_share_bps = 4_000
least_sources = 3
faulty_sources = 1
max_age_s = 60
max_spread_bps = 200
sources = [
    { name = "coinbase", books = ["coinbase"] },
    { name = "index", books = ["kraken", "okx"] },
    { name = "issuer", books = [] },
    { name = "gemini", books = ["gemini"] },
]
"""


def test_every_field_arrives() -> None:
    edition = parse_edition(TEXT, "mine.toml")
    assert (edition.announced_at_s, edition.effective_at_s) == (1_767_571_200, 1_768_176_000)
    assert (edition.notice_s, edition.substitution_s, edition.settlement_asset) == (604_800, 86_400, "USDC")
    sources = (
        Source("coinbase", ("coinbase",)), Source("index", ("kraken", "okx")), Source("issuer"),
        Source("gemini", ("gemini",)),
    )  # fmt: skip
    rule = PriceRule(sources, 3, 1, 60, 200)
    assert edition.schedule == {
        "USDC": Eligible(Asset("USDC", 6, 6), 200, basis="a book"),
        "ETH": Eligible(Asset("ETH", 9, 18), 1_500, 20_500_000_000, 4_000, rule, "another book"),
    }
    assert list(edition.schedule) == ["USDC", "ETH"]


WRONG = r"""
notice_s = 604_800 |  | notice_s: expected this field, found none
notice_s = 604_800 | notice_s = -1 | notice_s: expected a whole number from 0 to 31622400, found -1
notice_s = 604_800 | notice_s = true | notice_s: expected a whole number from 0 to
notice_s = 604_800 | notice_s = 7 ; notices = 1 | notices: expected one of the fields announced_at
announced_at = 2026-01-05T00:00:00Z | announced_at = 2026-01-05 | announced_at: expected a time in UTC
announced_at = 2026-01-05T00:00:00Z | announced_at = 2026-01-05T00:00:00 | announced_at: expected a time
effective_at = 2026-01-12T00:00:00Z | effective_at = 2026-01-04T00:00:00Z | effective_at_s: expected not before
settlement_asset = "USDC" | settlement_asset = "ETH" | asset USDC: most: expected this field
settlement_asset = "USDC" | settlement_asset = 1 | settlement_asset: expected a text that is not blank, found 1
symbol = "USDC" | symbol = "US DC" | asset US DC:
symbol = "ETH" | symbol = "USDC" | asset USDC: most: expected
symbol = "ETH" | symbol = "E/H" | asset E/H: symbol: asset symbol 'E/H': expected 1 to 16
scale = 9 | scale = 10 | asset ETH: scale: expected a whole number from 0 to 9, found 10
chain_decimals = 18 | chain_decimals = 8 | asset ETH: chain_decimals: expected a whole number from 9
haircut_bps = 1_500 | haircut_bps = 15.0 | asset ETH: haircut_bps: expected a whole number
haircut_bps = 1_500 | haircut_bps = 10_001 | asset ETH: haircut_bps: expected a whole number
basis = "another book" | basis = " " | asset ETH: basis: expected a text that is not blank
basis = "a book" | basis = "a book" ; most = "1" | asset USDC: most: expected one of the fields
most = "20.5" | most = 20.5 | asset ETH: most: expected a text
most = "20.5" | most = "-1" | asset ETH: most: expected an amount in whole coins, found '-1'
most_share_bps = 4_000 | most_share = 4_000 | asset ETH: most_share: expected one of the fields
least_sources = 3 | least_sources = 5 | asset ETH: least_sources: expected a whole number from 1 to 4
least_sources = 3 | least_sources = 2 | asset ETH: least_sources: expected at least 2f + 1 = 3, found 2
least_sources = 3 | least_sources = 4 | asset ETH: sources: expected at least 5, found 4
faulty_sources = 1 | faulty_sources = 0 | asset ETH: faulty_sources: expected a whole number from 1
max_age_s = 60 | max_age_s = 0 | asset ETH: max_age_s: expected a whole number from 1
max_spread_bps = 200 | max_spread_bps = 10_000 | asset ETH: max_spread_bps: expected a whole number
name = "issuer", books = [] | name = "issuer", book = [] | asset ETH: sources issuer: book: expected one
name = "issuer", books = [] | name = "issuer", books = [1] | asset ETH: sources issuer: books: expected a list
name = "issuer", books = [] | name = "gemini", books = [] | asset ETH: sources: a source is named twice
name = "issuer", books = [] | books = [] | asset ETH: sources 3: name: expected this field, found none
[[asset]] | [[assets]] | assets: expected one of the fields
notice_s = 604_800 | notice_s =  | expected TOML, found Invalid value
"""
"""What stands in the text | what stands there instead (; is a line's end) | how the complaint begins."""


@pytest.mark.parametrize("row", WRONG.strip().splitlines())
def test_a_wrong_field_is_named(row: str) -> None:
    right, wrong, complaint = (part.strip() for part in row.split("|"))
    assert right in TEXT
    with pytest.raises(ScheduleError) as caught:
        parse_edition(TEXT.replace(right, wrong.replace(" ; ", "\n")), "mine.toml")
    assert str(caught.value).startswith(f"mine.toml: {complaint}")


def test_an_asset_is_listed_once() -> None:
    second = TEXT[TEXT.rindex("[[asset]]") :]
    with pytest.raises(
        ScheduleError, match=r"^mine\.toml: asset ETH: symbol: expected an asset that is not listed above"
    ):
        parse_edition(TEXT + second, "mine.toml")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match=r"nowhere\.toml: expected a readable file in UTF-8, found"):
        read_edition(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b"settlement_asset = '\xe4'")
    with pytest.raises(ScheduleError, match=r"latin\.toml: expected a readable file in UTF-8, found"):
        read_edition(tmp_path / "latin.toml")


def test_the_standard_schedule_is_one_and_says_where_its_terms_come_from() -> None:
    edition = read_edition(STANDARD)
    stated = tomllib.loads(STANDARD.read_text())["asset"]
    assert list(edition.schedule) == [row["symbol"] for row in stated] == ["USDC", "BTC", "ETH", "USDe"]
    # The haircuts of the crash day, which have the same source.
    assert [edition.schedule[symbol].haircut_bps for symbol in ("USDC", "BTC", "ETH")] == [200, 1_000, 1_500]
    for eligible in edition.schedule.values():
        assert "[A]" in eligible.basis or "[P]" in eligible.basis
        # One source may be the venue's own and another silent, and there is still a price.
        assert eligible.price is None or len(eligible.price.sources) >= eligible.price.least_sources + 2
