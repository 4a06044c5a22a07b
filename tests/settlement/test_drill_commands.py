"""`bulkhead drill`: insolvencies over real books, at any moment of their past, and nothing in them changes."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from custody.accounts import Account, Chart
from custody.books import Books
from custody.database import LEDGER, open_database
from custody.transfers import Reason, Transfer
from margin.calls import MarginCall
from settlement import records
from settlement.cli import main
from settlement.records import DESK
from tests.settlement.ledger_day import DONE, USAGE, Ran

CHART = Chart("USDC")
VAULT, FEES = CHART.vault(), CHART.fees()
FUND, MAKER, WRITER = (CHART.delegated(client, "north") for client in ("fund", "maker", "writer"))
COLLATERAL, GUARANTEE = CHART.venue_collateral("north"), CHART.guarantee("north")
HELD = {
    CHART.available("fund"): 50, CHART.available("maker"): 0, CHART.available("writer"): 0,
    FUND: 100, MAKER: 30, WRITER: 20, CHART.delegated("fund", "south"): 7, COLLATERAL: 40, GUARANTEE: 5, FEES: 3,
}  # fmt: skip

Drill = Callable[..., Ran]


def fill(path: Path, held: dict[Account, int]) -> None:
    with closing(open_database(path, schemas=(LEDGER, DESK))) as database:
        books = Books(database)
        books.open_accounts([VAULT, *held])
        brought = [
            Transfer(f"deposit/{number}", VAULT.id, account.id, units, Reason.DEPOSIT)
            for number, (account, units) in enumerate(held.items())
            if units
        ]
        assert all(outcome.ok for outcome in books.post(brought, 1_000))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A segregated ledger of one venue with three compartments; at 2,000 another ten come into the fund's."""
    path = tmp_path / "drill.sqlite"
    fill(path, HELD)
    with closing(open_database(path, schemas=(LEDGER, DESK))) as database:
        more = Transfer("more", CHART.available("fund").id, FUND.id, 10, Reason.DELEGATION)
        assert Books(database).post([more], 2_000)[0].ok
        with database.transaction() as tx:
            records.store_call(tx, MarginCall("call/1", "fund", "north", 9, 100, 600))
            records.store_call(tx, MarginCall("call/2", "maker", "north", 9, 700, 900))
            records.store_call(tx, MarginCall("call/3", "writer", "north", 9, 1_000, 1_500))
            records.store_call(tx, MarginCall("call/4", "writer", "north", 9, 100, 600))
            records.end_call(tx, "call/4", "met", 500)
    return path


@pytest.fixture
def drill(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Drill:
    """A drill on the ledger, in JSON; `units` becomes the file that the option names."""

    def ran(name: str, *options: object, units: object = None, people: bool = False) -> Ran:
        file = tmp_path / "units.json"
        file.write_text(units if isinstance(units, str) else json.dumps(units))
        words = [str(option).replace("FILE", str(file)) for option in options]
        capsys.readouterr()
        status = main(["drill", name, "--database", str(place), *words, *([] if people else ["--json"])])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained.replace(str(file), "units.json"))

    return ran


def paid(ran: Ran) -> list[tuple[object, ...]]:
    """Time, payer, payee without the asset, and units of every payment."""
    assert (ran.status, ran.complained) == (DONE, "")
    (answer,) = ran.lines
    payments = answer["payments"]
    assert isinstance(payments, list)
    return [(one["at_s"], one["from"][5:], one["to"][5:], int(one["units"])) for one in payments]


def unpaid(ran: Ran) -> list[tuple[object, ...]]:
    """Debtor, creditor, units and cause of every claim that is left."""
    claims = ran.lines[0]["unpaid"]
    assert isinstance(claims, list)
    return [(one["debtor"], one["creditor"], int(one["units"]), one["cause"]) for one in claims]


VENUE = ("venue-default", "--asset", "USDC", "--venue", "north", "--unsettled", "FILE")
CLIENT = ("client-default", "--asset", "USDC", "--client", "fund", "--venue", "north", "--owed", "FILE")


def test_a_venues_default_out_of_the_books(drill: Drill) -> None:
    ran = drill(*VENUE, "--as-of", 1_500, "--release-s", 60, units={"fund": "80", "writer": -25, "maker": 0})
    assert paid(ran) == [
        (1_500, "venue/north/collateral", "venue/north/settlement", 40),
        (1_500, "guarantee/north", "venue/north/settlement", 5),
        (1_500, "client/writer/delegated/north", "venue/north/settlement", 20),
        (1_500, "venue/north/settlement", "client/fund/available", 65),
        (1_560, "client/fund/delegated/north", "client/fund/available", 100),
        (1_560, "client/maker/delegated/north", "client/maker/available", 30),
    ]
    assert unpaid(ran) == [("north", "fund", 15, "unpaid"), ("writer", "north", 5, "unpaid")]
    later = drill(*VENUE, "--as-of", 2_000, units={})
    assert paid(later)[0] == (2_000, "client/fund/delegated/north", "client/fund/available", 110)


def test_a_clients_default_out_of_the_books(drill: Drill) -> None:
    owed = {"maker": 160, "writer": 10}
    assert paid(drill(*CLIENT, "--as-of", 1_500, "--top-up", 60, "--capital", 4, units=owed)) == [
        (1_500, "client/fund/delegated/north", "venue/north/settlement", 100),
        (1_500, "client/fund/available", "venue/north/settlement", 50),  # no more than there is
        (1_500, "guarantee/north", "venue/north/settlement", 5),
        (1_500, "venue/north/collateral", "venue/north/settlement", 4),
        (1_500, "venue/north/settlement", "client/maker/delegated/north", 150),
        (1_500, "venue/north/settlement", "client/writer/delegated/north", 9),
    ]
    whole = drill(*CLIENT, "--as-of", 1_500, units=owed)
    assert [units for *_, units in paid(whole)] == [100, 5, 40, 136, 9]  # no top-up, and all of the venue's own


POSITIONS = {
    "positions": [
        {"party": "fund", "venue": "north", "instrument": "BTC-PERP", "underlying": "BTC", "units": 90},
        {"party": "maker", "venue": "north", "instrument": "BTC-PERP", "underlying": "BTC", "units": "-120"},
        {"party": "maker", "venue": "south", "instrument": "BTC-FUT", "underlying": "BTC", "units": 70},
        {"party": "writer", "venue": "south", "instrument": "BTC-FUT", "underlying": "BTC", "units": 70},
    ]
}


def test_a_clients_default_lists_the_hedges_of_its_counterparties(drill: Drill, tmp_path: Path) -> None:
    held = tmp_path / "positions.json"
    held.write_text(json.dumps(POSITIONS))
    ran = drill(*CLIENT, "--positions", held, units={"maker": 8})
    assert ran.lines[0]["hedges"] == [
        {"party": "maker", "underlying": "BTC", "lost_units": "-90", "venue": "south", "instrument": "BTC-FUT",
         "units": "70"}
    ]  # fmt: skip
    told = drill(*CLIENT, "--positions", held, units={"maker": 8}, people=True).said
    assert "maker loses -90 BTC: its +70 of BTC-FUT at south hedge it no longer" in told
    assert "hedges" not in drill(*CLIENT, units={"maker": 8}).lines[0], "nobody said who holds what"


@pytest.mark.parametrize(
    ("positions", "complaint"),
    [
        ({}, "positions.json: positions: expected a list of positions, found None"),
        ({"positions": [5]}, "positions.json: positions 1: expected a JSON object with the fields party, venue,"),
        (
            {"positions": [POSITIONS["positions"][0] | {"lots": 1}]},
            "positions.json: positions 1: 'lots': expected one of",
        ),
        (
            {"positions": [POSITIONS["positions"][0] | {"units": 1.5}]},
            "positions.json: positions 1: units: expected a whole",
        ),
        ({"positions": POSITIONS["positions"][:1] * 2}, "positions.json: positions: a position is given twice"),
    ],
)
def test_positions_that_cannot_be_read(drill: Drill, tmp_path: Path, positions: object, complaint: str) -> None:
    held = tmp_path / "positions.json"
    held.write_text(json.dumps(positions))
    ran = drill(*CLIENT, "--positions", held, units={"maker": 8})
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.removeprefix("drill client-default: ").replace(f"{tmp_path}/", "").startswith(complaint)


def test_a_custodians_default_out_of_the_books(drill: Drill) -> None:
    holds = drill("custodian-default", "--asset", "USDC", "--as-of", 1_500, "--delay-s", 90)
    delivered = {str(payer): units for at_s, payer, payee, units in paid(holds) if (at_s, payee) == (1_590, "vault")}
    # What the custodian has earned is not owed to anybody.
    assert delivered == {account.id[5:]: units for account, units in HELD.items() if units and account != FEES}
    fails = drill(
        "custodian-default", "--asset", "USDC", "--as-of", 1_500, "--trust-fails", "--found", 126,
        "--other-creditors", 252,
    )  # fmt: skip
    assert [units for *_, units in paid(fails)] == [13, 25, 2, 7, 5, 1, 10]
    assert sum(int(claim["units"]) for claim in fails.lines[0]["unpaid"]) == 252 - 63


def test_an_outage_moves_the_deadlines_of_stored_calls(drill: Drill) -> None:
    ran = drill("outage", "--began", 500, "--ended", 1_000)
    told = [(line["id"], line["deadline_s"], line["delay_s"], line["bearer"]) for line in ran.lines]
    assert told == [("call/1", 1_100, 500, "custodian"), ("call/2", 1_200, 300, "custodian")]
    ran = drill("outage", "--began", 500, "--ended", 1_000, "--run-on")
    assert [(line["deadline_s"], line["bearer"]) for line in ran.lines] == [(600, "client"), (900, "client")]
    ran = drill("outage", "--began", 500, "--ended", 1_000, "--bearer", "venue", "--longest-s", 50)
    assert [(line["deadline_s"], line["bearer"]) for line in ran.lines] == [(650, "venue"), (950, "venue")]


def test_people_are_told_in_words(drill: Drill) -> None:
    ran = drill(*VENUE, "--as-of", 1_500, units={"fund": 80}, people=True)
    assert ran.status == DONE
    assert "1970-01-01T00:25:00Z   USDC/venue/north/collateral" in ran.said
    assert "north still owes fund 35" in ran.said
    assert "nobody is owed anything" in drill(*VENUE, units={}, people=True).said


def test_nothing_is_written(drill: Drill, place: Path) -> None:
    before = place.read_bytes()
    drill(*VENUE, units={"fund": 80})
    drill(*CLIENT, units={"maker": 8})
    drill("custodian-default", "--asset", "USDC")
    drill("outage", "--began", 500, "--ended", 1_000)
    assert place.read_bytes() == before


@pytest.mark.parametrize(
    ("command", "units", "complaint"),
    [
        ((*VENUE[:2], "DOGE", *VENUE[3:]), {}, "--asset: expected an asset of this ledger, found 'DOGE'"),
        (
            (*VENUE[:4], "west", *VENUE[5:]),
            {},
            "--venue: expected a venue with compartments of USDC, found none at west",
        ),
        (VENUE, {"nobody": 1}, "units.json: 'nobody': expected clients with collateral at the venue"),
        (VENUE, {"fund": 1.5}, "units.json: fund: expected a whole number of ledger units"),
        (VENUE, {"fund": 2**63}, "units.json: fund: expected signed ledger units in 64 bits"),
        (VENUE, "[]", "units.json: expected a JSON object"),
        (VENUE, "{", "units.json: expected a JSON object, found is no JSON"),
        (CLIENT, {"maker": -1}, "units.json: maker: expected ledger units in 64 bits"),
        (CLIENT, {"fund": 1}, "units.json: fund: expected creditors, found the client itself"),
        ((*CLIENT[:4], "nobody", *CLIENT[5:]), {}, "--client, --venue: expected a client with a compartment, found no"),
        (("outage", "--began", 5, "--ended", 4), None, "--ended: expected a time that is not before --began"),
        (("outage", "--began", 5, "--ended", 6, "--bearer", "me"), None, "--bearer: expected one of client, venue,"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(
    drill: Drill, command: tuple[object, ...], units: object, complaint: str
) -> None:
    ran = drill(*command, units=units)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"drill {command[0]}: {complaint}")


@pytest.fixture
def pooled(drill: Drill, place: Path) -> Drill:
    """The same on a pooled ledger: claims of 100, 20 and 0 on an omnibus of 120, 5 in the fund, 40 of the venue's own;
    50 are available to the fund."""
    place.unlink()
    pool, claims = CHART.pool("north"), {CHART.claim("fund", "north"): 100, CHART.claim("writer", "north"): 20}
    maker = CHART.claim("maker", "north")
    fill(place, {CHART.omnibus("north"): 120, CHART.insurance("north"): 5, COLLATERAL: 40, CHART.available("fund"): 50})
    with closing(open_database(place, schemas=(LEDGER, DESK))) as database:
        books = Books(database)
        books.open_accounts([pool, maker, *claims])
        brought = [
            Transfer(f"claim/{number}", pool.id, account.id, units, Reason.DELEGATION)
            for number, (account, units) in enumerate(claims.items())
        ]
        assert all(outcome.ok for outcome in books.post(brought, 1_200))
    return drill


def test_a_pooled_venues_default_out_of_the_books(pooled: Drill) -> None:
    ran = pooled(*VENUE, "--as-of", 1_500, "--release-s", 60, units={"fund": 80, "writer": -25})
    assert paid(ran) == [
        (1_500, "venue/north/collateral", "venue/north/omnibus", 40),
        (1_500, "insurance/north", "venue/north/omnibus", 5),
        (1_500, "client/writer/claim/north", "venue/north/pool", 20),
        (1_560, "venue/north/omnibus", "client/fund/available", 165),
        (1_560, "client/fund/claim/north", "venue/north/pool", 100),
    ]
    assert unpaid(ran) == [("north", "fund", 15, "unpaid"), ("writer", "north", 5, "unpaid")]


def test_what_is_not_found_of_an_omnibus_everybody_shares(pooled: Drill) -> None:
    ran = pooled(*VENUE, "--found", 15, units={})
    assert [(payee, units) for _, payer, payee, units in paid(ran) if str(payer).endswith("omnibus")] == [
        ("client/fund/available", 50), ("client/writer/available", 10),
    ]  # fmt: skip


def test_a_clients_default_in_a_pool_out_of_the_books(pooled: Drill, tmp_path: Path) -> None:
    adl = tmp_path / "adl.json"
    adl.write_text(json.dumps({"maker": 11}))
    options = (*CLIENT, "--as-of", 1_500, "--top-up", 60, "--capital", 4, "--adl", adl)
    ran = pooled(*options, units={"maker": 160, "writer": "40"})
    assert paid(ran) == [
        (1_500, "client/fund/available", "venue/north/omnibus", 50),  # no more than there is
        (1_500, "venue/north/pool", "client/fund/claim/north", 50),
        (1_500, "insurance/north", "venue/north/omnibus", 5),
        (1_500, "venue/north/collateral", "venue/north/omnibus", 4),
        (1_500, "client/fund/claim/north", "venue/north/pool", 150),
        # 30 of 149 and 40: 24 and 6
        (1_500, "venue/north/pool", "client/maker/claim/north", 125),
        (1_500, "venue/north/pool", "client/writer/claim/north", 34),
    ]
    assert unpaid(ran) == [
        ("fund", "insurance/north", 5, "stood_in"), ("fund", "north", 4, "stood_in"), ("fund", "north", 11, "adl"),
        ("fund", "maker", 24, "socialised"), ("fund", "writer", 6, "socialised"), ("north", "maker", 11, "adl"),
    ]  # fmt: skip
    said = pooled(*options, units={"maker": 160, "writer": 40}, people=True).said
    assert "fund still owes insurance/north 5 (paid in its place)" in said
    assert "north still owes maker 11 (auto-deleveraged)" in said
    assert "fund still owes writer 6 (socialised)" in said


def test_a_client_takes_its_venue_along_where_the_omnibus_is_not_all_found(pooled: Drill) -> None:
    ran = pooled(*CLIENT, "--as-of", 1_500, "--found", 15, "--release-s", 60, units={"maker": 100})
    assert paid(ran) == [
        (1_500, "insurance/north", "venue/north/omnibus", 5),
        (1_500, "venue/north/collateral", "venue/north/omnibus", 40),
        (1_500, "client/fund/claim/north", "venue/north/pool", 100),
        (1_560, "venue/north/omnibus", "client/maker/available", 40),
        (1_560, "venue/north/omnibus", "client/writer/available", 20),
        (1_560, "client/writer/claim/north", "venue/north/pool", 20),
    ]
    assert unpaid(ran) == [("north", "maker", 60, "unpaid")]


def test_a_custodians_default_with_a_pool_out_of_the_books(pooled: Drill) -> None:
    custodian = ("custodian-default", "--asset", "USDC", "--as-of", 1_500, "--delay-s", 90)
    assert paid(pooled(*custodian)) == [
        (1_590, "client/fund/available", "vault", 50),
        (1_590, "insurance/north", "vault", 5),
        (1_590, "venue/north/collateral", "vault", 40),
        (1_590, "venue/north/omnibus", "vault", 120),
        (1_590, "client/fund/claim/north", "venue/north/pool", 100),
        (1_590, "client/writer/claim/north", "venue/north/pool", 20),
    ]
    fails = pooled(*custodian, "--trust-fails", "--found", 86, "--other-creditors", 215)  # a fifth for everybody
    assert [units for *_, units in paid(fails)] == [10, 1, 8, 24, 20, 4]
    assert unpaid(fails)[-3:] == [
        ("custodian", "USDC/venue/north/omnibus", 96, "unpaid"), ("north", "fund", 80, "unpaid"),
        ("north", "writer", 16, "unpaid"),
    ]  # fmt: skip


def test_nothing_of_a_pool_is_written(pooled: Drill, place: Path) -> None:
    before = place.read_bytes()
    pooled(*VENUE, units={"fund": 80})
    pooled(*CLIENT, "--found", 3, units={"writer": 8})
    pooled("custodian-default", "--asset", "USDC", "--trust-fails", "--found", 3)
    assert place.read_bytes() == before


def test_wrong_words_about_a_pool(pooled: Drill, tmp_path: Path) -> None:
    west = pooled(*VENUE[:4], "west", *VENUE[5:], units={}).complained
    assert "--venue: expected a venue with claims on USDC, found none at west" in west
    nobody = pooled(*CLIENT[:4], "nobody", *CLIENT[5:], units={}).complained
    assert "--client, --venue: expected a client with a claim, found no 'nobody' at 'north'" in nobody
    adl = tmp_path / "adl.json"
    adl.write_text('{"stranger": 1}')
    stranger = pooled(*CLIENT, "--adl", adl, units={"maker": 1}).complained
    assert "adl.json: 'stranger': expected clients with collateral at the venue" in stranger


@pytest.mark.parametrize(
    "command",
    [(*VENUE, "--found", 5), (*CLIENT, "--found", 5), (*CLIENT, "--adl", "FILE"), (*CLIENT, "--release-s", 0)],
)
def test_a_segregated_ledger_has_no_pool(drill: Drill, command: tuple[object, ...]) -> None:
    ran = drill(*command, units={})
    given = next(word for word in command if word in ("--found", "--adl", "--release-s"))
    assert (ran.status, f"{given}: expected a pooled ledger, found a segregated one" in ran.complained) == (USAGE, True)


def test_a_ledger_without_a_desk_has_no_calls(drill: Drill, place: Path) -> None:
    place.unlink()
    with closing(open_database(place)) as database:
        Books(database).open_accounts([VAULT])
    ran = drill("outage", "--began", 5, "--ended", 6)
    assert (ran.status, "beside which a desk stored its margin calls" in ran.complained) == (USAGE, True)
