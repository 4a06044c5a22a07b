"""Mutation and depth as they are run, with the real forge: in a world of one small contract with known answers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.contract_checks.toolchain import CONTRACTS, ROOT

PRAGMA = "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n"
PURSE = """
contract CustodyToken {
    uint256 public held;

    function put(uint256 amount) external {
        held += amount;
    }

    function take(uint256 amount) external {
        require(held > amount || held == amount, "short");
        held -= amount;
    }
}
"""
TESTS = """
import {CustodyToken} from "../src/CustodyToken.sol";

contract CustodyTokenTest {
    CustodyToken internal purse;

    function setUp() public {
        purse = new CustodyToken();
        purse.put(7);
    }

    function test_taken_once(uint8 amount) public {
        purse.put(amount);
        purse.take(3);
        require(purse.held() == 4 + uint256(amount));
    }
}
"""
EDGE = """
import {CustodyToken} from "../src/CustodyToken.sol";

contract CustodyTokenEdgeTest {
    function test_all_of_it_and_not_one_more() public {
        CustodyToken purse = new CustodyToken();
        purse.put(7);
        (bool done, bytes memory said) = address(purse).call(abi.encodeCall(purse.take, (8)));
        require(!done && keccak256(said) == keccak256(abi.encodeWithSignature("Error(string)", "short")));
        purse.take(7);
        require(purse.held() == 0);
    }
}
"""
STEPS = """
import {CustodyToken} from "../src/CustodyToken.sol";

contract CustodyTokenInvariants {
    CustodyToken internal purse;
    uint256 internal limit;

    function setUp() public {
        purse = new CustodyToken();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function step(uint64 amount) external {
        purse.put(amount);
        limit += amount;
    }

    function invariant_what_was_put_is_held() public view {
        require(purse.held() == limit);
    }
}
"""


class World:
    """The checks' own scripts, copied, over contracts of one's own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.contracts = root / "contracts"
        for name in ("src", "test", "audit"):
            (self.contracts / name).mkdir(parents=True)
        (root / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "contracts.py", root / "scripts")
        shutil.copytree(ROOT / "scripts" / "contract_checks", root / "scripts" / "contract_checks")
        shutil.copytree(CONTRACTS / "tools", self.contracts / "tools")
        shutil.copy(CONTRACTS / "foundry.toml", self.contracts)
        (self.contracts / "node_modules").symlink_to(CONTRACTS / "node_modules")
        (root / ".tools").symlink_to(ROOT / ".tools")
        (self.contracts / "audit" / "mutation.toml").write_text("")
        self.write("src/CustodyToken.sol", PURSE)
        self.write("test/CustodyToken.t.sol", TESTS)

    def write(self, name: str, text: str) -> None:
        (self.contracts / name).write_text(PRAGMA + text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "scripts/contracts.py", *arguments, "--jobs", "1"],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_survivors_are_told_until_a_test_kills_them_and_only_they_are_tried_again(world: World) -> None:
    before = world.run("mutate")
    assert before.returncode == 1, before.stderr
    assert "less than 90%" in before.stdout
    assert "a survivor is not explained in mutation.toml" in before.stdout

    world.write("test/CustodyTokenEdge.t.sol", EDGE)
    after = world.run("mutate")
    report = (world.contracts / "audit" / "mutation.txt").read_text()
    tried, killed, survived = (int(word) for word in report.split("killed %\n")[1].split()[4:7])
    assert after.returncode == (1 if survived else 0), after.stdout + after.stderr
    assert tried > killed > 9 * tried // 10 or survived == 0
    assert f"own tests: {tried} of {tried} mutants" in before.stderr
    assert f"of {tried} mutants" not in after.stderr.split("compiled")[-1], "a kill that is known is not tried again"


def test_calls_are_made_and_counted_by_test_and_a_failure_is_told_with_its_seed(world: World) -> None:
    world.write("test/CustodyTokenInvariants.t.sol", STEPS)
    done = world.run("deep", "--calls", "20000")
    assert done.returncode == 0, done.stdout + done.stderr
    told = {line.split()[1]: int(line.split()[0].replace(",", "")) for line in done.stdout.splitlines()[-2:]}
    assert set(told) == {"CustodyTokenTest.test_taken_once", "CustodyTokenInvariants.invariant_what_was_put_is_held"}
    assert all(calls >= 500 for calls in told.values())
    assert sum(told.values()) >= 20_000
    assert not (world.contracts / "audit" / "deep.txt").exists(), "so few calls are not what a record is of"

    world.write("src/CustodyToken.sol", PURSE.replace("held += amount", "if (amount < 77) held += amount"))
    done = world.run("deep", "--calls", "20000")
    assert done.returncode == 1
    assert "CustodyTokenTest.test_taken_once(uint8) failed" in done.stdout
    assert "--fuzz-seed" in done.stdout
