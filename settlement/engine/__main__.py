"""`python -m settlement.engine FILE`: one engine as a process of its own, as a JSON file says; ends when it is told to.

For tests with faults, and for a standby on another machine: the same file, the same database, the same node. It prints
a line when it begins to lead, and one for each batch that is confirmed.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from margin.instruments import Instrument, Kind
from settlement.contracts import ALL, POSITIONS
from settlement.engine.chain_client import ChainClient
from settlement.engine.client_chain import ClientChain
from settlement.engine.engine import Engine, Settings
from settlement.engine.expected import Expected
from settlement.engine.fees import FeePolicy
from settlement.engine.packing import Limits
from settlement.engine.recorded_feed import RecordedFeed
from settlement.engine.roster import Member, Roster
from settlement.engine.stored import Outgoing
from settlement.keys import signer_of
from settlement.node import Node
from settlement.reports import reporting_domain


def roster_of(said: Mapping[str, Any]) -> Roster:
    """`members`: venue, signer, accounts, instruments as in `Instrument`; `listed`: the chain's numbers by id."""
    members = [
        Member(one["venue"], one["signer"], one["accounts"], [_instrument(told) for told in one["instruments"]])
        for one in said["members"]
    ]
    return Roster.of(members, {int(number): at for number, at in said["listed"].items()})


def _instrument(told: Mapping[str, Any]) -> Instrument:
    return Instrument(**{**told, "kind": Kind(told["kind"])})


async def run(said: Mapping[str, Any]) -> None:
    """Run the engine that the file describes."""
    ahead_ms = int(said.get("clock_ahead_ms", 0))  # a clock that is wrong, for tests
    chain_id = said.get("chain_id") or _chain_id(said["rpc_url"])
    domain = reporting_domain(chain_id, said["position_book"])
    limits = Limits(**said.get("limits", {}))
    settings = Settings(
        said["database"], domain, roster_of(said), said.get("name", "desk"), limits, **said.get("settings", {})
    )
    chain = _client_chain(said, chain_id, limits.gas)
    feeds = [RecordedFeed(one["venue"], Path(one["folder"])) for one in said["feeds"]]
    engine = Engine(settings, feeds, chain, lambda: int(time.time() * 1000) + ahead_ms, on_confirmed=_say)
    task = asyncio.create_task(engine.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    telling = asyncio.create_task(_tell_who_leads(engine))
    try:
        await task
    except asyncio.CancelledError:
        telling.cancel()


def _chain_id(url: str) -> int:
    """Of whatever node is there. A file that says which chain it means is safer, and needs no node to begin."""
    with Node.at_url(url) as node:
        return node.chain_id


def _client_chain(said: Mapping[str, Any], chain_id: int, gas_limit: int) -> ClientChain:
    """Fees of the default policy; a node that is another, or has other code at the book's address, is refused."""
    signer, book = signer_of(said.get("operator", "operator")), said["position_book"]

    def opened() -> AbstractAsyncContextManager[ChainClient]:
        return ChainClient.open(
            said["rpc_url"], signer, ALL, policy=FeePolicy(), depth=said.get("depth", 1),
            expect=Expected(chain_id, {book: POSITIONS}), poll_s=said.get("poll_s", 0),
            **{name: said[name] for name in ("timeout_s", "give_up_s") if name in said},
        )  # fmt: skip

    return ClientChain(opened, book, gas_limit)


async def _tell_who_leads(engine: Engine) -> None:
    await engine.leads.wait()
    _print("leads")


def _say(out: Outgoing) -> None:
    _print("confirmed", out.batch.sequence, *(f"{venue}={number}" for venue, number in out.covers.items()))


def _print(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text())))
