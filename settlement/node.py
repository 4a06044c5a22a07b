"""One connection to a node: requests and answers, and what is wrong with them said in sentences."""

import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from settlement.devnet import Anvil

if TYPE_CHECKING:
    from web3.providers.base import JSONBaseProvider

TIMEOUT_S = 20
DYING_S = 0.5
"""How long a node that has just failed to answer is given to be seen gone."""


class ChainError(Exception):
    """The node did not answer, answered wrongly, or a transaction reverted; the text names what and why."""


class Node:
    """One connection to a node, by IPC to an anvil of our own or by URL to somebody's."""

    def __init__(
        self, provider: "JSONBaseProvider", name: str, close: Callable[[], None], anvil: Anvil | None = None
    ) -> None:
        self._provider, self.name, self.close, self._anvil = provider, name, close, anvil
        self._wanted_s = 0
        try:
            self.chain_id = self._checked_chain_id()
        except ChainError:
            self.close()
            raise

    @classmethod
    def of_anvil(cls, anvil: Anvil) -> Self:
        from web3 import IPCProvider

        provider = IPCProvider(anvil.ipc_path, timeout=TIMEOUT_S)

        def close() -> None:
            # The provider keeps its socket for good and offers no way to let go of it.
            held = getattr(provider._socket, "sock", None)
            if held is not None:
                held.close()

        node = cls(provider, "anvil", close, anvil)
        # Left alone, anvil adds the wall clock's seconds between two blocks: a slow run would have other hashes.
        node.rpc("anvil_setBlockTimestampInterval", 1)
        return node

    @classmethod
    def at_url(cls, url: str) -> Self:
        from requests import Session
        from web3 import HTTPProvider

        session = Session()
        provider = HTTPProvider(
            url, request_kwargs={"timeout": TIMEOUT_S}, session=session, exception_retry_configuration=None
        )
        return cls(provider, url, session.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def rpc(self, method: str, *params: object) -> Any:
        """The result of one request. Raises ChainError with the node's words, or that it is gone."""
        answer = self.answer(method, params)
        if "error" in answer:
            raise ChainError(f"{self.name} refused {method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]

    def answer(self, method: str, params: Sequence[object]) -> dict[str, Any]:
        """The whole JSON-RPC answer, an error of the node's included; ChainError only when there is none."""
        from web3._utils.threads import Timeout
        from web3.types import RPCEndpoint

        self._require_running()
        try:
            answer = self._provider.make_request(RPCEndpoint(method), params)
        except (OSError, Timeout, json.JSONDecodeError, UnicodeDecodeError) as why:
            # A node that was just killed breaks the connection a moment before it can be asked how it ended.
            self._require_running(DYING_S)
            raise ChainError(f"no JSON-RPC answer from {self.name} to {method}: {type(why).__name__} {why}") from why
        told: dict[str, Any] = dict(answer) if isinstance(answer, dict) else {}
        if told.get("error") is None:
            # The first JSON-RPC gave both, one of them null; many servers still do.
            told.pop("error", None)
        if not (isinstance(told["error"], dict) if "error" in told else "result" in told):
            raise ChainError(f"{self.name} answers {method}, but not in JSON-RPC: {str(answer)[:120]}")
        return told

    def _require_running(self, patience_s: float = 0) -> None:
        if self._anvil is not None and not self._anvil.is_running(patience_s):
            raise ChainError(f"the node stopped by itself: {self._anvil.last_words()}")

    def _checked_chain_id(self) -> int:
        answer = self.rpc("eth_chainId")
        try:
            return int(answer, 16)
        except (TypeError, ValueError):
            raise ChainError(f"{self.name} gives {answer!r} as its chain id: is this an Ethereum node?") from None

    def client(self) -> str:
        return str(self.rpc("web3_clientVersion"))

    def block_number(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def block_time(self) -> int:
        """The latest block's time, UTC seconds."""
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def next_block_time(self) -> int:
        """The earliest time that the next block can carry, UTC seconds: of an anvil of our own, the very one."""
        return self._wanted_s or self.block_time() + 1

    def move_to(self, at_s: int) -> None:
        """Let the next block carry this time (UTC seconds), and later ones a second more each; anvil only."""
        self._wanted_s = at_s

    def apply_time(self) -> None:
        """Tell the node before a block is made; most moments of a day make none."""
        if self._wanted_s:
            self.rpc("evm_setNextBlockTimestamp", self._wanted_s)
            self._wanted_s = 0
