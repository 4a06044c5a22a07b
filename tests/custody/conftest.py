"""Books of one asset with a small cast: a custodian's vault, two clients, one venue."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custody.accounts import Account, Chart
from custody.books import Books
from custody.database import Database, open_database


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
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "ledger.sqlite")
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
