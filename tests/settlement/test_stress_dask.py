"""`bulkhead stress … --dask`: a cluster on this machine writes what one process writes, byte for byte."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from settlement.commands.stress_searching import phase

ONE = "instant/per_venue/queue_adl"


@pytest.fixture
def cluster() -> Iterator[str]:
    """A scheduler and two workers, each a process of its own, on loopback alone."""
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as made:
        yield made.scheduler_address


def drawn(place: Path, *, dask: str = "") -> tuple[str, dict[str, bytes]]:
    """The table, and every record by its name."""
    assert phase(str(place), cells=ONE, seeds=2, accounts=300, depths="1", hedged="0.1", dask=dask) == 0
    return (place / "phase.json").read_text(), {file.name: file.read_bytes() for file in (place / "runs").iterdir()}


def test_a_cluster_gives_the_same_bits_as_one_process(tmp_path: Path, cluster: str) -> None:
    table, records = drawn(tmp_path / "cluster", dask=cluster)
    assert (table, records) == drawn(tmp_path / "here")
    assert len(records) > 3
