"""A signed transaction, byte for byte as a library writes it."""

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custody.curve import parity_and_numbers
from settlement.keys import signer_of
from settlement.transaction import Transaction

addresses = st.just("") | st.binary(min_size=20, max_size=20).map(to_checksum_address)
numbers = st.integers(0, 2**64 - 1) | st.integers(0, 300)
calldata = st.binary(max_size=70) | st.integers(0, 70_000).map(bytes)


@settings(max_examples=60)
@given(to=addresses, data=calldata, chain_id=numbers, nonce=numbers, fee_wei=numbers)
@example(to="", data=b"\x7f", chain_id=1, nonce=0, fee_wei=0)
@example(to="", data=b"\x80", chain_id=127, nonce=128, fee_wei=256)
@example(to="", data=bytes(55), chain_id=1, nonce=0, fee_wei=0)
@example(to="", data=bytes(56), chain_id=1, nonce=0, fee_wei=0)
@example(to="", data=bytes(65_536), chain_id=1, nonce=0, fee_wei=0)
def test_it_is_what_a_library_would_send(to: str, data: bytes, chain_id: int, nonce: int, fee_wei: int) -> None:
    ours = Transaction(chain_id, nonce, 1, fee_wei, 21_000, to, data)
    fields = {
        "type": 2, "chainId": chain_id, "nonce": nonce, "to": to, "value": 0, "gas": 21_000, "maxFeePerGas": fee_wei,
        "maxPriorityFeePerGas": 1, "data": "0x" + data.hex(),
    }  # fmt: skip
    assert ours.digest() == bytes(TypedTransaction.from_dict(fields).hash())
    signature = signer_of("operator").sign_digest(ours.digest())
    v, r, s = parity_and_numbers(signature)
    assert ours.signed(signature) == bytes(TypedTransaction.from_dict({**fields, "v": v, "r": r, "s": s}).encode())
