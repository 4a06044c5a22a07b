"""The end of the chain as it was last seen: which blocks are new, and which were taken back.

A block is known by its hash; a number may come again with another. The last few headers are kept: enough to find where
two histories part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

KEPT = 64
"""Headers kept by default: two epochs of Ethereum, after which its blocks are final."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block without what its transactions did: their hashes, what its gas cost, when it was made (UTC seconds)."""

    number: int
    hash: str
    parent_hash: str
    transactions: tuple[str, ...] = ()
    base_fee_wei: int = 0
    gas_limit: int = 0
    time_s: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A step of the chain's end: the blocks taken back, last first, and those that came, first first."""

    unwound: tuple[Header, ...]
    new: tuple[Header, ...]

    @property
    def parted_at(self) -> int:
        """The number of the last block that both histories have. Raises IndexError if nothing was taken back."""
        return self.unwound[-1].number - 1


class Heads:
    """The last headers of one history, linked by their hashes. Raises ValueError if those given are not linked.

    After a step back fewer are kept, until as many have come: what was dropped is not asked for again.
    """

    __slots__ = ("_kept", "_limit")

    def __init__(self, headers: Sequence[Header], limit: int = KEPT) -> None:
        if not headers or not linked(headers):
            raise ValueError("the first headers are not one chain")
        self._limit, self._kept = limit, list(headers)[-limit:]

    @property
    def top(self) -> Header:
        return self._kept[-1]

    @property
    def lowest(self) -> int:
        """The number of the oldest header kept."""
        return self._kept[0].number

    def __iter__(self) -> Iterator[Header]:
        return iter(self._kept)

    def at(self, number: int) -> Header | None:
        """The block of this number on the history last seen; None if it is not kept, or has not come."""
        index = number - self.lowest
        return self._kept[index] if 0 <= index < len(self._kept) else None

    def depth(self, number: int, block_hash: str) -> int:
        """How many blocks confirm a block, itself included; 0 if it is not (or no longer) part of this history.

        A block older than what is kept was part of it when it was last seen, and counts as deep as its number says.
        """
        kept = self.at(number)
        if kept is None:
            return max(self.top.number - number + 1, 0) if number < self.lowest else 0
        return self.top.number - number + 1 if kept.hash == block_hash else 0

    def _has(self, number: int, block_hash: str) -> bool:
        kept = self.at(number)
        return kept is not None and kept.hash == block_hash

    def wanted(self, latest: Header) -> tuple[range, ...]:
        """The numbers of the blocks to ask for, that link the node's latest block to this history: in turn, if need be.

        Mostly what follows on the last block is enough; else all that is kept is asked for again.
        """
        end = min(latest.number, self.top.number + self._limit) + 1
        again = range(self.lowest, end)
        return (range(self.top.number + 1, end), again) if latest.number > self.top.number else (again,)

    def follow(self, headers: Sequence[Header]) -> Move | None:
        """Take in headers that link to this history; None, and nothing changes, if they have no block in common.

        They need not reach further than what is kept: a node may have gone back and have nothing new.
        """
        if not headers or not linked(headers):
            return None
        known = [header.number for header in headers if self._has(header.number, header.hash)]
        before = headers[0].number - 1
        if not known and not self._has(before, headers[0].parent_hash):
            return None
        ancestor = known[-1] if known else before
        new = tuple(header for header in headers if header.number > ancestor)
        unwound = tuple(header for header in reversed(self._kept) if header.number > ancestor)
        kept = [header for header in self._kept if header.number <= ancestor]
        self._kept = [*kept, *new][-self._limit :]
        return Move(unwound, new)


def linked(headers: Sequence[Header]) -> bool:
    """Whether each header is the parent of the next."""
    pairs = pairwise(headers)
    return all(two.parent_hash == one.hash and two.number == one.number + 1 for one, two in pairs)
