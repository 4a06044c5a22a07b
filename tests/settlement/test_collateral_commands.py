"""`bulkhead collateral`: what holdings count for, why not for more, and what is said of a wrong file."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from custody.schedule_file import STANDARD
from settlement.cli import main
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

AT_S = 1_770_000_000
SOURCES = ("binance", "bybit", "curve pool", "issuer redemption", "kraken")
PRICES = ("0.65", "0.995", "0.998", "1", "1.001")
QUOTES = [
    {"asset": "USDe", "source": name, "price": price, "at_s": AT_S - 10}
    for name, price in zip(SOURCES, PRICES, strict=True)
]
ASKED = {
    "venue": "binance",
    "at_s": AT_S,
    "holdings": {"USDC": "4000000000000", "USDe": 3_000_000_000_000},
    "quotes": QUOTES,
}

Ask = Callable[..., Ran]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """A subcommand, `value` with a file made of this."""

    def ran(name: str, asked: object = None, *options: str) -> Ran:
        file = tmp_path / "asked.json"
        file.write_text(asked if isinstance(asked, str) else json.dumps(asked))
        capsys.readouterr()
        status = main(["collateral", name, *([str(file)] if asked is not None else []), *options])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained.replace(str(file), "asked.json"))

    return ran


def test_what_counts_and_whose_word_was_left_out(ask: Ask) -> None:
    ran = ask("value", ASKED, "--json")
    assert (ran.status, ran.complained) == (DONE, "")
    (answer,) = ran.lines
    assert {name: answer[name] for name in answer if name != "lines"} == {
        "venue": "binance", "at_s": AT_S, "effective_at_s": 1_768_176_000, "unit": "1e-6 USD",
        "collateral_units": "6315200000000", "market_units": "6994000000000",
    }  # fmt: skip
    assert answer["lines"][1] == {
        "asset": "USDe", "scale": 6, "units": "3000000000000", "price_e6": "998000", "confidence_bps": 9_969,
        "haircut_bps": 2_000, "market_units": "2994000000000", "over_units": "0", "over_share_units": "0",
        "counted_units": "2395200000000", "refusal": None, "retry_may_succeed": False,
        "used": ["bybit", "curve pool", "issuer redemption", "kraken"], "left_out": {"binance": "own_book"},
    }  # fmt: skip


def test_people_are_told_the_same(ask: Ask) -> None:
    ran = ask("value", ASKED)
    assert ran.status == DONE
    assert ran.said.startswith(
        "at binance, 2026-02-02T02:40:00Z, under the schedule in force from 2026-01-12T00:00:00Z"
    )
    assert "6,315,200.00 USD of collateral, 6,994,000.00 USD at market" in ran.said
    assert ["USDe", "3000000000000", "0.998000", "2,994,000.00", "20.00%", "0.00", "0.00", "2,395,200.00"] in [
        line.split() for line in ran.said.splitlines()
    ]
    assert "binance left out: own book" in ran.said


def test_a_refused_asset_is_code_one_and_says_why(ask: Ask) -> None:
    held = {"USDC": "1000000", "USDe": "1000000", "DOGE": "7"}
    ran = ask("value", ASKED | {"holdings": held, "quotes": QUOTES[:3]}, "--json")
    assert ran.status == FAILED
    (answer,) = ran.lines
    assert answer["collateral_units"] == "980000"
    refusals = [(line["asset"], line["refusal"], line["retry_may_succeed"]) for line in answer["lines"][1:]]
    assert refusals == [("USDe", "too_few_fresh_sources", True), ("DOGE", "not_eligible", False)]
    told = ask("value", ASKED | {"holdings": held, "quotes": []})
    assert (told.status, "too few fresh sources" in told.said, "not eligible" in told.said) == (FAILED, True, True)
    assert "USDe: nobody; binance left out: own book; bybit left out: no quote" in told.said


def test_what_is_over_a_limit_is_said(ask: Ask) -> None:
    ran = ask("value", ASKED | {"holdings": {"USDC": "600000000", "USDe": "20000000000000"}}, "--json")
    (line,) = [one for one in ran.lines[0]["lines"] if one["asset"] == "USDe"]
    # 588 is three fifths of 980; 10 of the 20 million are over the limit in units.
    counted, over, over_share = 392_000_000, 7_984_000_000_000, 7_984_000_000_000 - 392_000_000
    assert (line["counted_units"], line["over_units"], line["over_share_units"]) == (
        str(counted), str(over), str(over_share),
    )  # fmt: skip


def test_standard_input_and_the_machines_clock(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {name: value for name, value in ASKED.items() if name != "at_s"}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(asked).encode())))
    ran = ask("value", None, "-", "--json")
    # Quotes of February are stale by now, and the settlement asset is at par on any day.
    assert ran.status == FAILED
    assert ran.lines[0]["at_s"] > AT_S
    assert ran.lines[0]["collateral_units"] == "3920000000000"


def test_the_schedule_is_printed_with_its_sources(ask: Ask) -> None:
    ran = ask("schedule", None, "--json")
    assert ran.status == DONE
    assert [line["asset"] for line in ran.lines] == ["USDC", "BTC", "ETH", "USDe"]
    usde = ran.lines[3]
    assert (usde["haircut_bps"], usde["most_units"], usde["most_share_bps"]) == (2_000, "10000000000000", 4_000)
    assert usde["sources"]["issuer redemption"] == []
    assert (ran.lines[0]["most_units"], ran.lines[0]["least_sources"]) == (None, None)
    told = ask("schedule").said
    assert "announced 2026-01-05T00:00:00Z, in force from 2026-01-12T00:00:00Z" in told
    assert "3 of binance, bybit, curve pool, issuer redemption, kraken; 1 may lie, the others within 3.00%" in told


@pytest.fixture
def editions(tmp_path: Path) -> tuple[str, ...]:
    """The standard schedule, and one that follows it on 9 February with twice the haircut on USDe."""
    text = STANDARD.read_text()
    later = text.replace("2026-01-05", "2026-02-02").replace("2026-01-12", "2026-02-09")
    (tmp_path / "first.toml").write_text(text)
    (tmp_path / "second.toml").write_text(later.replace("haircut_bps = 2_000", "haircut_bps = 4_000"))
    return tuple(word for name in ("first", "second") for word in ("--schedule", str(tmp_path / f"{name}.toml")))


def test_each_edition_counts_in_its_time(ask: Ask, editions: tuple[str, ...]) -> None:
    effective_s = 1_770_595_200  # 9 February
    for at_s, counted in ((effective_s - 1, "2395200000000"), (effective_s, "1796400000000")):
        quotes = [quote | {"at_s": at_s} for quote in QUOTES]
        ran = ask("value", ASKED | {"at_s": at_s, "quotes": quotes}, *editions, "--json")
        assert ran.lines[0]["lines"][1]["counted_units"] == counted


def test_editions_out_of_order_or_in_no_force_are_refused(ask: Ask, editions: tuple[str, ...], tmp_path: Path) -> None:
    ran = ask("value", ASKED, *editions[2:], *editions[:2])
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.endswith(f"--schedule: {tmp_path}/first.toml: refused: announced_before_the_last\n")
    early = ask("value", ASKED | {"at_s": 0}, *editions)
    assert (early.status, early.complained) == (
        USAGE, "collateral value: --schedule: no edition of the schedule is in force at 0\n",
    )  # fmt: skip
    (tmp_path / "first.toml").write_text("notice_s = 1")
    assert "first.toml: settlement_asset: expected this field" in ask("schedule", None, *editions).complained
    absent = ask("schedule", None, "--schedule", str(tmp_path / "absent.toml"))
    assert (absent.status, "expected a readable file" in absent.complained) == (USAGE, True)


@pytest.fixture
def two(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Two files for `revalue`."""

    def write(before: object, after: object) -> tuple[str, str]:
        for name, asked in (("before", before), ("after", after)):
            (tmp_path / f"{name}.json").write_text(json.dumps(asked))
        return str(tmp_path / "before.json"), str(tmp_path / "after.json")

    return write


def test_what_falls_silent_is_called_until_a_deadline(ask: Ask, two: Callable[..., tuple[str, str]]) -> None:
    files = two(ASKED, ASKED | {"at_s": AT_S + 400})
    ran = ask("revalue", None, *files, "--json")
    assert (ran.status, ran.complained) == (DONE, "")
    assert ran.lines == [{
        "venue": "binance", "from_units": "6315200000000", "to_units": "3920000000000",
        "in_cure_units": "2395200000000", "unit": "1e-6 USD",
        "changes": [
            {"asset": "USDe", "from_units": "2395200000000", "to_units": "0", "causes": ["no_longer_priced"]},
        ],
        "demands": [
            {"asset": "USDe", "lost_units": "2395200000000", "causes": ["no_longer_priced"],
             "called_at_s": AT_S + 400, "deadline_s": AT_S + 400 + 86_400},
        ],
    }]  # fmt: skip
    told = ask("revalue", None, *files).said
    assert "from 6,315,200.00 to 3,920,000.00 USD of collateral; a margin test adds 2,395,200.00" in told
    assert "bring other collateral for 2,395,200.00 of USDe (no longer priced) until 2026-02-03T02:46:40Z" in told


def test_what_the_market_takes_is_not_called(ask: Ask, two: Callable[..., tuple[str, str]]) -> None:
    fallen = [quote | {"price": "0.9"} for quote in QUOTES]
    ran = ask("revalue", None, *two(ASKED, ASKED | {"quotes": fallen}), "--json")
    assert (ran.lines[0]["demands"], ran.lines[0]["in_cure_units"]) == ([], "0")
    assert ran.lines[0]["changes"][0]["causes"] == ["price_fell"]
    assert "nothing is to be substituted" in ask("revalue", None, *two(ASKED, ASKED)).said


def test_valuations_that_cannot_be_compared(ask: Ask, two: Callable[..., tuple[str, str]]) -> None:
    for after in (ASKED | {"venue": "okx"}, ASKED | {"at_s": AT_S - 1}):
        ran = ask("revalue", None, *two(ASKED, after))
        assert (ran.status, ran.said) == (USAGE, "")
        assert "expected two appraisals of one venue, the earlier first" in ran.complained


QUOTE = QUOTES[0]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("", "expected a JSON object, found is no JSON"),
        ("[]", "expected a JSON object with the fields venue, at_s, holdings, quotes"),
        ('{"venue": "a", "venue": "b"}', "expected a JSON object, found venue: is there twice"),
        (ASKED | {"venues": 1}, "'venues': expected one of the fields venue, at_s, holdings, quotes"),
        ({"venue": "a"}, "holdings: expected an object of ledger units by asset, found None"),
        ({"holdings": {}}, "venue: expected this field, found none"),
        (ASKED | {"at_s": "now"}, "at_s: expected a whole number of seconds"),
        (ASKED | {"holdings": {"BTC": 1.5}}, "holdings: BTC: expected a whole number of ledger units"),
        (ASKED | {"holdings": {"BTC": "-1"}}, "holdings: BTC: expected ledger units from 0 to"),
        (ASKED | {"holdings": {"BTC": str(2**63)}}, "holdings: BTC: expected ledger units from 0 to"),
        (ASKED | {"quotes": {}}, "quotes: expected a list, found {}"),
        (ASKED | {"quotes": [7]}, "quote 1: expected a JSON object with the fields asset, source, price, at_s"),
        (ASKED | {"quotes": [QUOTE, QUOTE | {"prize": "1"}]}, "quote 2: 'prize': expected one of the fields asset"),
        (ASKED | {"quotes": [QUOTE | {"price": 1.0}]}, "quote 1: price: expected a text"),
        (ASKED | {"quotes": [QUOTE | {"price": "1e3"}]}, "quote 1: price: expected dollars with at most 6 decimals"),
        (ASKED | {"quotes": [{"asset": "X", "source": "y", "price": "1"}]}, "quote 1: at_s: expected this field"),
    ],
)
def test_a_wrong_file_is_code_two_and_names_the_field(
    ask: Ask, asked: Mapping[str, object] | str, complaint: str
) -> None:
    ran = ask("value", asked)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"collateral value: asked.json: {complaint}")


def test_no_such_file(ask: Ask, tmp_path: Path) -> None:
    ran = ask("value", None, str(tmp_path / "absent.json"))
    assert (ran.status, "absent.json: expected a JSON object, found" in ran.complained) == (USAGE, True)
    assert ask("value").status == USAGE


def test_help_comes_without_the_database_or_the_chain() -> None:
    looks = (
        "import sys; from settlement.cli import main; status = main(['collateral', 'value', '--help']); "
        "heavy = {'web3', 'sqlalchemy', 'custody.prices'} & sys.modules.keys(); "
        "sys.exit(status or ', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (DONE, "")
