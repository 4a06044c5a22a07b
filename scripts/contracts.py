#!/usr/bin/env python3
"""The contracts, from source to what the other packages use, and everything that is asked of them on the way.

python3 scripts/contracts.py COMMAND --help

Only the standard library is used: it runs in `.venv` and outside. The commands themselves are in contract_checks.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

# Run as a script, the folder on the path is this one; the packages are one up.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.contract_checks import artifacts, deep, mutation, symbolic, triage
from scripts.contract_checks.toolchain import ToolchainError, forge, say

GAS = ("--match-contract", "^Gas")
"""Gas is held to in tests of contracts named Gas…: a fuzz test's would change with every seed."""

Command = Callable[[argparse.Namespace], list[str]]
"""Does one thing and answers what is wrong, one sentence each."""


def build(_: argparse.Namespace) -> list[str]:
    """write artifacts/: ABI and bytecode from a fresh build"""
    say(artifacts.build())
    return []


def check(_: argparse.Namespace) -> list[str]:
    """compare artifacts/ with a fresh build"""
    found = artifacts.differences(artifacts.compile_afresh())
    if found:
        return [*found, "Run `python3 scripts/contracts.py build` and commit the result."]
    say(["a fresh build equals the committed artifacts"])
    return []


def test(_: argparse.Namespace) -> list[str]:
    """format, build, lint, tests, gas against .gas-snapshot; in the order in which they are quick to fail"""
    forge("fmt", "--check")
    forge("build")
    forge("lint", "--deny", "warnings")
    forge("test")
    forge("snapshot", "--check", *GAS)
    return []


def snapshot(_: argparse.Namespace) -> list[str]:
    """write .gas-snapshot: the gas of the tests in contracts named Gas…"""
    forge("snapshot", *GAS)
    return []


def slither(_: argparse.Namespace) -> list[str]:
    """static analysis: every grave finding explained in audit/slither.toml"""
    if found := triage.slither():
        return [*found, "Mend the contract, or say in contracts/audit/slither.toml why it stays (or no longer does)."]
    say(["slither: every high or medium finding is explained"])
    return []


def halmos(options: argparse.Namespace) -> list[str]:
    """symbolic proofs of test/symbolic"""
    return symbolic.prove(options.match)


def deepen(options: argparse.Namespace) -> list[str]:
    """invariants and fuzz, many calls; a full run writes audit/deep.txt"""
    return deep.deep(options.calls, options.jobs)


def mutate(options: argparse.Namespace) -> list[str]:
    """break the money contracts on purpose and see the tests notice; a full run writes audit/mutation.txt"""
    return mutation.mutate(tuple(options.contracts), jobs=options.jobs, at_most=options.at_most)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(description="Build, check, test and audit the contracts.")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        one.set_defaults(command=command)
        return one

    for name, command in {
        "build": build,
        "check": check,
        "test": test,
        "snapshot": snapshot,
        "slither": slither,
    }.items():
        add(name, command)
    add("halmos", halmos).add_argument("match", nargs="?", default="", help="only tests whose signature matches")
    depth = add("deep", deepen)
    depth.add_argument("--calls", type=int, default=deep.CALLS, help="at least so many (%(default)s)")
    mutants = add("mutate", mutate)
    mutants.add_argument(
        "contracts",
        nargs="*",
        metavar="CONTRACT",
        help=f"of {', '.join(mutation.TARGETS)}; else {', '.join(mutation.MONEY)}",
    )
    for many in (depth, mutants):
        many.add_argument("--jobs", type=int, default=2, help="at once (%(default)s)")
    mutants.add_argument("--at-most", type=int, help="of each contract, spread over it; the report is not written")
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when done, 1 when something differs or failed, 2 on wrong usage, 130 when interrupted."""
    options = parser().parse_args(arguments)
    try:
        wrong: list[str] = options.command(options)
    except ToolchainError as why:
        sys.stderr.write(f"contracts: {why}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("contracts: interrupted\n")
        return 130
    if wrong:
        say(wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
