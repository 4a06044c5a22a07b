"""Runs trials on processes or a cluster and keeps each result in a file named by its digest, so that work resumes.

A file that is there is not computed again, whoever wrote it; a file is written whole or not at all. The order in which
runs end has no part in any result.
"""

import importlib
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from margin.contagion.assumptions import Assumptions
from margin.contagion.own import Own
from margin.contagion.path import Path
from margin.contagion.trial import Record, Trial, made
from settlement.commands.fields import InputError
from settlement.commands.whole_file import fault_in_writing

Job = tuple[Trial, Path, Assumptions, Own]


def computed(job: Job) -> Record:
    """One run on one thread: many small loops go faster so, and as many processes as cores are busy already."""
    import numba

    numba.set_num_threads(1)
    return made(*job)


@dataclass(slots=True)
class Bench:
    """Where runs are made: the folder that keeps them, how many processes, or the address of a Dask scheduler."""

    folder: File
    jobs: int = 1
    dask: str = ""
    computed: int = field(default=0, init=False)
    kept: int = field(default=0, init=False)

    def records(self, asked: Sequence[Job], *, quiet: bool = False) -> list[Record]:
        """The record of each, in the order asked. InputError where the folder cannot be written."""
        found = {job[0].digest(): job for job in asked}
        missing = {name: job for name, job in found.items() if not self._at(name).is_file()}
        self.kept += len(found) - len(missing)
        begun_s = time.monotonic()
        for done, (name, record) in enumerate(self._made(missing), 1):
            self._keep(name, missing[name][0], record)
            self.computed += 1
            if not quiet:
                left_s = (time.monotonic() - begun_s) / done * (len(missing) - done)
                sys.stderr.write(f"\r{done} of {len(missing)} runs, {left_s:,.0f} s left   ")
                sys.stderr.flush()
        if missing and not quiet:
            sys.stderr.write("\n")
        return [self._read(job[0].digest()) for job in asked]

    def _made(self, missing: dict[str, Job]) -> Iterator[tuple[str, Record]]:
        if self.jobs == 1 and not self.dask:
            for name, job in missing.items():
                yield name, computed(job)
            return
        with _executor(self.jobs, self.dask) as (submit, ended):
            names = {submit(computed, job): name for name, job in missing.items()}
            for future in ended(names):
                yield names[future], future.result()

    def _at(self, name: str) -> File:
        return self.folder / f"{name}.json"

    def _keep(self, name: str, what: Trial, record: Record) -> None:
        document = {"digest_of_inputs": name, "trial": _described(what), "record": record}
        self.folder.mkdir(parents=True, exist_ok=True)
        if fault := fault_in_writing(self._at(name), json.dumps(document, sort_keys=True)):
            raise InputError(f"{self._at(name)}: {fault}")

    def _read(self, name: str) -> Record:
        try:
            record = json.loads(self._at(name).read_text(encoding="utf-8"))["record"]
            return {str(key): float(value) for key, value in record.items()}
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise InputError(f"{self._at(name)}: not a result of a run; remove it to have it made again") from error


def _described(what: Trial) -> dict[str, object]:
    return {
        "changes": dict(what.changes), "regime": what.regime, "channels": what.channels, "seed": what.seed,
        "accounts": what.accounts, "path": what.path, "assumptions": what.assumptions, "footing": what.footing,
        "code": what.code, "own": what.own,
    }  # fmt: skip


Submit = Callable[..., Future[Record]]
Ended = Callable[[Any], Iterator[Future[Record]]]


@contextmanager
def _executor(jobs: int, dask: str) -> Iterator[tuple[Submit, Ended]]:
    if not dask:
        # A process whose loops have run on threads must not be forked.
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool.submit, as_completed
        return
    try:
        distributed = importlib.import_module("dask.distributed")
    except ImportError as error:
        raise InputError("--dask: install the extra: pip install 'bulkhead[dask]'") from error
    with distributed.Client(dask) as client:
        yield client.submit, distributed.as_completed
