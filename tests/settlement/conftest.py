"""One deployment of two assets and two venues; a ledger and its subcommands; the real PostgreSQL of custody's tests."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from custody.books import Books
from custody.database import open_database
from custody.money import Asset
from settlement.cli import main
from settlement.contracts import Contracts, Plan
from settlement.deployment import deploy
from settlement.keys import signer_of
from settlement.node import Node
from tests.custody.conftest import postgres, postgres_url
from tests.settlement.ledger_day import ACCOUNTS, DEPOSIT, DONE, HOLD, PART, Ran, Run

__all__ = ["postgres", "postgres_url"]  # the fixtures, for pytest to find here too

USDC, ETH = Asset("USDC", 6, 6), Asset("ETH", 9, 18)
WINDOW_S = 300


def deployed(node: Node) -> Contracts:
    """Everything on a fresh chain, the operator with ether to pay for it."""
    operator = signer_of("operator")
    node.rpc("anvil_setBalance", operator.address, hex(10**24))
    venues = {name: signer_of(f"venue/{name}") for name in ("harbour", "quay")}
    plan = Plan((USDC, ETH), venues, signer_of("custodian"), WINDOW_S)
    return deploy(node, operator, plan)


@pytest.fixture
def contracts(node: Node) -> Contracts:
    return deployed(node)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with four accounts and nothing posted."""
    path = tmp_path / "ledger.sqlite"
    with closing(open_database(path)) as database:
        Books(database).open_accounts(ACCOUNTS)
    return path


@pytest.fixture
def run(ledger: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A subcommand on the ledger, or on another that is named."""

    def ran(name: str, *options: object, on: Path | str = ledger) -> Ran:
        capsys.readouterr()
        status = main(["ledger", name, "--database", str(on), *map(str, options)])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained)

    return ran


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A file of JSON lines; a str is written as it stands."""

    def write(*lines: dict[str, object] | str, name: str = "lines.jsonl") -> Path:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path = tmp_path / name
        path.write_text("".join(f"{text}\n" for text in texts))
        return path

    return write


@pytest.fixture
def day(run: Run, written: Callable[..., Path]) -> Path:
    """The file of a day that has been posted: 100 deposited, 20 of 30 converted."""
    path = written(DEPOSIT, HOLD, PART, name="day.jsonl")
    assert run("post", "--from", path).status == DONE
    return path
