"""The digest covers every field, the time of recording and all that came before, in one fixed encoding."""

import hashlib
from dataclasses import fields, replace

import pytest

from custody.journal import GENESIS, encode, link
from custody.transfers import Kind, Reason, Transfer

TRANSFER = Transfer("t-1", "USDC/vault", "USDC/fees", 7, Reason.DEPOSIT, Kind.PENDING, "", False, "é", 3, 9)


def test_the_encoding_is_what_the_module_says() -> None:
    texts = [b"t-1", b"USDC/vault", b"USDC/fees", b"", b"\xc3\xa9"]
    numbers = [7, 1, 2, 0, 3, 9, 11]
    spelled = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    spelled += b"".join(number.to_bytes(8, "big") for number in numbers)
    assert encode(TRANSFER, 11) == spelled
    assert link(GENESIS, TRANSFER, 11) == hashlib.sha256(bytes(32) + b"bulkhead.journal.1" + spelled).digest()


def test_a_known_digest_stays_the_same() -> None:
    assert link(GENESIS, TRANSFER, 11).hex() == "9f400d9b22e627645d76482189d692cf450ab50a1a5aa5cd078b425ebbf2e7dd"


OTHER = {
    "id": "t-2", "debit_account": "x", "credit_account": "x", "amount": 8, "reason": Reason.RECALL, "kind": Kind.POSTED,
    "pending_id": "p", "linked": True, "reference": "e", "occurred_at_s": 4, "expires_at_s": 8,
}  # fmt: skip


@pytest.mark.parametrize("field", [field.name for field in fields(Transfer)])
def test_every_field_changes_the_digest(field: str) -> None:
    changed = replace(TRANSFER, **{field: OTHER[field]})
    assert link(GENESIS, changed, 11) != link(GENESIS, TRANSFER, 11)


def test_the_time_of_recording_and_the_past_change_the_digest() -> None:
    digests = {link(GENESIS, TRANSFER, 11), link(GENESIS, TRANSFER, 12), link(bytes([1] * 32), TRANSFER, 11)}
    assert len(digests) == 3


def test_a_letter_that_moves_between_neighbouring_fields_changes_the_digest() -> None:
    moved = replace(TRANSFER, debit_account="USDC/vaultU", credit_account="SDC/fees")
    assert moved.debit_account + moved.credit_account == TRANSFER.debit_account + TRANSFER.credit_account
    assert encode(moved, 11) != encode(TRANSFER, 11)
