"""What a transaction offers for its gas, and what its replacement must offer.

A block's base fee moves by an eighth at most, so an offer of twice the next base fee lasts through six full blocks.
Source: https://eips.ethereum.org/EIPS/eip-1559, "Specification". Nodes take a transaction in the place of another only
if both its fees are a tenth higher (go-ethereum's txpool.pricebump, reth and anvil alike).
"""

from collections.abc import Sequence
from dataclasses import dataclass

BPS = 10_000
REPLACEMENT_BPS = 1_000
"""By how much nodes want both fees to rise."""


@dataclass(frozen=True, slots=True)
class Fees:
    """An offer, in wei per gas: at most `max_fee_wei` in all, of which `tip_wei` go to whoever makes the block."""

    max_fee_wei: int
    tip_wei: int


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """How much may be offered, and when an offer has been waiting for too long.

    max_fee_cap_wei: never offer more than this per gas, in all
    least_tip_wei, most_tip_wei: bounds of a first offer's tip; a replacement's tip may rise up to the whole cap
    base_fee_multiple_bps: how many times the next base fee a first offer can pay
    bump_bps: by how much a replacement raises both fees; nodes refuse less than 1,000
    patience_s, patience_blocks: an offer that is in no block after either of these is replaced
    gas_margin_bps: what is added to an estimate of gas
    resends: how often bytes that the node has lost are given to it again before they count as dropped
    always: offer exactly this, always, and replace nothing: transaction hashes repeat
    """

    max_fee_cap_wei: int = 500 * 10**9
    least_tip_wei: int = 10**6
    most_tip_wei: int = 5 * 10**9
    base_fee_multiple_bps: int = 2 * BPS
    bump_bps: int = 1_250
    patience_s: float = 30
    patience_blocks: int = 4
    gas_margin_bps: int = 2_000
    resends: int = 8
    always: Fees | None = None

    def __post_init__(self) -> None:
        if self.bump_bps < REPLACEMENT_BPS:
            raise ValueError(f"a replacement raises its fees by {REPLACEMENT_BPS} bps or more, not {self.bump_bps}")

    @classmethod
    def fixed(cls, max_fee_wei: int, tip_wei: int) -> "FeePolicy":
        """The same offer for every transaction, as the deterministic desk makes it."""
        return cls(max_fee_cap_wei=max_fee_wei, always=Fees(max_fee_wei, tip_wei))


def first_offer(policy: FeePolicy, base_fees_wei: Sequence[int], tips_wei: Sequence[int]) -> Fees:
    """What to offer, given the last blocks' base fees (the next block's last) and the tips that got into them.

    The median tip is offered, within the policy's bounds. Nothing above the cap, even if the next block costs more:
    such an offer waits until blocks are cheaper.
    """
    if policy.always is not None:
        return policy.always
    paid = sorted(tips_wei)
    usual = paid[len(paid) // 2] if paid else 0
    tip = min(max(usual, policy.least_tip_wei), policy.most_tip_wei)
    base = base_fees_wei[-1] if base_fees_wei else 0
    most = min(_raised(base, policy.base_fee_multiple_bps - BPS) + tip, policy.max_fee_cap_wei)
    return Fees(most, min(tip, most))


def replacement(policy: FeePolicy, last: Fees, market: Fees) -> Fees | None:
    """What takes the place of an offer that waits: the market's, but both fees raised by the bump at least.

    The last step before the cap is as large as the cap allows. None if that is less than nodes take for a replacement,
    or if the policy's offer is always the same.
    """
    if policy.always is not None:
        return None
    most = min(max(_raised(last.max_fee_wei, policy.bump_bps), market.max_fee_wei), policy.max_fee_cap_wei)
    tip = min(max(_raised(last.tip_wei, policy.bump_bps), market.tip_wei), most)
    enough = most >= _raised(last.max_fee_wei, REPLACEMENT_BPS) and tip >= _raised(last.tip_wei, REPLACEMENT_BPS)
    return Fees(most, tip) if enough else None


def with_margin(policy: FeePolicy, gas: int, block_gas_limit: int) -> int:
    """An estimate of gas with the policy's margin, as far as a block has room for it."""
    return min(_raised(gas, policy.gas_margin_bps), max(gas, block_gas_limit))


def _raised(amount: int, by_bps: int) -> int:
    """More by a rate, rounded up: a wei too little is an offer refused."""
    return -(-amount * (BPS + by_bps) // BPS)
