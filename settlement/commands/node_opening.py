"""The node that --rpc-url names: reached, of the chain that is meant, and let go of.

A node that is away or of another chain is a failure, not bad usage: the same words may succeed tomorrow. The address of
a hosted node often holds a key of its user's; no message repeats more of it than scheme and host.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from settlement.commands.printing import printable
from settlement.commands.running import FAILED
from settlement.node import ChainError, Node


@contextmanager
def opened_node(url: str, chain_id: int) -> Iterator[Node]:
    """A node of this chain, for as long as the context is open. ChainError where none answers, or another chain's."""
    with Node.at_url(url) as node:
        if node.chain_id != chain_id:
            raise ChainError(
                f"{url} is a node of chain {node.chain_id}, and this is meant for chain {chain_id};"
                " name a node of that chain in --rpc-url"
            )
        yield node


def with_node(command: str, url: str, work: Callable[[], int]) -> int:
    """The exit code of work that asks a node; what the chain objects to is said, and fails."""
    try:
        return work()
    except ChainError as error:
        sys.stderr.write(f"{command}: {printable(_without_secrets(str(error), url))}\n")
        return FAILED


def _without_secrets(text: str, url: str) -> str:
    """The text without what may be secret in an address: user and password, path, query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return text.replace(url, "the address in --rpc-url")
    if not parts.netloc:
        return text
    user = parts.netloc.rpartition("@")[0]
    for secret, shown in (
        (f"?{parts.query}", "?…"), (f"/{parts.path.strip('/')}", "/…"), (f"//{user}@", "//…@"), (f"{user}@", "…@"),
    ):  # fmt: skip
        text = text.replace(secret, shown) if len(secret) > 1 and secret != "//@" else text
    return text
