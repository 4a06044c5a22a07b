"""An anvil that makes a block for every transaction forgets what a full block left out: it waits until another comes.

Seen in 1.7.1: eight transactions of half a block each, sent at once, give four blocks and two that wait for good. So if
ours wait, the chain stands still, and the node makes blocks by itself, it is asked for one.
"""

from settlement.engine.endpoint import Endpoint
from settlement.engine.sender import Sender

STILL_S = 0.05
"""How long the chain stands still before a block is asked for; the largest transaction takes a few times as long, but a
node that is busy with it has nothing else waiting."""


class Nudging:
    """Asks one anvil for a block when it has forgotten ours; does nothing to any other node."""

    def __init__(self, sender: Sender, is_anvil: bool) -> None:
        self._sender, self._is_anvil = sender, is_anvil
        self._top, self._since_s = "", 0.0

    async def nudge(self) -> None:
        """Ask for a block if one is due. Raises ChainError if the node does not answer."""
        sender, now_s = self._sender, self._sender.now_s()
        top = sender.watch.heads.top.hash
        if not self._is_anvil or not sender.is_busy or top != self._top:
            self._top, self._since_s = top, now_s
        elif now_s - self._since_s >= STILL_S:
            self._since_s = now_s
            automine, pool = await sender.endpoint.results([("anvil_getAutomine", ()), ("txpool_status", ())])
            if automine and int(pool["pending"], 16):
                await sender.endpoint.rpc("evm_mine")


async def is_anvil(endpoint: Endpoint) -> bool:
    """Whether a node says that it is an anvil."""
    return str(await endpoint.rpc("web3_clientVersion")).lower().startswith("anvil")
