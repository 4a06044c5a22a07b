"""The house's own rules: imports point one way, rules are pure, and no file knows the machine it was written on.

What can be said as an import is a contract of import-linter, in pyproject.toml; the rest is read off the syntax tree.
"""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("custody", "margin", "settlement", "scripts")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

EFFECTS = {
    "custody.appending",
    "custody.attestors",
    "custody.backup",
    "custody.books",
    "custody.carrying",
    "custody.counting",
    "custody.custodian",
    "custody.custodian_audit",
    "custody.custodian_facts",
    "custody.custodian_migrations.env",
    "custody.custodian_migrations.versions.v0002_movements",
    "custody.custodian_store",
    "custody.custodian_tables",
    "custody.database",
    "custody.group",
    "custody.hardware",
    "custody.history",
    "custody.instruction_log",
    "custody.keystores",
    "custody.ledger_file",
    "custody.liens",
    "custody.migrations.env",
    "custody.migrations.versions.v0002_books",
    "custody.places",
    "custody.plainly",
    "custody.postgres",
    "custody.postgres_store",
    "custody.posting",
    "custody.readings",
    "custody.register",
    "custody.rows",
    "custody.schedule_file",
    "custody.schema",
    "custody.server_address",
    "custody.signers",
    "custody.soundness",
    "custody.sqlite",
    "custody.sqlite_store",
    "custody.store",
    "custody.stretches",
    "custody.tables",
    "custody.transactions",
    "custody.verification",
    "custody.writer_lock",
    "margin.contagion.assumption_file",
    "margin.contagion.inputs.venue_file",
    "margin.contagion.scenario_path",
    "margin.parameter_file",
    "margin.waterfall_file",
}
"""The modules of custody and margin that touch the database or hold a key; all others there are under a contract."""

ESTIMATES = (
    *("margin.estimates", "margin.fixed", "margin.fast", "margin.contagion"),
    *("settlement.engine.fees", "settlement.engine.inflight"),
    *("settlement.engine.book", "settlement.engine.judging", "settlement.engine.valuation"),
)
"""Where floats are allowed among the rules: at the border, where a fixed-point number is shown as one, in what only
estimates for many accounts at once, and where markets are simulated; where patience is measured by a running clock; and
where columns of ints are asked whether 64 bits will hold what comes of them."""

EXACT = {"margin.contagion.market", "margin.contagion.books", "margin.contagion.scan", "margin.contagion.closing"}
"""Where there are none all the same: what moves the desk's prices, and the books of the simulation."""


def sources_of(contract: str) -> tuple[str, ...]:
    return tuple(next(one for one in CONTRACTS if one["name"] == contract)["source_modules"])


def modules_under(names: tuple[str, ...]) -> Iterator[str]:
    """The modules that these names cover, packages taken with all that is in them."""
    for name in names:
        path = ROOT / name.replace(".", "/")
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]:
            yield ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


PURE = tuple(modules_under(sources_of("rules are pure")))
SCENARIOS = tuple(modules_under(sources_of("scenarios repeat")))


def tree_of(module: str) -> ast.Module:
    file = ROOT / (module.replace(".", "/") + ".py")
    return ast.parse((file if file.is_file() else file.with_suffix("") / "__init__.py").read_text())


# -- imports -----------------------------------------------------------------------------------------------------------


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the packages in a folder; without the tool this fails."""
    tool = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [tool, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_every_contract_is_kept() -> None:
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    for contract in CONTRACTS:
        assert f"{contract['name']} KEPT" in answer.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages in a folder of their own, where they can be broken."""
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [
        ("imports point one way", "custody/money.py", "from margin import calls"),
        ("imports point one way", "margin/calls.py", "import settlement.netting"),
        ("rules are pure", "custody/ledger.py", "import time"),
        ("rules are pure", "custody/delegation.py", "from custody.books import Books"),
        ("rules are pure", "margin/contagion/market.py", "from random import Random"),
        ("rules are pure", "margin/calls.py", "from datetime import datetime"),
        ("rules are pure", "settlement/netting.py", "import socket"),
        ("rules are pure", "settlement/batch.py", "from web3 import Web3"),
        ("scenarios repeat", "margin/scenarios/bridge.py", "from os import environ"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(copied: Path, contract: str, file: str, line: str) -> None:
    kept = (copied / file).read_text()
    (copied / file).write_text(f"{kept}\n{line}\n")
    try:
        answer = lint(copied)
    finally:
        (copied / file).write_text(kept)
    assert answer.returncode == 1
    assert f"{contract} BROKEN" in answer.stdout


def test_every_module_of_custody_and_margin_is_under_a_contract_or_named_as_an_effect() -> None:
    packages = {"custody", "margin", "margin.contagion", "margin.contagion.inputs", "margin.contagion.theory"}
    all_modules = set(modules_under(("custody", "margin"))) - packages
    assert all_modules - set(PURE) - set(SCENARIOS) == EFFECTS


# -- what no import shows ----------------------------------------------------------------------------------------------

CALLS = {"open", "print", "input", "eval", "exec", "compile", "breakpoint", "__import__", "hash", "id", "globals"}
"""Effects that need no import; `hash` and `id` differ from one process to the next."""

ATTRIBUTES = {"now", "today", "utcnow", "environ", "getenv", "SystemRandom"}


def names_used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield node.lineno, node.func.id
        if isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
            yield node.lineno, node.attr


def floats_used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where fixed-point numbers are known, `/` is theirs: it cuts ints, and mypy tells where it would not."""
    divides = any(isinstance(node, ast.ImportFrom) and node.module == "margin.fixed" for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, repr(node.value)
        if not divides and isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "/"
        if isinstance(node, ast.Name) and node.id in {"float", "round"}:
            yield node.lineno, node.id


def unseeded(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Whatever of `random` is not a generator made from a seed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(name.name == "random" for name in node.names):
            yield node.lineno, "import random"
        if isinstance(node, ast.ImportFrom) and node.module == "random":
            yield from ((node.lineno, name.name) for name in node.names if name.name != "Random")
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Random"
            and not node.args
        ):
            yield node.lineno, "Random()"


@pytest.mark.parametrize("module", PURE)
def test_a_rule_calls_nothing_that_reaches_outside(module: str) -> None:
    assert list(names_used(tree_of(module))) == []


@pytest.mark.parametrize("module", [one for one in PURE if one in EXACT or not one.startswith(ESTIMATES)])
def test_a_rule_knows_no_float(module: str) -> None:
    assert list(floats_used(tree_of(module))) == []


@pytest.mark.parametrize("module", SCENARIOS)
def test_a_scenario_draws_from_a_seed_and_asks_no_clock(module: str) -> None:
    tree = tree_of(module)
    assert list(unseeded(tree)) == []
    assert [found for found in names_used(tree) if found[1] in ATTRIBUTES] == []


@pytest.mark.parametrize(
    ("line", "look"),
    [
        ("open('x')", names_used),
        ("hash('x')", names_used),
        ("clock.now()", names_used),
        ("os.environ['X']", names_used),
        ("x = 0.5", floats_used),
        ("x = 1 / 2", floats_used),
        ("x /= 2", floats_used),
        ("float(x)", floats_used),
        ("import random", unseeded),
        ("from random import gauss", unseeded),
        ("Random()", unseeded),
    ],
)
def test_what_is_looked_for_is_found(line: str, look: Callable[[ast.Module], Iterator[tuple[int, str]]]) -> None:
    assert len(list(look(ast.parse(line)))) == 1
    assert not list(look(ast.parse("draw = Random(seed); x = now_s // 2; Fraction(1, 2)")))


# -- files -------------------------------------------------------------------------------------------------------------

MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:work|root|tmp|home|Users)/")


def project_files() -> list[Path]:
    """Every file that is, or is about to be, committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout: which files are committed is not known here")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # not a text


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    files = project_files()
    assert {"pyproject.toml", "test_house.py"} <= {file.name for file in files}
    named = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in files
        for number, line in enumerate(text_of(file).splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert named == []


@pytest.mark.parametrize("before", ["", "=", "file://", '"', "cd "])
def test_a_machine_path_is_recognised(before: str) -> None:
    for top in ("work", "root", "tmp", "home"):
        assert MACHINE_PATH.search(f"{before}/{top}" + "/x")
        assert not MACHINE_PATH.search(f"frame/{top}" + "/x")


def test_the_locks_name_what_is_installed_and_not_where_it_came_from() -> None:
    requirements = (ROOT / "requirements.lock").read_text()
    assert "://" not in requirements
    assert "index-url" not in requirements
    assert "web3==" in requirements
    assert "--hash=sha256:" in requirements
    packages = (ROOT / "contracts" / "package-lock.json").read_text()
    assert '"resolved"' not in packages
    assert '"integrity"' in packages
