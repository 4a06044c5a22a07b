"""What a node means by the words with which it takes or refuses a transaction: every client has its own.

The words are those of go-ethereum's core/txpool/errors.go and core/error.go, of reth's and anvil's pool, of
Nethermind's AcceptTxResult and of Erigon's txpoolcfg; all of them are matched in lower case.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Meaning(StrEnum):
    """What became of the bytes; where several fit, the earlier member is meant."""

    TAKEN = "taken"
    ALREADY_KNOWN = "already_known"
    NONCE_TOO_LOW = "nonce_too_low"
    REPLACEMENT_UNDERPRICED = "replacement_underpriced"
    FEE_TOO_LOW = "fee_too_low"
    POOL_IS_FULL = "pool_is_full"
    REFUSED = "refused"

    @property
    def is_held(self) -> bool:
        """Whether the node has these bytes now."""
        return self in (Meaning.TAKEN, Meaning.ALREADY_KNOWN)

    @property
    def may_succeed_later(self) -> bool:
        """Whether the same bytes may be taken another time."""
        return self in (Meaning.FEE_TOO_LOW, Meaning.POOL_IS_FULL)

    @property
    def wants_more(self) -> bool:
        """Whether a better offer for the same nonce may be taken now."""
        return self in (Meaning.REPLACEMENT_UNDERPRICED, Meaning.FEE_TOO_LOW)


_WORDS = {
    Meaning.ALREADY_KNOWN: ("already known", "already imported", "alreadyknown", "known transaction", "already exists"),
    Meaning.NONCE_TOO_LOW: ("nonce too low", "nonce is too low", "oldnonce", "old nonce"),
    Meaning.REPLACEMENT_UNDERPRICED: (
        "replacement transaction underpriced",
        "replacement underpriced",
        "replacementnotallowed",
        "could not replace existing",
        "not replaced",
    ),
    Meaning.FEE_TOO_LOW: (
        "less than block base fee",
        "lower than the current base fee",
        "transaction underpriced",
        "underpriced",
        "feetoolow",
        "fee too low",
    ),
    Meaning.POOL_IS_FULL: ("txpool is full", "pool is full", "pool overflow", "too many transactions", "txpool full"),
}


def meaning(error: Mapping[str, Any] | None) -> Meaning:
    """What a node's answer to eth_sendRawTransaction means; `error` is None where it answered with a hash."""
    if error is None:
        return Meaning.TAKEN
    words = str(error.get("message", "")).lower()
    return next((one for one, known in _WORDS.items() if any(word in words for word in known)), Meaning.REFUSED)
