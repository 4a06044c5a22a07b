"""Mutation testing: how many small faults in the contracts that hold money the tests would notice.

A mutant with the bytecode of the original, or of an earlier mutant, is none: the compiler could not tell them apart.
Each is tried against the tests that are named after the contract, and against all that reach it if it survives those.
Verdicts are kept in `contracts/cache/mutation`.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from scripts.contract_checks import mutation_report
from scripts.contract_checks.arena import Arena, Trial, Verdict, tests_of
from scripts.contract_checks.artifacts import names
from scripts.contract_checks.mutant_builds import BATCH, closure, compile_all
from scripts.contract_checks.mutants import Edit, edits
from scripts.contract_checks.mutation_report import Outcome, Survivor
from scripts.contract_checks.progress import Progress
from scripts.contract_checks.toolchain import ToolchainError, say, step
from scripts.contract_checks.verdict_memory import Memory

TARGETS = {
    "CollateralVault": ("CollateralVault", "Vault"),
    "SettlementBook": ("Settlement",),
    "AttestedMinter": ("AttestedMinter",),
    "CustodyToken": ("CustodyToken",),
    "PositionBook": ("PositionBook", "Lanes"),
    "MarkFeed": ("MarkFeed",),
    "PerpMargin": ("PerpMargin",),
}
"""The contracts, each with how the names of its own tests begin."""

MONEY = ("CollateralVault", "SettlementBook", "AttestedMinter", "CustodyToken")
"""Those that hold or make claims: what a whole run is of. The others are tried by name."""

Mutant = tuple[str, Edit]
"""Which source, by its path from `contracts/`, and what is done to it."""


def mutate(chosen: Sequence[str], jobs: int, at_most: int | None) -> list[str]:
    """Try the mutants of these contracts, or of those with money: that is recorded. Answers what is wrong."""
    there = [name for name in TARGETS if name in names()]
    money = [name for name in MONEY if name in there]
    if unknown := [name for name in chosen if name not in there]:
        raise ToolchainError(f"{', '.join(unknown)}: not among {', '.join(there)}")
    outcomes = [_try(contract, jobs, at_most) for contract in chosen or money]
    reasons = mutation_report.reasons()
    text = mutation_report.text(outcomes, reasons)
    say([text])
    whole = not chosen and at_most is None
    if whole:
        mutation_report.RECORD.write_text(text)
    return mutation_report.wrong(outcomes, reasons, whole=whole)


def mutants_of(contract: str) -> list[Mutant]:
    """Every mutant of a contract's own source, and of the libraries and bases that it is made of."""
    others = {f"src/{name}.sol" for name in names()} - {f"src/{contract}.sol"}
    own = {path: text for path, text in closure(f"src/{contract}.sol").items() if "/interfaces/" not in path}
    return [(path, edit) for path, text in sorted(own.items()) if path not in others for edit in edits(text)]


def _try(contract: str, jobs: int, at_most: int | None) -> Outcome:
    all_mutants = mutants_of(contract)
    step_over = max(1, len(all_mutants) // at_most) if at_most else 1
    mutants = all_mutants[::step_over][:at_most]
    texts = closure(f"src/{contract}.sol")
    with ThreadPoolExecutor(jobs) as pool:
        built = _compiled(contract, mutants, pool)
        original = built.pop(-1)
        first = {code: number for number, code in reversed(built.items())}
        first.pop(original, None)
        verdicts = _verdicts(contract, original, list(first), jobs)
    survivors = [
        Survivor(path.removeprefix("src/"), edit.told(texts[path]))
        for code, number in sorted(first.items(), key=lambda one: one[1])
        if verdicts[code] is Verdict.SURVIVED
        for path, edit in [mutants[number]]
    ]
    return Outcome(
        contract=contract,
        written=len(mutants),
        refused=len(mutants) - len(built),
        same=len(built) - len(first),
        timed_out=sum(verdict is Verdict.TIMED_OUT for verdict in verdicts.values()),
        tried=len(first),
        survivors=tuple(survivors),
    )


def _compiled(contract: str, mutants: Sequence[Mutant], pool: ThreadPoolExecutor) -> dict[int, str]:
    """Bytecode by a mutant's number; the original's is -1."""
    texts = closure(f"src/{contract}.sol")
    path = f"src/{contract}.sol"
    built = compile_all(contract, {0: (path, texts[path])})
    built = {-1: built[0]}
    numbered = [(number, (path, edit.apply(texts[path]))) for number, (path, edit) in enumerate(mutants)]
    batches = [dict(numbered[start : start + BATCH]) for start in range(0, len(numbered), BATCH)]
    progress = Progress(f"{contract}: compiled", len(mutants), "mutants")
    done = 0
    for batch, codes in zip(batches, pool.map(lambda one: compile_all(contract, one), batches), strict=True):
        built |= codes
        done += len(batch)
        progress.show(done)
    return built


def _verdicts(contract: str, original: str, codes: Sequence[str], jobs: int) -> dict[str, Verdict]:
    """Each bytecode's verdict, remembered or found: by the contract's own tests first."""
    memory = Memory(contract)
    known = {code: trial.verdict for code in codes if (trial := memory.recall(code))}
    left = [code for code in codes if code not in known]
    every = tests_of(contract)
    stages = {"own tests": [one for one in every if _is_own(one, contract)], "all tests": every}
    for stage, tests in stages.items():
        if not left or not tests:
            continue
        trials = _tried(f"{contract}: {stage}", contract, original, left, tests, jobs, memory)
        known |= {code: trial.verdict for code, trial in trials.items()}
        left = [code for code in left if known[code] is Verdict.SURVIVED]
    for code in left:
        memory.remember(code, Trial(Verdict.SURVIVED))
    return known


def _is_own(test: str, contract: str) -> bool:
    """Named after the contract, and not one of random steps, which take longest and kill least."""
    name = Path(test).name
    return name.startswith(TARGETS[contract]) and "Invariants" not in name


def _tried(
    what: str, contract: str, original: str, codes: Sequence[str], tests: Sequence[str], jobs: int, memory: Memory
) -> dict[str, Trial]:
    """One trial each against these tests; kills are remembered as they come."""
    with ExitStack() as stack, ThreadPoolExecutor(jobs) as pool:
        with step(f"{what}, {len(tests)} files, built and tried"):
            arenas = [stack.enter_context(Arena(contract, tests))]
            if arenas[0].original != original:
                raise ToolchainError(f"{contract}: compiled among mutants it is not what forge builds")
            arenas[0].control()
            arenas += [stack.enter_context(arenas[0].twin()) for _ in range(1, jobs)]
        free: SimpleQueue[Arena] = SimpleQueue()
        for arena in arenas:
            free.put(arena)

        def judge(code: str) -> Trial:
            arena = free.get()
            try:
                trial = arena.trial(code)
            finally:
                free.put(arena)
            if trial.verdict is not Verdict.SURVIVED:
                memory.remember(code, trial)
            return trial

        progress, trials = Progress(what, len(codes), "mutants"), {}
        for code, trial in zip(codes, pool.map(judge, codes), strict=True):
            trials[code] = trial
            if len(trials) % 10 == 0 or len(trials) == len(codes):
                survived = sum(one.verdict is Verdict.SURVIVED for one in trials.values())
                progress.show(len(trials), f", {survived} survived")
    return trials
