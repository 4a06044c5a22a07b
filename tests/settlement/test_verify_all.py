"""`bulkhead verify all`: what was given is checked, what was not is said, and one failure is enough."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from settlement.cli import main
from tests.settlement.ledger_day import Run

Verdicts = dict[str, tuple[str, list[str]]]
ON_CHAIN = ("contracts' code", "positions from calldata", "reconciliation")


@pytest.fixture
def verify(ledger: Path, day: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Verdicts]]:
    """All checks of a ledger with a day in it: the exit code, and by check its verdict and what was found."""

    def ran(*options: object) -> tuple[int, Verdicts]:
        capsys.readouterr()
        status = main(["verify", "all", "--database", str(ledger), "--json", *map(str, options)])
        said = json.loads(capsys.readouterr().out)
        assert said["sound"] is (status == 0)
        return status, {one["name"]: (one["verdict"], one["found"]) for one in said["checks"]}

    assert day.exists()
    return ran


@pytest.fixture
def published(run: Run, ledger: Path, day: Path, tmp_path: Path) -> Path:
    assert day.exists()
    out = tmp_path / "published"
    assert main(["prove", "--database", str(ledger), "--asset", "USDC", "--out", str(out)]) == 0
    return out / "proofs"


def test_a_sound_ledger_passes_and_what_nobody_gave_is_not_asked(
    verify: Callable[..., tuple[int, Verdicts]],
) -> None:
    status, found = verify()
    assert status == 0
    assert [found[name][0] for name in ("journal", "seals", "balances")] == ["ok"] * 3
    assert {found[name][0] for name in ("custodian's log", "proofs", *ON_CHAIN)} == {"not_asked"}


@pytest.mark.parametrize(("statement", "check"), [
    ("UPDATE transfer SET amount = amount + 1 WHERE position = 1", "journal"),
    ("UPDATE seal SET digest = zeroblob(32)", "seals"),
    ("UPDATE account SET debits_posted = debits_posted + 1 WHERE key = 1", "journal"),
])  # fmt: skip
def test_what_was_tampered_with_fails(
    verify: Callable[..., tuple[int, Verdicts]], ledger: Path, statement: str, check: str
) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute(statement)
    status, found = verify()
    assert status == 1
    assert found[check][0] == "failed"
    assert found[check][1]


def test_proofs_are_checked_wherever_they_lie(verify: Callable[..., tuple[int, Verdicts]], published: Path) -> None:
    files = sorted(published.rglob("*.json"))
    assert verify("--proofs", published)[1]["proofs"] == ("ok", [f"{len(files)} files"])
    deep = published / "deep"
    deep.mkdir()
    shutil.copy(files[0], deep / "copy.json")
    changed = files[0].read_text().replace('"units": "', '"units": "1', 1)
    (deep / "changed.json").write_text(changed)
    (deep / "none.json").write_text("{}")
    status, found = verify("--proofs", published)
    assert status == 1
    verdict, said = found["proofs"]
    assert verdict == "failed"
    assert [one.partition(":")[0] for one in said] == ["changed.json", "none.json"]


def test_a_folder_without_proofs_is_no_success(verify: Callable[..., tuple[int, Verdicts]], tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert verify("--proofs", empty)[1]["proofs"][0] == "failed"


def test_a_chain_that_cannot_be_asked_fails(verify: Callable[..., tuple[int, Verdicts]], tmp_path: Path) -> None:
    file = tmp_path / "chain.json"
    nowhere = {
        "rpc_url": "http://127.0.0.1:1", "chain_id": "31337", "vault": "", "position_book": "",
        "contracts": [], "assets": [], "compartments": [], "wrappers": [],
    }  # fmt: skip
    file.write_text(json.dumps(nowhere))
    status, found = verify("--chain", file)
    assert (status, found["the chain"][0]) == (1, "failed")


def test_a_file_that_is_none_is_bad_usage(ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "chain.json"
    file.write_text("{}")
    assert main(["verify", "all", "--database", str(ledger), "--chain", str(file)]) == 2
    assert "rpc_url: is missing" in capsys.readouterr().err
    assert main(["reconcile", str(file), "--database", str(ledger)]) == 2
