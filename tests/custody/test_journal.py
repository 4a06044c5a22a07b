"""The digests cover every field and all that came before, in one fixed encoding that is spelled out here by hand."""

import hashlib
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.accounts import Account, Code, Limit
from custody.journal import (
    GENESIS,
    START,
    Added,
    Head,
    Place,
    Seal,
    account_digest,
    checksum_of,
    encoded,
    seal,
    seal_digest,
)
from custody.transfers import Kind, Reason, Transfer

TRANSFER = Transfer("t-1", "USDC/vault", "USDC/fees", 7, Reason.RECALL, Kind.PENDING, "", False, "é", 3, 9)
PLACE = Place(11, 5, 6, 10)
ACCOUNT = Account("USDC/vault", "USDC", Code.VAULT, Limit.CREDITS_WITHIN_DEBITS)
LAST = Seal(4, 2, 100, hashlib.sha256(b"the seal before").digest())
OPENED = (hashlib.sha256(b"account 3").digest(), hashlib.sha256(b"account 4").digest())
CLOSED = ((1, 90), (2, 95))
TRANSFERS = tuple(b"transfer %d" % number for number in (5, 6, 7))
ADDED = Added(OPENED, CLOSED, TRANSFERS)


def eight(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, "big", signed=True) for number in numbers)


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


# -- a transfer --------------------------------------------------------------------------------------------------------


def test_a_transfer_is_encoded_as_the_module_says() -> None:
    numbers = eight(11, 5, 6, 7, 10, 3, 9)  # position, debit, credit, amount, pending position, occurred, expires
    # reason: 2 ‖ kind, linked, length of id: 1 each ‖ length of reference: 4
    short = (4).to_bytes(2, "big") + bytes([2, 0, 3]) + (2).to_bytes(4, "big")
    assert encoded(TRANSFER, PLACE) == numbers + short + b"t-1" + b"\xc3\xa9"


def test_a_linked_transfer_before_1970_is_encoded_as_the_module_says() -> None:
    early = replace(TRANSFER, id="x" * 64, linked=True, reference="", occurred_at_s=-2, expires_at_s=-1)
    numbers, short = eight(11, 5, 6, 7, 10, -2, -1), (4).to_bytes(2, "big") + bytes([2, 1, 64, 0, 0, 0, 0])
    assert encoded(early, PLACE) == numbers + short + b"x" * 64


def test_a_checksum_is_the_usual_crc_32() -> None:
    """The check value of the algorithm's own catalogue: CRC-32/ISO-HDLC of "123456789"."""
    assert checksum_of(b"123456789") == 0xCBF43926


def test_known_digests_stay_the_same() -> None:
    assert f"{checksum_of(encoded(TRANSFER, PLACE)):08x}" == "09676f36"
    known = [account_digest(9, ACCOUNT), seal(LAST, ADDED, 101).digest]
    assert [digest.hex() for digest in known] == [
        "ff322c8c05addfceed46a6859bc87ff8219d49d3e153222beccf242ca082e382",
        "5dc556562464b93d2cde93f2ad7032819c1d38a0c4b63713aefb747b00086f7d",
    ]


OTHER = {
    "id": "t-2", "amount": 8, "reason": Reason.TOP_UP, "kind": Kind.POSTED, "linked": True, "reference": "e",
    "occurred_at_s": 4, "expires_at_s": 8,
}  # fmt: skip
NAMED_BY_PLACE = {"debit_account", "credit_account", "pending_id"}


@pytest.mark.parametrize("field", sorted(OTHER))
def test_every_field_changes_the_encoding(field: str) -> None:
    assert encoded(replace(TRANSFER, **{field: OTHER[field]}), PLACE) != encoded(TRANSFER, PLACE)


@pytest.mark.parametrize("field", [field.name for field in fields(Place)])
def test_the_place_changes_the_encoding(field: str) -> None:
    assert encoded(TRANSFER, replace(PLACE, **{field: 99})) != encoded(TRANSFER, PLACE)


def test_every_field_is_encoded_by_itself_or_by_its_place() -> None:
    assert {field.name for field in fields(Transfer)} == OTHER.keys() | NAMED_BY_PLACE
    assert {field.name for field in fields(Place)} == {"position", "debit_key", "credit_key", "pending_position"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": "t-1", "reference": "2"}, {"id": "t-12", "reference": ""}),
        ({"id": "t-1", "reference": "t-1"}, {"id": "t-1t", "reference": "-1"}),
        ({"id": "t", "reference": "-1"}, {"id": "t-1", "reference": ""}),
    ],
)
def test_neighbouring_texts_cannot_trade_letters(one: dict[str, str], other: dict[str, str]) -> None:
    assert "".join(one.values()) == "".join(other.values())
    first, second = replace(TRANSFER, **one), replace(TRANSFER, **other)
    assert encoded(first, PLACE) != encoded(second, PLACE)


def test_numbers_that_change_places_change_the_encoding() -> None:
    sides = {encoded(TRANSFER, PLACE), encoded(TRANSFER, Place(11, 6, 5, 10)), encoded(TRANSFER, Place(5, 11, 6))}
    times = {encoded(TRANSFER, PLACE), encoded(replace(TRANSFER, occurred_at_s=9, expires_at_s=3), PLACE)}
    assert (len(sides), len(times)) == (3, 2)


def test_no_encoding_begins_another() -> None:
    """Behind one another under a seal they can be read in one way only: no byte can go over to the next."""
    one, other = replace(TRANSFER, reference=""), replace(TRANSFER, reference="x")
    assert not encoded(other, PLACE).startswith(encoded(one, PLACE))
    assert not encoded(replace(one, id="t-12"), PLACE).startswith(encoded(one, PLACE))


small = st.integers(0, 2)
texts = st.text(alphabet="aé.", max_size=3)
transfers = st.builds(
    Transfer,
    st.text(alphabet="a.", min_size=1, max_size=3),
    st.just("debit"),
    st.just("credit"),
    small,
    st.sampled_from([Reason.DEPOSIT, Reason.WITHDRAWAL]),
    st.sampled_from(Kind),
    st.just(""),
    st.booleans(),
    texts,
    small,
    small,
)
placed = st.tuples(transfers, st.builds(Place, small, small, small, small))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(placed, placed)
def test_different_transfers_share_no_encoding(one: tuple[Transfer, Place], other: tuple[Transfer, Place]) -> None:
    assert (encoded(*one) == encoded(*other)) == (one == other)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(placed, st.data())
def test_one_told_almost_the_same_has_another_encoding(one: tuple[Transfer, Place], source: st.DataObject) -> None:
    """Two drawn apart hardly ever come near each other: this changes one or two fields of a single one."""
    transfer, place = one
    for name in source.draw(st.sets(st.sampled_from(sorted(OTHER)), min_size=1, max_size=2)):
        transfer = replace(transfer, **{name: getattr(source.draw(transfers), name)})
    assert (encoded(transfer, place) == encoded(*one)) == (transfer == one[0])


# -- an account --------------------------------------------------------------------------------------------------------


def test_an_account_is_encoded_as_the_module_says() -> None:
    numbers = eight(9) + bytes([1, 2]) + (10).to_bytes(2, "big")  # key ‖ code, limit ‖ length of id
    assert account_digest(9, ACCOUNT) == sha(b"bulkhead.account", numbers, b"USDC/vault", b"USDC")


@pytest.mark.parametrize(
    "change", [{"id": "USDC/fees"}, {"asset": "BTC"}, {"code": Code.POOL}, {"limit": Limit.NONE}], ids=str
)
def test_every_word_of_a_definition_changes_its_digest(change: dict[str, object]) -> None:
    assert account_digest(9, replace(ACCOUNT, **change)) != account_digest(9, ACCOUNT)


def test_another_key_and_a_letter_that_moves_change_the_digest_of_an_account() -> None:
    moved = replace(ACCOUNT, id="USDC/vaultU", asset="SDC")
    assert len({account_digest(9, ACCOUNT), account_digest(8, ACCOUNT), account_digest(9, moved)}) == 3
    assert {field.name for field in fields(Account)} == {"id", "asset", "code", "limit"}


# -- a seal ------------------------------------------------------------------------------------------------------------


def test_a_seal_is_encoded_as_the_module_says() -> None:
    spelled = sha(
        b"bulkhead.seal",
        LAST.digest,
        eight(7, 4, 101, 2, 2),  # position, accounts, recorded_at_s, accounts opened, closed
        *OPENED,
        eight(1, 90, 2, 95),
        *TRANSFERS,
    )
    assert seal(LAST, ADDED, 101) == Seal(7, 4, 101, spelled)


def test_the_first_seal_follows_thirty_two_zeros() -> None:
    assert Seal(0, 0, 0, bytes(32)) == START
    assert START.head == Head(0, GENESIS) == Head(0, bytes(32))
    first = seal(START, Added((), (), TRANSFERS[:1]), 5)
    assert first.digest == sha(b"bulkhead.seal", bytes(32), eight(1, 0, 5, 0, 0), TRANSFERS[0])
    assert first.head == Head(1, first.digest)


@pytest.mark.parametrize(("asked_s", "sealed_s"), [(99, 100), (100, 100), (101, 101), (-5, 100)])
def test_time_stands_still_where_the_clock_stepped_back(asked_s: int, sealed_s: int) -> None:
    assert seal(LAST, ADDED, asked_s) == seal(LAST, ADDED, sealed_s)
    assert seal(LAST, ADDED, asked_s).recorded_at_s == sealed_s


@pytest.mark.parametrize(
    "other",
    [
        Added(OPENED[::-1], CLOSED, TRANSFERS),
        Added(OPENED, CLOSED[::-1], TRANSFERS),
        Added(OPENED, CLOSED, TRANSFERS[::-1]),
        Added(OPENED, ((1, 90), (3, 95)), TRANSFERS),
        Added(OPENED, ((1, 90), (2, 96)), TRANSFERS),
        Added(OPENED[:1], CLOSED, TRANSFERS),
        Added(OPENED, CLOSED[:1], TRANSFERS),
        Added(OPENED, CLOSED, TRANSFERS[:2]),
        Added(OPENED[:1], CLOSED, (OPENED[1], *TRANSFERS)),
        Added((*OPENED, TRANSFERS[0]), CLOSED, TRANSFERS[1:]),
        Added(OPENED, (), (eight(1, 90, 2, 95), *TRANSFERS)),
    ],
)
def test_whatever_else_was_added_gives_another_seal(other: Added) -> None:
    """With the seal's own numbers given, as an audit finds them: only what is under it differs."""
    assert seal_digest(LAST, other, 7, 4, 101) != seal_digest(LAST, ADDED, 7, 4, 101)


@pytest.mark.parametrize("numbers", [(8, 4, 101), (7, 5, 101), (7, 4, 102), (4, 7, 101)])
def test_other_numbers_give_another_seal(numbers: tuple[int, int, int]) -> None:
    assert seal_digest(LAST, ADDED, *numbers) != seal_digest(LAST, ADDED, 7, 4, 101)


def test_another_past_gives_another_seal() -> None:
    assert seal(replace(LAST, digest=GENESIS), ADDED, 101).digest != seal(LAST, ADDED, 101).digest


def test_no_domain_begins_another() -> None:
    """Were one the beginning of another, the end of one encoding could be read as the beginning of the other."""
    domains = (b"bulkhead.account", b"bulkhead.seal")  # as the encodings above have them
    assert [one for one in domains for other in domains if one != other and other.startswith(one)] == []
