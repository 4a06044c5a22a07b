"""A user's own venue: every key of its file, and what is said of one that is wrong."""

from pathlib import Path

import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.inputs.accounts import Reader
from margin.contagion.inputs.cells import Row
from margin.contagion.inputs.faults import Fault
from margin.contagion.inputs.venue_file import read_venue
from margin.contagion.regimes import Call
from margin.contagion.venues import Venue, default_venues
from margin.scenarios.table import ScenarioError

LEAST = ['name = "own"', 'insurance_fund = "250000000"', 'capital = "0.5"', "[[instrument]]", 'symbol = "BTC"']
RATE = "maintenance_bps = 40"


def read(folder: Path, a: Assumptions, *lines: str) -> tuple[Venue, str]:
    (folder / "own.toml").write_text("\n".join(lines), encoding="utf-8")
    return read_venue(folder / "own.toml", a)


def test_the_least_that_a_venue_is(tmp_path: Path, assumptions: Assumptions) -> None:
    found, replaced = read(tmp_path, assumptions, *LEAST, RATE)
    assert found == Venue("own", (4_000, 0, 0, 0, 0), 250_000_000_000_000, 500_000)
    assert replaced == ""
    assert [found.trades(which) for which in range(5)] == [True, False, False, False, False]


def test_all_that_a_venue_can_be(tmp_path: Path, assumptions: Assumptions) -> None:
    more = ['replaces = "venue_2"', 'call = "grace"', 'hours = "globex"', "liquidation_fee_bps = 75"]
    second = ["[[instrument]]", 'symbol = "XAG"', "maintenance_bps = 300"]
    found, replaced = read(tmp_path, assumptions, *more, "largest_leverage = 20", *LEAST, RATE, *second)
    assert (found.fee_bps, found.largest_leverage) == (75, 20)
    assert (found.call, found.hours, replaced) == (Call.GRACE, "globex", "venue_2")
    assert found.maintenance_ppm == (4_000, 0, 0, 0, 30_000)
    assert found.maintenance_tiers == ()


def test_a_venue_may_ask_more_of_what_is_larger(tmp_path: Path, assumptions: Assumptions) -> None:
    tiers = ["maintenance_tiers = [", '    ["50000", 50],', '    ["250000.5", 100],', "]"]
    second = ["[[instrument]]", 'symbol = "XAG"', "maintenance_bps = 300"]
    found, _ = read(tmp_path, assumptions, *LEAST, RATE, *tiers, *second)
    table = ((50_000_000_000, 5_000), (250_000_500_000, 10_000))
    assert found.maintenance_tiers == (table, (), (), (), ())
    assert found.asks(0, assumptions.instruments[0]) == (4_000, table)
    assert found.asks(4, assumptions.instruments[4]) == (30_000, ())


def test_who_stands_for_another_may_have_its_part_of_the_funds(tmp_path: Path, assumptions: Assumptions) -> None:
    found, _ = read(tmp_path, assumptions, 'replaces = "venue_1"', LEAST[0], *LEAST[3:], RATE)
    assert (found.fund_units, found.capital_units) == (None, None)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([*LEAST[1:], RATE], "line 1: name: expected a value, found nothing"),
        ([LEAST[0], *LEAST[2:], RATE], "insurance_fund: expected a value, found nothing"),
        (["fee_bps = 5", *LEAST, RATE], "line 1: fee_bps: expected one of the keys call, capital, hours"),
        (["largest_leverage = 0", *LEAST, RATE], "line 1: largest_leverage: expected a whole number from 1"),
        (["liquidation_fee_bps = -1", *LEAST, RATE], "line 1: liquidation_fee_bps: expected a whole number"),
        (['call = "later"', *LEAST, RATE], "line 1: call: expected one of instant, grace"),
        (['hours = "LME"', *LEAST, RATE], "line 1: hours: expected one of always, globex, us_equities"),
        ([LEAST[0], "insurance_fund = 5", *LEAST[2:], RATE], "line 2: insurance_fund: expected a decimal"),
        ([*LEAST[:2], 'capital = "-1"', *LEAST[3:], RATE], 'line 3: capital: expected from "0" to'),
        (LEAST[:3], "instrument: expected at least one [[instrument]]"),
        (LEAST, "line 4: instrument.maintenance_bps: expected a value, found nothing"),
        ([*LEAST[:4], 'symbol = "DOGE"', RATE], "line 5: instrument.symbol: expected one of BTC, ETH"),
        ([*LEAST, "maintenance_bps = 0"], "line 6: instrument.maintenance_bps: expected a whole number from 1"),
        ([*LEAST, RATE, "[[instrument]]", 'symbol = "BTC"', RATE], "line 8: instrument.symbol: expected each"),
        ([*LEAST, RATE, 'maintenance_tiers = "none"'], "line 7: instrument.maintenance_tiers: expected pairs like"),
        ([*LEAST, RATE, 'maintenance_tiers = [["50000", 40]]'], "both rising, found ['50000', 40]"),
        ([*LEAST, RATE, "maintenance_tiers = [[50000, 50]]"], "line 7: instrument.maintenance_tiers: expected pairs"),
        (['replaces = "venue_1"', *LEAST[:2], *LEAST[3:], RATE], "line 1: capital: expected a value, found nothing"),
        (['replaces = "venue_1"', LEAST[0], *LEAST[2:], RATE], "line 1: insurance_fund: expected a value, found"),
        ([*LEAST, RATE, "leverage = 5"], "line 7: instrument.leverage: expected one of the keys"),
        ([*LEAST, RATE, "[[fees]]"], "expected the tables [[instrument]], found [[fees]]"),
        (["name ="], "expected TOML"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named(tmp_path: Path, assumptions: Assumptions, lines: list[str], complaint: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        read(tmp_path, assumptions, *lines)
    assert complaint in str(raised.value)


def test_what_a_venue_does_not_trade_no_account_holds_there(tmp_path: Path, assumptions: Assumptions) -> None:
    own, _ = read(tmp_path, assumptions, *LEAST, RATE)
    row = {"account": "a", "client": "c", "venue": "own", "instrument": "ETH", "position": "1", "collateral": "5000"}
    faults: list[Fault] = []
    assert Reader(assumptions, (*default_venues(assumptions), own)).lines(list(row), [Row(2, row)], faults) == []
    assert faults == [Fault(2, "instrument", "own does not trade ETH")]
