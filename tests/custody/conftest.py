"""Books of one asset with a small cast: a custodian's vault, two clients, one venue."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custody.accounts import Account, Chart
from custody.books import Books
from custody.database import Database, open_database
from scripts.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def chart() -> Chart:
    return Chart("USDC")


@pytest.fixture
def cast(chart: Chart) -> tuple[Account, ...]:
    return (
        chart.vault(),
        chart.available("fund"),
        chart.available("hedger"),
        chart.delegated("fund", "venue"),
        chart.fees(),
        Chart("BTC").available("fund"),
    )


@pytest.fixture
def database(either_database: Database) -> Database:
    """The ledger that a test is about: what holds of the books holds on both databases."""
    return either_database


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the session, with the database "ledger" to copy from: it holds the tables and nothing else."""
    with PostgresServer() as server:
        open_database(server.url(server.fresh("ledger"))).close()
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A database on the server in which there is nothing yet."""
    name = postgres.fresh()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger can be made, on either database."""
    return str(tmp_path / "ledger.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an empty ledger is, on either database: for whoever opens it once more."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.sqlite")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name = server.fresh(template="ledger")
        yield server.url(name)
        server.drop(name)


@pytest.fixture
def either_database(address: str) -> Iterator[Database]:
    """An empty ledger on either database."""
    opened = open_database(address)
    yield opened
    opened.close()


@pytest.fixture
def books(database: Database, cast: tuple[Account, ...]) -> Books:
    opened = Books(database)
    opened.open_accounts(cast)
    return opened


@pytest.fixture
def raw(database: Database) -> Callable[..., list[tuple[object, ...]]]:
    """Raw SQL in a transaction of its own, as someone with the file in hand would write it."""

    def execute(statement: str, *values: object) -> list[tuple[object, ...]]:
        with database.transaction() as tx:
            result = tx.exec_driver_sql(statement, values)
            return [tuple(row) for row in result] if result.returns_rows else []

    return execute


CLERK = """
import sys
from itertools import count
from pathlib import Path

from custody.accounts import Chart
from custody.books import Books
from custody.database import DatabaseError, open_database
from custody.transfers import Reason, Transfer

try:
    database = open_database(sys.argv[1])
except DatabaseError as refused:
    sys.exit(str(refused))
books, chart = Books(database), Chart("USDC")
vault, fund = chart.vault(), chart.available("fund")
books.open_accounts([vault, fund])
for number in count(books.head().position + 1):
    (outcome,) = books.post([Transfer(f"clerk/{number}", vault.id, fund.id, 1, Reason.DEPOSIT)], number)
    if not outcome.ok:
        sys.exit(str(outcome))
    print("posted", outcome.transfer_id, books.head().digest.hex(), flush=True)
"""


class BookClerk:
    """A process that opens a ledger and posts to it without end, with a line for each transfer that is durable."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", CLERK, str(path)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)

    def next_line(self) -> str:
        """What it says next; fails with its complaint where it has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.endswith("\n"), self.process.communicate(timeout=60)
        return line.rstrip()

    def kill(self) -> list[str]:
        """End it as a power cut would; the whole lines that it had said by then."""
        self.process.kill()
        said, _complained = self.process.communicate(timeout=60)
        return said.splitlines()[: said.count("\n")]

    def refusal(self) -> str:
        """Wait for it to end by itself; its last words."""
        said, complained = self.process.communicate(timeout=60)
        assert (self.process.returncode, said) == (1, "")
        return complained.strip()


@pytest.fixture
def book_clerk() -> Iterator[Callable[[Path], BookClerk]]:
    """Send a clerk to a ledger; whoever is still at work at the end is stopped."""
    sent: list[BookClerk] = []

    def send(path: Path) -> BookClerk:
        sent.append(BookClerk(path))
        return sent[-1]

    yield send
    for clerk in sent:
        if clerk.process.poll() is None:
            clerk.kill()
