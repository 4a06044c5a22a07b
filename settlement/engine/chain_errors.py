"""What can go wrong between a sender and its chain, told apart by what may be done about it."""

from settlement.node import ChainError


class LostConnectionError(ChainError):
    """No answer came. What was asked may have been done or not: a read may be repeated, and so may the same bytes."""


class NodeStoppedError(ChainError):
    """An anvil of our own has ended; the text has its last words."""


class WrongNodeError(ChainError):
    """The node is on another chain, or has other code at an address: nothing was written."""


class RefusedError(ChainError):
    """The node will not take the transaction, and nobody has it: its nonce is free again. Nothing was written."""


class RevertedError(ChainError):
    """The contract refused, in its own words. `tx_hash` is empty if that was found out before anything was sent."""

    def __init__(self, sentence: str, tx_hash: str = "") -> None:
        super().__init__(sentence)
        self.tx_hash = tx_hash


class DroppedError(ChainError):
    """The node loses the transaction as often as it is given: it is in no block, and nobody holds it any more."""


class SharedKeyError(ChainError):
    """A nonce of this sender carries a transaction that is not ours: two senders use one key. Ours will never happen.

    Nonces are taken from the node anew; sending goes on. Who sees this twice should look for the other sender.
    """


class NodeLostStateError(ChainError):
    """The node does not know the history that it told before: it was restarted without its state.

    Everything that this client knew is void; open another one, and ask the chain what it has.
    """
