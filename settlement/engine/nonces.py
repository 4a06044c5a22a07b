"""Which nonce the next transaction carries: given out in order without waiting, and none left out for good.

A chain takes a sender's transactions in the order of their nonces, so one that never reaches a node holds up all after
it. Its nonce becomes a gap, and the next transaction fills the lowest gap.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Nonces:
    """One sender's nonces. `following` is the lowest never given out; `gaps` are those given back, ascending."""

    following: int
    gaps: list[int] = field(default_factory=list)

    def take(self) -> int:
        """The nonce of the next transaction."""
        if self.gaps:
            return self.gaps.pop(0)
        self.following += 1
        return self.following - 1

    def give_back(self, nonce: int) -> None:
        """Nobody has a transaction with this nonce: it is free. Raises ValueError for one that was not given out."""
        if nonce >= self.following or nonce in self.gaps:
            raise ValueError(f"nonce {nonce} is not out, so it cannot be given back")
        self.gaps = sorted([*self.gaps, nonce])
        while self.gaps and self.gaps[-1] == self.following - 1:
            self.following = self.gaps.pop()

    def synchronise(self, latest: int, pending: int) -> None:
        """Take in the node's counts: of what is in blocks, and with what waits for one. Never gives a nonce twice.

        A node that counts further than we do has transactions of another sender with our key. Its count says nothing
        about what we have given out beyond it: those may be on their way.
        """
        self.following = max(self.following, latest, pending)
        self.gaps = [nonce for nonce in self.gaps if nonce >= latest]
