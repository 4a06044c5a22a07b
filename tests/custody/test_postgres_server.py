"""The server of the tests is gone once they are, however they ended, and nobody but this machine can reach it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from scripts.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]

HOLDER = """
import time
from scripts.postgres_server import PostgresServer

with PostgresServer() as server:
    ((folder,),) = server.run("SELECT current_setting('data_directory')")
    print(open(f"{folder}/postmaster.pid").readline().strip(), folder, flush=True)
    time.sleep(60)
"""


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_server_does_not_outlive_the_process_that_started_it(ending: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as holder:
        assert holder.stdout is not None
        process, folder = holder.stdout.readline().split()
        assert is_running(int(process))
        holder.send_signal(ending)
    deadline = time.monotonic() + 20
    while is_running(int(process)):
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.01)
    if ending is signal.SIGINT:
        assert not Path(folder).parent.exists()
    else:  # nobody is left to take the files away
        subprocess.run(["rm", "-rf", Path(folder).parent], check=True)


def test_a_server_listens_on_a_socket_of_its_own_and_gives_fresh_databases(postgres: PostgresServer) -> None:
    assert postgres.run("SHOW listen_addresses") == [("",)]
    names = [postgres.fresh(template="ledger") for _ in range(2)]
    postgres.run("INSERT INTO seal VALUES (1, 1, 1, decode(repeat('00', 32), 'hex'))", names[0])
    assert [postgres.run("SELECT count(*) FROM seal", name) for name in names] == [[(1,)], [(0,)]]
    with psycopg.connect(postgres.url(names[0])):
        for name in names:
            postgres.drop(name)  # whoever has it open
    assert postgres.run("SELECT count(*) FROM pg_database WHERE datname = ANY(ARRAY['{}', '{}'])".format(*names)) == [
        (0,)
    ]
