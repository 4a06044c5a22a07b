"""`bulkhead stress` with a user's own inputs: what a file may hold, and what is said of one that is wrong."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.contagion.assumption_file import packaged
from margin.scenarios import candle_file
from settlement.cli import main
from settlement.commands.fields import InputError
from settlement.commands.stress_tables import read_table

pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra: pip install 'bulkhead[parquet]'")
pa = pytest.importorskip("pyarrow")

CANDLES = Path(__file__).parents[3] / "shared" / "data" / "feb2026_ETHUSDT_1h.csv"
RUN = ["stress", "run", "--minutes", "90", "--regime", "pooled_instant"]
HEADER = "account,client,venue,instrument,position,collateral\n"


def printed(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main([*RUN, "--json", *args]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_drawn_book_run_from_a_file_gives_the_same_record(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = printed(capsys, "--accounts", "3000")
    file = str(tmp_path / f"book.{kind}")
    assert main(["stress", "book", file, "--accounts", "3000"]) == 0
    weight = packaged()["population.represented_accounts"] / 3_000
    assert capsys.readouterr().out == f"bulkhead stress run --accounts {file} --weight {weight!r} --seed 1\n"
    assert printed(capsys, "--accounts", file, "--weight", repr(weight)) == drawn
    assert json.loads(drawn)["liquidated_usd"] > 0
    assert printed(capsys, "--accounts", file) != drawn


def test_rows_and_columns_in_any_order_give_the_same_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, other = tmp_path / "book.csv", tmp_path / "other.csv"
    assert main(["stress", "book", str(file), "--accounts", "500"]) == 0
    capsys.readouterr()
    header, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
    with other.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written).writerows([header[::-1], *(row[::-1] for row in rows[::-1])])
    assert printed(capsys, "--accounts", str(file)) == printed(capsys, "--accounts", str(other))


def test_a_parquet_file_may_have_numbers_of_any_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "book.csv"
    text.write_text(f"{HEADER}a1,c1,venue_1,BTC,0.5,9000\na2,c2,venue_1,BTC,-1,20000.25\n", encoding="utf-8")
    typed = tmp_path / "book.parquet"
    table = {
        "account": ["a1", "a2"], "client": ["c1", "c2"], "venue": ["venue_1"] * 2, "instrument": ["BTC"] * 2,
        "position": [0.5, -1.0], "collateral": pa.array(["9000", "20000.25"]).cast(pa.decimal128(30, 12)),
        "outside": pa.array([None, None], pa.int64()),
    }  # fmt: skip
    pq.write_table(pa.table(table), typed)
    assert printed(capsys, "--accounts", str(text)) == printed(capsys, "--accounts", str(typed))


def test_every_bad_line_is_named_with_its_number_and_nothing_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "book.csv"
    rows = ["a1,c1,venue_1,BTC,0.5,9000", 'a2,"c\n2",venue_1,BTC,x,9000', "a3,c3", "", "a4,c4,venue_7,BTC,1,-1"]
    file.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    assert main([*RUN, "--accounts", str(file)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        f"stress run: {file}, line 3, position: expected a number, in coins, found 'x'",
        f"{file}, line 5, line: expected 6 cells, found 2",
        f"{file}, line 7, collateral: expected from 0 to $100,000,000,000, found -1.000000",
        f"{file}, line 7, venue: expected one of venue_1, venue_2, venue_3, venue_4, found 'venue_7'",
        f"{file}: 4 faults in 3 lines; nothing was run",
    ]


def test_rows_of_parquet_are_numbered_from_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "book.parquet"
    names = HEADER.strip().split(",")
    rows = [("a1", "c1", "venue_1", "BTC", "1", "9000"), ("a2", "c2", "venue_1", "BTC", "1", "nan")]
    pq.write_table(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))), file)
    assert main([*RUN, "--accounts", str(file)]) == 2
    assert "book.parquet, row 2, collateral: expected a number, in $, found 'nan'" in capsys.readouterr().err


def test_what_does_not_net_and_who_starts_below_margin_is_said_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "book.csv"
    file.write_text(f"{HEADER}a1,c1,venue_2,BTC,0.5,9000\na2,c2,venue_2,ETH,1,5\n", encoding="utf-8")
    assert main([*RUN, "--accounts", str(file)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [
        f"{file}: 2 accounts, each standing for 1",
        f"{file}: 1 start below maintenance margin, a2 first",
        f"{file}: venue_2 does not net to zero in BTC: its unlevered holder is short $36,583.00 of it",
        f"{file}: venue_2 does not net to zero in ETH: its unlevered holder is short $2,148.00 of it",
    ]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.text('abc,"\n\r 1\x00\ufeff', max_size=40).map(str.encode))
def test_whatever_a_file_holds_is_rows_or_a_complaint(data: bytes) -> None:
    for end in ("csv", "parquet"):
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"book.{end}"
            file.write_bytes(data)
            try:
                table = read_table(str(file))
            except InputError as error:
                told = str(error)
            else:
                told = f"{file}: {len(table.rows) + len(table.faults)}"
            assert told.startswith(str(file))


def test_a_weight_is_of_a_files_accounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--accounts", "500", "--weight", "2"]) == 2
    assert "--weight: is of a file's accounts" in capsys.readouterr().err
    for weight in ("0", "-1", "nan", "inf"):
        assert main([*RUN, "--accounts", str(tmp_path / "book.csv"), "--weight", weight]) == 2
        assert "--weight: expected more than 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("none.csv", None, "expected a readable file, found No such file or directory"),
        ("book.csv", b"account\n\xff", "line 2: expected UTF-8, found byte 0xff"),
        ("book.csv", b'account\n"a', "line 2: expected CSV"),
        ("book.csv", b"", "line 1, account: this column is missing"),
        ("book.parquet", b"no", "expected a Parquet file"),
    ],
)
def test_what_is_no_table_is_named(
    tmp_path: Path, name: str, content: bytes | None, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main([*RUN, "--accounts", str(tmp_path / name)]) == 2
    assert complaint in capsys.readouterr().err


def schema(capsys: pytest.CaptureFixture[str], name: str) -> list[dict[str, str]]:
    assert main(["stress", "schema", name, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_schemas_list_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    required = [row["column"] for row in schema(capsys, "accounts") if row["default"] == "required"]
    assert required == ["account", "client", "venue", "collateral"]
    assert [row["column"] for row in schema(capsys, "shock")] == ["minute", "symbol", "price", "log_return"]
    assert [row["column"] for row in schema(capsys, "candles")] == [*candle_file.COLUMNS, candle_file.LAST_COLUMN]
    for name in ("accounts", "shock", "candles", "waterfall", "venue"):
        assert all(row["meaning"] and row["unit"] for row in schema(capsys, name))
    assert main(["stress", "schema", "nothing"]) == 2
    assert "expected one of accounts, shock, venue, waterfall, candles" in capsys.readouterr().err


def test_a_shock_from_a_file_is_run_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shock.csv"
    rows = [f"{minute},BTC,{80_000 - 400 * minute}" for minute in range(31)]
    file.write_text("minute,symbol,price\n" + "\n".join(rows) + "\n", encoding="utf-8")
    run = ["stress", "run", "--regime", "pooled_instant", "--accounts", "1000", "--shock", str(file)]
    assert main(run) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{file}: 30 minutes of it from 2026-02-05T00:20:00Z; ETH, SOL, OTHER, XAG stand still\n")
    assert main([*run, "--json", "--minutes", "10"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["low_price_ratio"] <= 0.95
    assert record["scenario"] == "shock.csv"
    assert main([*run, "--minutes", "31"]) == 2
    assert "has 30, not 31" in capsys.readouterr().err
    file.write_text("minute,symbol,price\n0,BTC,80000\n2,BTC,70000\n", encoding="utf-8")
    assert main(run) == 2
    assert f"{file}, line 3, minute: expected minute 1 of BTC, found 2: 1 missing" in capsys.readouterr().err


def test_candles_of_an_exchange_take_the_place_of_the_scenarios(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not CANDLES.is_file():
        pytest.skip("needs ../shared/data/feb2026_ETHUSDT_1h.csv, which is not distributed")
    run = [*RUN, "--json", "--accounts", "500"]
    assert main([*run, "--candles", str(CANDLES)]) == 0
    told = capsys.readouterr()
    assert "in place of the scenario's" in told.err
    assert json.loads(told.out)["scenario"] == "feb_2026+feb2026_ETHUSDT_1h.csv"
    assert main(run) == 0
    assert capsys.readouterr().out != told.out
    short = tmp_path / "ETHUSDT.csv"
    short.write_text("".join(CANDLES.read_text(encoding="utf-8").splitlines(keepends=True)[:50]), encoding="utf-8")
    assert main([*run, "--candles", str(short)]) == 2
    assert "line 50: expected whole bars from" in capsys.readouterr().err
    assert main([*run, "--candles", f"DOGE={CANDLES}"]) == 2
    assert "expected an asset of the scenario" in capsys.readouterr().err


WATERFALL = 'name = "own"\ntitle = "Own"\ncustody = "pooled"\nmaintenance = "x"\npath = "x"\n[[step]]\nmeans = "{}"\n'
STEP = 'payer = "p"\nsource = "s"\nconfidence = "A"\n'


def test_a_waterfall_from_a_file_is_for_its_form_of_custody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.toml"
    file.write_text(WATERFALL.format("winners") + STEP, encoding="utf-8")
    run = ["stress", "run", "--minutes", "90", "--accounts", "500", "--waterfall", str(file)]
    assert main(run) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "pooled_instant: losses are paid by winners, and then not at all",
        "segregated_grace: its own order of payers: own is for pooled custody",
    ]
    assert main([*run, "--regime", "segregated_grace"]) == 2
    assert "--waterfall: own is for pooled custody: ask for such a --regime" in capsys.readouterr().err
    file.write_text(WATERFALL.format("backstop") + STEP, encoding="utf-8")
    assert main(run) == 2
    assert "--waterfall: own: backstop is not simulated: expected one of" in capsys.readouterr().err
    file.write_text(WATERFALL.format("everybody") + STEP, encoding="utf-8")
    assert main(run) == 2
    assert f"{file}, line 7: step.means: expected one of own_collateral" in capsys.readouterr().err
    assert main([*run[:-1], "nobody"]) == 2
    assert "expected one of binance, deribit" in capsys.readouterr().err


VENUE = 'name = "own"\ninsurance_fund = "1000"\ncapital = "0"\n'
ONE = '[[instrument]]\nsymbol = "{}"\nmaintenance_bps = 40\n'


def test_a_venue_from_a_file_has_accounts_or_replaces_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, accounts = tmp_path / "own.toml", tmp_path / "book.csv"
    file.write_text(VENUE + ONE.format("BTC"), encoding="utf-8")
    accounts.write_text(f"{HEADER}a1,c1,own,BTC,0.5,9000\na2,c1,venue_1,BTC,-0.5,9000\n", encoding="utf-8")
    run = [*RUN, "--accounts", "500", "--venue", str(file)]
    assert main([*RUN, "--accounts", str(accounts), "--venue", str(file)]) == 0
    assert capsys.readouterr().out.startswith(f"{file}: own is one more venue\n{accounts}: 2 accounts")
    assert main(run) == 2
    assert "--venue: own: nobody drawn is there: say which one it replaces" in capsys.readouterr().err
    text = 'replaces = "venue_1"\n' + VENUE
    file.write_text(text + ONE.format("BTC"), encoding="utf-8")
    assert main(run) == 2
    assert "--venue: own: who is drawn there holds ETH: add it" in capsys.readouterr().err
    file.write_text(text + "".join(map(ONE.format, ("BTC", "ETH", "SOL", "OTHER", "XAG"))), encoding="utf-8")
    assert main(run) == 0
    assert capsys.readouterr().out.startswith(f"{file}: own stands for venue_1\n")
    file.write_text(text.replace("capital", "captal"), encoding="utf-8")
    assert main(run) == 2
    assert f"{file}, line 1: capital: expected a value, found nothing" in capsys.readouterr().err


def test_a_venue_of_ones_own_may_ask_more_of_what_is_larger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All have a twentieth of what they hold, and prices stand: it is little only for who holds more than the edge."""
    file, accounts, shock = tmp_path / "own.toml", tmp_path / "book.csv", tmp_path / "shock.csv"
    out = tmp_path / "out.csv"
    rows = ["small,c1,own,BTC,0.5,2000", "large,c2,own,BTC,10,40000", "short,c3,own,BTC,-10,40000"]
    accounts.write_text(HEADER + "\n".join([*rows, "other,c4,venue_1,BTC,10,40000"]) + "\n", encoding="utf-8")
    shock.write_text("minute,symbol,price\n0,BTC,80000\n1,BTC,80000\n2,BTC,80000\n", encoding="utf-8")
    run = ["stress", "run", "--accounts", str(accounts), "--shock", str(shock), "--regime", "pooled_instant"]
    told, digests = {}, set()
    for tiers in ('maintenance_tiers = [["50000", 1000]]', 'maintenance_tiers = [["50000", 50]]', ""):
        file.write_text(VENUE + ONE.format("BTC") + tiers, encoding="utf-8")
        assert main([*run, "--venue", str(file), "--by-account", str(out), "--json"]) == 0
        said = capsys.readouterr()
        assert ("2 start below maintenance margin, large, short first" in said.err) == ("1000" in tiers)
        digests.add(json.loads(said.out)["digest_of_inputs"])
        told[tiers] = [row.cells["account"] for row in read_table(str(out)).rows if row.cells["liquidated"] == "true"]
    assert list(told.values()) == [["large", "short"], [], []]
    assert len(digests) == 3
    file.write_text(VENUE + ONE.format("BTC") + 'maintenance_tiers = [["50000", 40]]', encoding="utf-8")
    assert main([*run, "--venue", str(file)]) == 2
    found = capsys.readouterr().err
    assert f"{file}, line 7: instrument.maintenance_tiers: expected pairs like" in found
    assert "both rising, found ['50000', 40]" in found


def test_an_exchanges_tiers_are_taken_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """They ask more of what is above $250,000, where most notional is: more is closed where prices do not answer."""
    day = ["stress", "run", "--accounts", "10000", "--regime", "pooled_instant", "--json"]
    day += ["--set", "market.depth_multiple=1e6"]
    found = []
    for more in ([], ["--venue", "binance_2021"]):
        assert main([*day, *more]) == 0
        found.append(json.loads(capsys.readouterr().out))
    flat, tiered = found
    assert tiered["digest_of_inputs"] != flat["digest_of_inputs"]
    assert tiered["liquidated_usd"] > flat["liquidated_usd"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_became_of_every_account_is_written(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A fall by a quarter: the one with ten times is liquidated, the one with twice is not, the short has gained."""
    accounts, shock, out = tmp_path / "book.csv", tmp_path / "shock.csv", tmp_path / f"out.{kind}"
    rows = ["thin,c1,venue_1,BTC,1,8000", "thick,c2,venue_1,BTC,1,40000", "short,c3,venue_2,BTC,-1,40000.000001"]
    accounts.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    prices = [f"{minute},BTC,{80_000 - 1_000 * minute}" for minute in range(21)]
    shock.write_text("minute,symbol,price\n" + "\n".join(prices) + "\n", encoding="utf-8")
    run = ["stress", "run", "--accounts", str(accounts), "--shock", str(shock), "--regime", "pooled_instant"]
    assert main([*run, "--set", "market.depth_multiple=1e6", "--by-account", str(out)]) == 0
    table = read_table(str(out))
    found = {row.cells["account"]: row.cells for row in table.rows}
    assert {name: cells["liquidated"] for name, cells in found.items()} == {
        "thin": "true", "thick": "false", "short": "false",
    }  # fmt: skip
    assert found["short"]["equity_at_start"] == "40000.000001"
    assert found["short"]["equity_at_end"] == "60000.000001"
    assert found["thick"]["equity_at_end"] == "20000"
    capsys.readouterr()
    assert main([*run, "--by-account", "out.txt"]) == 2
    told = capsys.readouterr()
    assert "expected a name that ends in .csv or .parquet" in told.err
    assert told.out == ""
    assert main([*run, "--by-account", str(accounts)]) == 2
    assert "expected another file than" in capsys.readouterr().err
