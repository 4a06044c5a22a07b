"""Digests as wallets make them: ours against eth-account's, and against the standard's own example."""

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.typed_data import Domain, Struct, TypedDataError, digest, wallet_message

ETHER_MAIL = Domain("Ether Mail", 1, "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC")
PERSON = Struct("Person(string name,address wallet)")
MAIL = Struct("Mail(Person from,Person to,string contents)", PERSON)
ORDER = Struct(
    "Order(address holder,bytes32 reference,uint64 nonce,int256 change,Person[] copies,string[] words,uint256[] sums)",
    PERSON,
)


def test_the_example_of_the_standard() -> None:
    """EIP-712's Example.js: separator, hash and digest of the letter to Bob."""
    letter = {
        "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
        "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
        "contents": "Hello, Bob!",
    }
    assert MAIL.type_hash == keccak(
        text="Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    )
    assert ETHER_MAIL.separator().hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    assert MAIL.hash(letter).hex() == "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
    name = digest(ETHER_MAIL.separator(), MAIL.hash(letter))
    assert name.hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"


addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
people = st.fixed_dictionaries({"name": texts, "wallet": addresses})


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "holder": addresses,
            "reference": st.binary(min_size=32, max_size=32),
            "nonce": st.integers(0, 2**64 - 1),
            "change": st.integers(-(2**255), 2**255 - 1),
            "copies": st.lists(people, max_size=3),
            "words": st.lists(texts, max_size=3),
            "sums": st.lists(st.integers(0, 2**256 - 1), max_size=3),
        }
    ),
    texts,
    st.integers(1, 2**53),
    addresses,
)
def test_a_wallet_makes_the_same_digest(order: dict[str, object], name: str, chain_id: int, contract: str) -> None:
    domain = Domain(name, chain_id, contract)
    ours = digest(domain.separator(), ORDER.hash(order))
    key = keccak(text="a wallet's key")
    message = encode_typed_data(full_message=wallet_message(domain, ORDER, order))
    assert keccak(b"\x19" + message.version + message.header + message.body) == ours
    signature = Account.unsafe_sign_hash(ours, key).signature
    assert Account.recover_message(message, signature=signature) == Account.from_key(key).address


def test_a_number_may_be_text_as_wallets_write_it() -> None:
    for value in (0, 7, 2**64 - 1):
        number = Struct("Number(uint64 value)")
        assert number.hash({"value": str(value)}) == number.hash({"value": value})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint64", -1),
        ("uint64", 2**64),
        ("int8", 128),
        ("int8", -129),
        ("uint64", "seven"),
        ("uint64", None),
        ("address", "0x12"),
        ("address", "0x" + "zz" * 20),
        ("address", 5),
        ("bytes32", b"short"),
        ("bytes32", "text"),
        ("fixed128x18", 1),
        ("Person", 1),
    ],
)
def test_a_value_that_its_type_cannot_hold_is_named(kind: str, value: object) -> None:
    with pytest.raises(TypedDataError, match=r"^field: "):
        Struct(f"Thing({kind} field)").hash({"field": value})


def test_a_member_that_is_missing_or_a_type_that_is_none() -> None:
    with pytest.raises(KeyError):
        PERSON.hash({"name": "Bob"})
    with pytest.raises(TypedDataError, match="is no struct type"):
        Struct("string name")
    with pytest.raises(ValueError, match="argument 2 is longer"):
        PERSON.named("Bob", "0x", "more")


def test_every_part_of_a_domain_tells_it_from_another() -> None:
    others = [("Bulkhead", 1, "0x" + "01" * 20, "1"), ("Bulkhead", 1, "0x" + "01" * 20, "2"),
              ("Bulkhead", 2, "0x" + "01" * 20, "1"), ("Bulkhead", 1, "0x" + "02" * 20, "1")]  # fmt: skip
    assert len({Domain(*other).separator() for other in others}) == 4
