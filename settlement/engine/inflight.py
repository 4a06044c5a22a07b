"""A transaction between its signing and its depth: what was sent of it, and what to do next.

One nonce, one call, any number of offers: whichever is mined counts, and no other nonce ever carries this call.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from settlement.engine.fees import FeePolicy, Fees
from settlement.receipts import Call
from settlement.transaction import Transaction

LOOK_AGAIN_S = 1
"""A late transaction is looked at with every block, and if there is none, this often or as often as it is late."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Signed bytes as they were, or may have been, given to a node. The bytes are made anew from these when needed.

    `digest` is what was signed, kept because 400 KB take 5 ms to hash.
    """

    transaction: Transaction
    digest: bytes
    signature: bytes
    tx_hash: str

    @property
    def fees(self) -> Fees:
        return Fees(self.transaction.max_fee_wei, self.transaction.tip_wei)

    @property
    def raw(self) -> str:
        return "0x" + self.transaction.signed(self.signature).hex()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transaction lies: the block, and which of the offers."""

    number: int
    block_hash: str
    tx_hash: str


@dataclass(slots=True)
class InFlight:
    """One call under one nonce. `since_s` and `since_block`: when its last offer was made, by whoever sends.

    `in_doubt`: something happened after which the node may not have it any more, so it is to be looked at now.
    `is_suspect`: when last looked at, its nonce was used, and no block seen until then had it.
    """

    nonce: int
    call: Call
    since_s: float
    since_block: int
    offers: list[Offer] = field(default_factory=list)
    place: Place | None = None
    resends: int = 0
    in_doubt: bool = False
    is_suspect: bool = False
    looked_s: float = 0
    looked_block: int = 0
    failure: Exception | None = None

    @property
    def hashes(self) -> tuple[str, ...]:
        return tuple(offer.tx_hash for offer in self.offers)

    def is_late(self, policy: FeePolicy, now_s: float, block: int) -> bool:
        """Whether its last offer has waited longer than the policy's patience."""
        return now_s - self.since_s >= policy.patience_s or block - self.since_block >= policy.patience_blocks

    def wants_attention(self, policy: FeePolicy, now_s: float, block: int) -> bool:
        if self.place is not None or self.failure is not None or not self.offers:
            return False
        is_due = block > self.looked_block or now_s - self.looked_s >= min(LOOK_AGAIN_S, policy.patience_s)
        return self.in_doubt or (is_due and self.is_late(policy, now_s, block))


class Step(StrEnum):
    """What to do with a transaction that is in no block; where several fit, the earlier member is done."""

    REPORT_SHARED_KEY = "report_shared_key"
    SUSPECT = "suspect"
    REPORT_DROPPED = "report_dropped"
    RESEND = "resend"
    REPLACE = "replace"
    WAIT = "wait"


def next_step(one: InFlight, policy: FeePolicy, now_s: float, block: int, *, count: int, known: bool) -> Step:
    """What to do with a transaction that no block up to `block` has, nor any other offer of its nonce.

    count: the sender's transactions up to that same block
    known: whether the node holds any of the offers

    That a nonce is used is believed of a node that says so twice, with all its blocks seen in between: it may count
    what is in the next block already.
    Only the lowest of a sender's nonces is worth a better offer: those behind it wait for it, not for money.
    """
    if count > one.nonce:
        return Step.REPORT_SHARED_KEY if one.is_suspect else Step.SUSPECT
    if not known:
        return Step.REPORT_DROPPED if one.resends >= policy.resends else Step.RESEND
    is_next = count == one.nonce
    return Step.REPLACE if is_next and one.is_late(policy, now_s, block) else Step.WAIT
