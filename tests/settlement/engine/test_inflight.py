"""What is done with a transaction that is in no block: each step, and which of two comes first."""

import pytest

from settlement.engine.fees import FeePolicy, Fees
from settlement.engine.inflight import InFlight, Offer, Place, Step, next_step
from settlement.receipts import Call
from settlement.transaction import Transaction

POLICY = FeePolicy(patience_s=30, patience_blocks=4, resends=2)
OFFER = Offer(Transaction(1, 7, 2, 9, 21_000, "0x" + "11" * 20, b""), b"", b"", "0xab")


def flight(**more: object) -> InFlight:
    made = InFlight(7, Call("0x" + "11" * 20, b"", "greeting"), since_s=100, since_block=50, offers=[OFFER])
    for name, value in more.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("count", "known", "resends", "now_s", "block", "step"),
    [
        (7, True, 0, 129, 53, Step.WAIT),
        (7, True, 0, 130, 50, Step.REPLACE),
        (7, True, 0, 100, 54, Step.REPLACE),
        (6, True, 0, 130, 54, Step.WAIT),
        (7, False, 0, 100, 50, Step.RESEND),
        (6, False, 1, 100, 50, Step.RESEND),
        (7, False, 0, 130, 54, Step.RESEND),
        (7, False, 2, 130, 54, Step.REPORT_DROPPED),
        (8, False, 2, 130, 54, Step.SUSPECT),
        (8, True, 0, 100, 50, Step.SUSPECT),
    ],
    ids=["in time", "late by time", "late by blocks", "late, but behind others", "lost", "lost, and behind others",
         "lost and late", "lost too often", "lost, and outrun", "outrun"],
)  # fmt: skip
def test_the_next_step(count: int, known: bool, resends: int, now_s: float, block: int, step: Step) -> None:
    assert next_step(flight(resends=resends), POLICY, now_s, block, count=count, known=known) is step


@pytest.mark.parametrize("known", [True, False])
def test_a_nonce_that_is_used_is_believed_the_second_time(known: bool) -> None:
    assert next_step(flight(is_suspect=True), POLICY, 130, 54, count=8, known=known) is Step.REPORT_SHARED_KEY
    assert next_step(flight(is_suspect=True), POLICY, 130, 54, count=7, known=True) is Step.REPLACE


@pytest.mark.parametrize(
    ("more", "now_s", "block", "wants"),
    [
        ({}, 129, 53, False),
        ({}, 130, 50, True),
        ({}, 100, 54, True),
        ({"looked_s": 130, "looked_block": 54}, 130.9, 54, False),
        ({"looked_s": 130, "looked_block": 54}, 131, 54, True),
        ({"looked_s": 130, "looked_block": 54}, 130, 55, True),
        ({"in_doubt": True}, 100, 50, True),
        ({"in_doubt": True, "place": Place(51, "0xcd", "0xab")}, 100, 50, False),
        ({"in_doubt": True, "failure": ValueError()}, 100, 50, False),
        ({"in_doubt": True, "offers": []}, 100, 50, False),
    ],
    ids=["in time", "late by time", "late by blocks", "just looked at", "looked at a second ago", "a block since",
         "in doubt", "in a block", "given up", "not signed yet"],
)  # fmt: skip
def test_what_is_looked_at(more: dict[str, object], now_s: float, block: int, wants: bool) -> None:
    assert flight(**more).wants_attention(POLICY, now_s, block) is wants


def test_an_offer_names_its_fees() -> None:
    assert OFFER.fees == Fees(9, 2)
