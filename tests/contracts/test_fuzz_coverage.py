"""Every external function of every contract is called by some fuzz test: a new one without fails here.

A fuzz test is a `test_…` with arguments, or a step of a handler that forge's invariant runner calls with random ones.
Called is what stands in it, or in what it calls of the tests' own functions, as `subject.function`, where the subject
was declared with the contract's type. What has no arguments and changes nothing leaves nothing to be chosen.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.contract_checks import arena, artifacts
from scripts.contract_checks.mutant_builds import closure

INHERITED = frozenset({"grantRole", "revokeRole", "renounceRole", "hasRole", "getRoleAdmin", "supportsInterface"})
"""Of OpenZeppelin's AccessControl, which no contract here changes: fuzzed at the claim token alone."""

FUNCTION = re.compile(r"^    function (\w+)\(([^)]*)\)([^{;]*)\{\n(.*?)^    \}", re.MULTILINE | re.DOTALL)
CONTRACT = re.compile(r"^(?:abstract )?contract (\w+)[^{]*\{(.*?)^\}", re.MULTILINE | re.DOTALL)

Bodies = dict[str, str]
"""The text of functions by their names; of several with one name all together."""


def external_functions(contract: str) -> list[str]:
    """Those whose caller or arguments can be chosen."""
    abi: list[dict[str, Any]] = json.loads((artifacts.ARTIFACTS / f"{contract}.json").read_text())["abi"]
    return sorted(
        {
            entry["name"]
            for entry in abi
            if entry["type"] == "function" and (entry["inputs"] or entry["stateMutability"] not in ("view", "pure"))
        }
    )


def fuzzed(texts: dict[str, str]) -> tuple[Bodies, Bodies]:
    """All functions of these tests, and those of them that are called with random arguments."""
    every: Bodies = {}
    drawn: Bodies = {}
    for text in texts.values():
        for contract, inside in CONTRACT.findall(text):
            for name, arguments, qualities, body in FUNCTION.findall(inside):
                every[name] = every.get(name, "") + body
                is_step = contract.endswith("Handler") and re.search(r"\b(public|external)\b", qualities)
                if arguments.strip() and (name.startswith("test_") or is_step):
                    drawn[f"{contract}.{name}"] = body
    return every, drawn


def reached(body: str, every: Bodies) -> str:
    """A function's text with the text of all that it calls, each once."""
    seen: set[str] = set()
    waiting, whole = [body], ""
    while waiting:
        text = waiting.pop()
        whole += text
        called = {name for name in re.findall(r"(?<![.\w])(\w+)\(", text) if name in every} - seen
        seen |= called
        waiting += [every[name] for name in called]
    return whole


def subjects(contract: str, texts: dict[str, str]) -> str:
    """The names of variables and functions of the contract's type, as alternatives of a pattern."""
    declared = rf"\bI?{contract} (?:\w+ )*?(\w+)\s*[;=,)]"
    getters = rf"function (\w+)\([^)]*\)[^{{;]*returns \(I?{contract}(?: \w+)?\)"
    names = {name for text in texts.values() for name in re.findall(declared, text) + re.findall(getters, text)}
    return "|".join(sorted(names | {f"I?{contract}"}))


def named(contract: str) -> Iterator[tuple[str, str]]:
    """Which functions of a contract are called by which fuzz test."""
    for path in arena.tests_of(contract):
        texts = {name: text for name, text in closure(path).items() if name.startswith("test/")}
        every, drawn = fuzzed(texts)
        call = re.compile(rf"\b(?:{subjects(contract, texts)})(?:\(\))?\.(\w+)\b")
        for test, body in drawn.items():
            for function in call.findall(reached(body, every)):
                yield function, test


@pytest.mark.parametrize("contract", artifacts.names())
def test_every_function_is_called_by_a_fuzz_test(contract: str) -> None:
    tests = dict(named(contract))
    if contract != "CustodyToken":
        tests |= dict.fromkeys(INHERITED, "CustodyToken")
    assert [name for name in external_functions(contract) if name not in tests] == []


def test_a_function_that_no_fuzz_test_calls_is_noticed() -> None:
    """The control: names that stand only in tests without arguments, or at another subject, do not count."""
    text = """
contract PurseTest is Base {
    Purse internal purse;
    function test_fixed() public {
        purse.pay(1);
    }
    function test_drawn(uint256 amount) public {
        _fill(amount);
        token.drain(amount);
    }
    function _fill(uint256 amount) private {
        purse.fill(amount);
    }
}
"""
    every, drawn = fuzzed({"test/Purse.t.sol": text})
    assert subjects("Purse", {"": text}) == "I?Purse|purse"
    assert re.findall(r"\bpurse\.(\w+)", reached(drawn["PurseTest.test_drawn"], every)) == ["fill"]
