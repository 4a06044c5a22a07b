"""Mutation testing: how many small faults in the contracts that hold money the tests would notice.

A mutant with the bytecode of the original, or of an earlier mutant, is none: the compiler could not tell them apart.
Verdicts are kept in `contracts/cache/mutation` by bytecode and by what it was tried against: a run that was broken off
goes on where it was, and one after a change of a test begins anew.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

from scripts.contract_checks import mutation_report
from scripts.contract_checks.arena import Arena, Verdict
from scripts.contract_checks.artifacts import names
from scripts.contract_checks.mutant_builds import BATCH, closure, compile_all
from scripts.contract_checks.mutants import Edit, edits
from scripts.contract_checks.mutation_report import Outcome, Survivor
from scripts.contract_checks.progress import Progress
from scripts.contract_checks.toolchain import ToolchainError, say, step
from scripts.contract_checks.verdict_memory import Memory

TARGETS = ("CollateralVault", "SettlementBook", "AttestedMinter", "CustodyToken", "PositionBook")

Mutant = tuple[str, Edit]
"""Which source, by its path from `contracts/`, and what is done to it."""


def mutate(chosen: Sequence[str], jobs: int, at_most: int | None) -> list[str]:
    """Try the mutants of these contracts, or of all; answers what is wrong. All of all are recorded."""
    there = [name for name in TARGETS if name in names()]
    if unknown := [name for name in chosen if name not in there]:
        raise ToolchainError(f"{', '.join(unknown)}: not among {', '.join(there)}")
    outcomes = [_try(contract, jobs, at_most) for contract in chosen or there]
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
    with ExitStack() as stack, ThreadPoolExecutor(jobs) as pool:
        with step(f"{contract}: tests, built and tried"):
            arenas = [stack.enter_context(arena) for arena in pool.map(Arena, [contract] * jobs)]
            arenas[0].control()
        built = _compiled(contract, mutants, pool)
        if built.pop(-1) != arenas[0].original:
            raise ToolchainError(f"{contract}: compiled among mutants it is not what forge builds")
        first = {code: number for number, code in reversed(built.items())}
        first.pop(arenas[0].original, None)
        verdicts = _verdicts(contract, list(first), arenas, pool)
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


def _verdicts(
    contract: str, codes: Sequence[str], arenas: Sequence[Arena], pool: ThreadPoolExecutor
) -> dict[str, Verdict]:
    """Each bytecode's verdict, remembered or found."""
    memory = Memory(contract)
    known = {code: verdict for code in codes if (verdict := memory.recall(code))}
    free: SimpleQueue[Arena] = SimpleQueue()
    for arena in arenas:
        free.put(arena)

    def judge(code: str) -> Verdict:
        arena = free.get()
        try:
            verdict = arena.verdict(code)
        finally:
            free.put(arena)
        memory.remember(code, verdict)
        return verdict

    new = [code for code in codes if code not in known]
    progress = Progress(f"{contract}: tried", len(new), "mutants")
    survived = 0
    for done, (code, verdict) in enumerate(zip(new, pool.map(judge, new), strict=True), 1):
        known[code] = verdict
        survived += verdict is Verdict.SURVIVED
        if done % 10 == 0 or done == len(new):
            progress.show(done, f", {survived} survived")
    return known
