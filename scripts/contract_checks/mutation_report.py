"""What mutation testing found, as committed text: figures per contract, and every survivor with the reason why it may.

Reasons are written by hand in `contracts/audit/mutation.toml`, a table `[[survivor]]` of `contract`, `mutant` (the two
lines of its diff) and `reason` each. A survivor without one is wrong, and so is a reason without a survivor.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.contract_checks.toolchain import AUDIT, ToolchainError, sources_digest

RECORD = AUDIT / "mutation.txt"
REASONS = AUDIT / "mutation.toml"
LEAST_KILLED_BPS = 9_000

Reasons = dict[tuple[str, str], str]
"""By contract and diff."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test noticed: in which file, and `line: operator` with its diff below."""

    file: str
    told: str

    @property
    def diff(self) -> str:
        """The line as it was and as it is, without the line's number: what a reason is known by."""
        return "\n".join(line.strip() for line in self.told.splitlines()[1:])


@dataclass(frozen=True, slots=True)
class Outcome:
    """Mutants of one contract: written, refused by the compiler, the same as another, tried; those that survived."""

    contract: str
    written: int
    refused: int
    same: int
    tried: int
    timed_out: int
    survivors: tuple[Survivor, ...]

    @property
    def killed(self) -> int:
        """Tried and noticed; what did not come to an end in time was."""
        return self.tried - len(self.survivors)

    @property
    def killed_bps(self) -> int:
        """Of those tried, rounded down."""
        return 10_000 * self.killed // self.tried if self.tried else 10_000


def reasons() -> Reasons:
    """The reasons on file. Raises ToolchainError when the file is not of its form."""
    try:
        entries = tomllib.loads(REASONS.read_text()).get("survivor", [])
        return {(one["contract"], one["mutant"].strip()): " ".join(one["reason"].split()) for one in entries}
    except (OSError, tomllib.TOMLDecodeError, KeyError, AttributeError) as why:
        raise ToolchainError(f"{REASONS.name} cannot be read: {why!r}") from None


def text(outcomes: Sequence[Outcome], known: Reasons) -> str:
    """The whole report."""
    lines = [
        "Mutation testing: python3 scripts/contracts.py mutate",
        "",
        f"sources  {sources_digest()}",
        "",
        "contract          mutants  refused  same  tried  killed  survived  killed %",
        *(
            f"{one.contract:<16}{one.written:>9}{one.refused:>9}{one.same:>6}{one.tried:>7}{one.killed:>8}"
            f"{len(one.survivors):>10}{one.killed_bps / 100:>10.2f}"
            for one in outcomes
        ),
        "",
        "refused: the compiler does not take it; same: bytecode of the original or of an earlier mutant;",
        f"killed: a test failed, or ({sum(one.timed_out for one in outcomes)} times) did not come to an end.",
    ]
    for one in outcomes:
        for survivor in one.survivors:
            reason = known.get((one.contract, survivor.diff), "not explained")
            lines += ["", f"{one.contract}: {survivor.file}:{survivor.told}", f"    {reason}"]
    return "\n".join(lines) + "\n"


def wrong(outcomes: Sequence[Outcome], known: Reasons, *, whole: bool) -> list[str]:
    """Contracts killed too little, survivors without a reason; after a whole run also reasons without a survivor."""
    alive = {(one.contract, survivor.diff) for one in outcomes for survivor in one.survivors}
    return [
        *(
            f"{one.contract}: {one.killed_bps / 100:.2f}% killed, less than {LEAST_KILLED_BPS / 100:.0f}%"
            for one in outcomes
            if one.killed_bps < LEAST_KILLED_BPS
        ),
        *(
            f"{contract}: a survivor is not explained in {REASONS.name}:\n{diff}"
            for contract, diff in sorted(alive - known.keys())
        ),
        *(
            f"{contract}: explained in {REASONS.name}, but no survivor:\n{diff}"
            for contract, diff in sorted(known.keys() - alive)
            if whole
        ),
    ]
