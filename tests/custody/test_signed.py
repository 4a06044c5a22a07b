"""A signed instruction survives its JSON to the bit, and a text that is not exactly one is refused by field."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.amounts import Amount
from custody.instructions import Delegate, Instruction
from custody.shapes import FieldError
from custody.signed import Bytes, Signature, SignedInstruction
from custody.typed_data import Domain
from tests.custody.approving import DOMAIN, FUND, MILLION, withdrawal
from tests.custody.test_instructions import one_of_each

names = st.from_regex(r"[A-Za-z0-9_.-]{1,32}", fullmatch=True)
numbers = st.integers(0, 2**63 - 1)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
contracts = st.binary(min_size=20, max_size=20).map(to_checksum_address)
domains = st.builds(Domain, st.text("Bulkhead Cstdy", max_size=9), st.integers(1, 2**53 - 1), contracts)
amounts = st.builds(
    Amount, st.integers(1, 2**63 - 1), st.from_regex(r"[A-Za-z0-9.]{1,16}", fullmatch=True), st.integers(0, 9)
)
delegations = st.builds(
    Delegate, party=names.map(lambda name: f"client/{name}"), venue=names, amount=amounts, id=names, nonce=numbers,
    expires_at_s=numbers, valid_from_s=numbers,
)  # fmt: skip
signatures = st.builds(Signature, addresses, st.binary(min_size=1, max_size=70).map(Bytes))


@settings(max_examples=100, deadline=None)
@given(st.builds(SignedInstruction, domains, delegations, st.lists(signatures, max_size=4).map(tuple)))
def test_json_keeps_everything(signed: SignedInstruction) -> None:
    text = signed.to_json()
    again = SignedInstruction.from_json(text)
    assert again == signed
    assert again.digest() == signed.digest()
    assert again.to_json() == text
    assert "\n" not in text


@pytest.mark.parametrize("instruction", one_of_each(), ids=lambda one: one.operation)
def test_json_keeps_every_kind(instruction: Instruction) -> None:
    signed = SignedInstruction(DOMAIN, instruction)
    assert SignedInstruction.from_json(signed.to_json()) == signed


def test_the_text_is_what_a_person_would_write() -> None:
    told = json.loads(withdrawal().signed().to_json())
    assert told["operation"] == "withdraw"
    assert told["message"]["amount"] == "1000000.000000 USDC"
    assert told["domain"]["chainId"] == 31337
    assert len(told["signatures"]) == 3


def path(*steps: str | int) -> Callable[[dict[str, Any]], tuple[Any, Any]]:
    """The place in a JSON object to which these steps lead, and the last of them."""

    def walk(told: dict[str, Any]) -> tuple[Any, Any]:
        place: Any = told
        for step in steps[:-1]:
            place = place[step]
        return place, steps[-1]

    return walk


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (path("operation"), "seize", "operation: 'seize' is none of delegate, recall"),
        (path("operation"), 5, "operation: expected a text, found 5"),
        (path("operation"), "delegate", "message.venue: is missing"),
        (path("extra"), 1, "extra: is not known here"),
        (path("message"), [], "message: expected an object, found []"),
        (path("message", "nonce"), 7, "message.nonce: expected a text, found 7"),
        (path("message", "nonce"), "007", "message.nonce: '007' is no whole number"),
        (path("message", "nonce"), "-1", "message.nonce: '-1' is no whole number"),
        (path("message", "nonce"), "9223372036854775808", "message.nonce: 9223372036854775808 is outside"),
        (path("message", "nonce"), "1" * 5000, "message.nonce: '11111"),
        (path("message", "nonce"), "٧", "message.nonce: '٧' is no whole number"),
        (path("message", "amount"), "1.5 USDC ", "message.amount: '1.5 USDC ' is no amount"),
        (path("message", "amount"), None, "message.amount: expected a text, found null"),
        (path("message", "party"), "client/", "message.party: 'client/' is no party"),
        (path("message", "destination"), "\ud800", "message.destination: "),
        (path("message", "colour"), "red", "message.colour: is not known here"),
        (path("signatures"), {}, "signatures: expected a list, found {}"),
        (path("signatures", 1, "signature"), "0xABCD", "signatures[1].signature: '0xABCD' is not 0x and"),
        (path("signatures", 1, "signature"), "0x", "signatures[1].signature: '0x' is not"),
        (path("signatures", 2, "key"), "0x12", "signatures[2].key: '0x12' is no public value of a key"),
        (path("signatures", 0), "x", "signatures[0]: expected an object"),
        (path("domain", "chainId"), "31337", "domain.chainId: expected a whole number"),
        (path("domain", "chainId"), True, "domain.chainId: expected a whole number"),
        (path("domain", "chainId"), 1.5, "domain.chainId: expected a whole number"),
        (path("domain", "verifyingContract"), "0x", "domain.verifyingContract: '0x' is no address"),
        (path("domain", "verifyingContract"), DOMAIN.contract.lower(), "domain.verifyingContract: '0x"),
        (path("domain", "name"), "Bülkhead", "domain.name: expected a plain text"),
        (path("domain", "salt"), "0x", "domain.salt: is not known here"),
    ],
)
def test_a_wrong_field_is_named(where: Callable[[dict[str, Any]], tuple[Any, Any]], value: object, said: str) -> None:
    told = json.loads(withdrawal().signed().to_json())
    place, last = where(told)
    place[last] = value
    with pytest.raises(FieldError) as refused:
        SignedInstruction.from_json(json.dumps(told))
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("5", "expected an object"),
        ("[" * 99_999, "is nested deeper than 32 levels"),
        ('{"a":' * 33, "is nested deeper than 32 levels"),
        ('{"operation": NaN, "domain": 1, "message": 1, "signatures": 1}', "operation: expected a text, found NaN"),
        (f'{{"operation": {"1" * 5000}}}', "is no JSON"),
        (" " * 100_001, "100001 characters; at most 100000 are read"),
    ],
)
def test_a_text_that_is_none(text: str, said: str) -> None:
    with pytest.raises(FieldError, match=said):
        SignedInstruction.from_json(text)


def test_brackets_in_a_text_are_only_signs() -> None:
    told = json.loads(withdrawal().signed().to_json())
    told["message"]["id"] = "[" * 40 + '\\"' + "{" * 40
    with pytest.raises(FieldError, match=r"^message.id: "):
        SignedInstruction.from_json(json.dumps(told))


def test_a_field_there_twice_could_mean_two_things() -> None:
    text = withdrawal().signed().to_json().replace('"nonce":"7"', '"nonce":"7","nonce":"8"')
    with pytest.raises(FieldError, match="nonce: is there twice"):
        SignedInstruction.from_json(text)


def test_more_signatures_than_anybody_needs_are_not_looked_at() -> None:
    one = withdrawal().signed().signatures[:1]
    signed = SignedInstruction(DOMAIN, withdrawal().signed().instruction, one * 65)
    with pytest.raises(FieldError, match="signatures: 65 signatures, at most 64"):
        SignedInstruction.from_json(signed.to_json())


def test_signatures_are_no_part_of_the_digest() -> None:
    signed = withdrawal().signed()
    assert signed.instruction.party == FUND
    assert SignedInstruction(signed.domain, signed.instruction).digest() == signed.digest()
    assert withdrawal(MILLION + 1).signed().digest() != signed.digest()
