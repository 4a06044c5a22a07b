"""A proof of inclusion: it holds as it was written, and every other file fails, by the name of the check."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from custody.curve import ORDER
from custody.inclusion import Inclusion, InclusionRefusal, Leaf, check_inclusion, inclusion_in, to_json
from custody.money import MAX_UNITS
from custody.shapes import FieldError
from custody.signatures import Address, Hash, Signed
from custody.sum_tree import depth_of
from custody.typed_data import DOMAIN_NAME
from tests.custody.publishing import CUSTODIAN, IMPOSTOR, OWED, proof, register, signed

HOLDS = proof("venue/harbour")
NAMED = Address(CUSTODIAN.address)


def with_leaf(**changes: object) -> Inclusion:
    return replace(HOLDS, leaf=replace(HOLDS.leaf, **changes))


def with_signature(signature: bytes) -> Inclusion:
    return replace(HOLDS, liabilities=replace(HOLDS.liabilities, signature=Signed(signature)))


def with_statement(**changes: object) -> Inclusion:
    """The statement changed behind the custodian's back."""
    return replace(HOLDS, liabilities=replace(HOLDS.liabilities, statement=replace(STATEMENT, **changes)))


def with_step(level: int, **changes: object) -> Inclusion:
    steps = [replace(step, **changes) if at == level else step for at, step in enumerate(HOLDS.path)]
    return replace(HOLDS, path=tuple(steps))


STATEMENT = HOLDS.liabilities.statement
SIGNATURE = HOLDS.liabilities.signature.value
HIGH_S = (
    SIGNATURE[:32] + (ORDER - int.from_bytes(SIGNATURE[32:64], "big")).to_bytes(32, "big") + bytes([55 - SIGNATURE[64]])
)
BY_IMPOSTOR = register().proof("venue/harbour", signed(register(), IMPOSTOR))
FORGED = replace(HOLDS, liabilities=replace(BY_IMPOSTOR.liabilities, custodian=NAMED))


@pytest.mark.parametrize("owner", OWED)
def test_every_owner_has_a_proof_that_holds(owner: str) -> None:
    own = proof(owner)
    assert check_inclusion(own, NAMED) is None
    assert check_inclusion(own) is None
    assert (own.leaf.account, own.leaf.units) == (owner, OWED[owner])
    assert len(own.path) == depth_of(len(OWED)) == 3


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9])
def test_trees_of_every_shape_have_proofs(count: int) -> None:
    units = {f"client/{number}": number for number in range(count)}
    assert all(check_inclusion(proof(owner, units), NAMED) is None for owner in units)


# Each file also breaks as many of the checks behind its own as it can, so that the order itself is under test.
REFUSED: list[tuple[str, Callable[[], Inclusion]]] = [
    ("custodian_is_another", lambda: replace(BY_IMPOSTOR, leaf=replace(BY_IMPOSTOR.leaf, units=1))),
    ("signature_is_malformed", lambda: with_signature(SIGNATURE[:64] + b"\x00")),
    ("signature_is_malformed", lambda: with_signature(bytes(64) + b"\x1b")),
    ("signature_is_malleable", lambda: with_signature(HIGH_S)),
    ("signature_is_anothers", lambda: FORGED),
    ("signature_is_anothers", lambda: with_signature(SIGNATURE[:64] + bytes([55 - SIGNATURE[64]]))),
    ("signature_is_anothers", lambda: replace(with_statement(accounts=0), path=())),
    ("tree_is_empty", lambda: replace(proof("fees", accounts=0), path=())),
    ("index_is_outside_the_tree", lambda: replace(with_leaf(index=len(OWED)), path=())),
    ("path_has_another_length", lambda: replace(HOLDS, path=HOLDS.path[:-1])),
    ("path_has_another_length", lambda: replace(HOLDS, path=(*HOLDS.path, HOLDS.path[0]))),
    ("path_has_another_length", lambda: proof("fees", accounts=len(OWED) + 2)),
    ("total_is_another", lambda: replace(with_leaf(units=1), path=HOLDS.path[::-1])),
    ("total_is_another", lambda: with_leaf(units=MAX_UNITS)),
    ("total_is_another", lambda: with_step(1, units=MAX_UNITS)),
    ("total_is_another", lambda: proof("fees", units=STATEMENT.units - 1)),
    ("root_is_another", lambda: with_leaf(account="venue/harbouR")),
    ("root_is_another", lambda: with_leaf(index=HOLDS.leaf.index ^ 1)),
    ("root_is_another", lambda: with_leaf(salt=Hash(bytes(32)))),
    ("root_is_another", lambda: with_step(0, hash=Hash(bytes(32)))),
    ("root_is_another", lambda: replace(HOLDS, path=(HOLDS.path[1], HOLDS.path[0], HOLDS.path[2]))),
    ("root_is_another", lambda: proof("fees", root=Hash(bytes(32)))),
]


@pytest.mark.parametrize(("refusal", "bad"), REFUSED, ids=[f"{at} {row[0]}" for at, row in enumerate(REFUSED)])
def test_the_first_check_that_fails_is_the_answer(refusal: str, bad: Callable[[], Inclusion]) -> None:
    assert check_inclusion(bad(), NAMED) == refusal


def test_a_packed_path_is_forty_bytes_a_step() -> None:
    packed = HOLDS.packed_path
    steps = [packed[at : at + 40] for at in range(0, len(packed), 40)]
    assert [(step[:32], int.from_bytes(step[32:], "big")) for step in steps] == [
        (step.hash.value, step.units) for step in HOLDS.path
    ]


def test_every_refusal_is_reached() -> None:
    assert {refusal for refusal, _ in REFUSED} == set(InclusionRefusal)


@pytest.mark.parametrize("field", ["asset", "scale", "units", "accounts", "journal_position", "as_of_s", "sequence"])
def test_no_field_of_the_statement_can_be_changed_after_it_was_signed(field: str) -> None:
    changed = with_statement(**{field: "BTC" if field == "asset" else getattr(STATEMENT, field) + 1})
    assert check_inclusion(changed, NAMED) == "signature_is_anothers"


def test_a_signature_for_another_chain_or_contract_does_not_count() -> None:
    where = HOLDS.liabilities.where
    for other in (replace(where, chain_id=1), replace(where, contract=NAMED)):
        moved = replace(HOLDS, liabilities=replace(HOLDS.liabilities, where=other))
        assert check_inclusion(moved, NAMED) == "signature_is_anothers"


def test_what_was_left_out_cannot_be_proven() -> None:
    """Omission: the custodian publishes without one client, and tries everything that it has to satisfy it."""
    without = {owner: units for owner, units in OWED.items() if owner != "client/hedger"}
    of = register(without)
    told = signed(of)
    with pytest.raises(KeyError):
        of.proof("client/hedger", told)
    for owner in without:
        other = of.proof(owner, told)
        own = Leaf("client/hedger", OWED["client/hedger"], other.leaf.salt, other.leaf.index)
        assert check_inclusion(replace(other, leaf=own), NAMED) is not None


def test_two_clients_with_equal_balances_cannot_be_given_one_leaf() -> None:
    """Double use: the tree counts `fund`'s 75 once, and `hedger` is shown the same leaf as its own."""
    without = {owner: units for owner, units in OWED.items() if owner != "client/hedger"}
    shared = proof("client/fund", without)
    assert check_inclusion(shared, NAMED) is None
    assert check_inclusion(replace(shared, leaf=replace(shared.leaf, account="client/hedger")), NAMED) is not None


def test_a_negative_sibling_cannot_even_be_written() -> None:
    told = json.loads(to_json(HOLDS))
    told["path"][0]["units"] = "-5"
    with pytest.raises(FieldError, match=r"path\[0\].units"):
        inclusion_in(json.dumps(told))


def test_the_digest_is_what_a_wallet_would_sign() -> None:
    """The same numbers, built by eth-account from the type as a contract declares it."""
    types = {
        "Liabilities": [
            {"name": name, "type": kind}
            for kind, name in (
                ("string", "asset"), ("uint64", "scale"), ("bytes32", "root"), ("uint64", "units"),
                ("uint64", "accounts"), ("uint64", "journal_position"), ("bytes32", "journal_head"),
                ("uint64", "as_of_s"), ("uint64", "sequence"), ("bytes32", "previous_digest"),
            )
        ]
    }  # fmt: skip
    where = HOLDS.liabilities.where
    domain = {
        "name": DOMAIN_NAME, "version": "1", "chainId": where.chain_id, "verifyingContract": where.contract.value
    }  # fmt: skip
    message = {member["name"]: getattr(STATEMENT, member["name"]) for member in types["Liabilities"]}
    message |= {name: value.value for name, value in message.items() if isinstance(value, Hash)}
    seen = encode_typed_data(domain, types, message)
    assert Account.recover_message(seen, signature=SIGNATURE) == CUSTODIAN.address


# -- the file ----------------------------------------------------------------------------------------------------------


def test_a_file_reads_back_and_is_small() -> None:
    text = to_json(HOLDS)
    assert inclusion_in(text) == HOLDS
    assert to_json(inclusion_in(text)) == text
    assert len(text) < 2_500


BAD_FILES = [
    ("{", "is no JSON"),
    ("[]", "expected an object"),
    (to_json(HOLDS).replace('"index"', '"Index"'), "leaf.index: is missing"),
    (to_json(HOLDS).replace('"salt"', '"pepper": "0x", "salt"'), "leaf.pepper: is not known"),
    (to_json(HOLDS).replace('"index"', '"units": "1", "index"'), "units: is there twice"),
    (to_json(HOLDS).replace("inclusion.1", "inclusion.2"), "format:"),
    (to_json(HOLDS).replace('"scale": "6"', '"scale": 6'), "liabilities.statement.scale"),
    (to_json(HOLDS).replace('"scale": "6"', '"scale": "06"'), "liabilities.statement.scale"),
    (to_json(HOLDS).replace('"scale": "6"', '"scale": "6.0"'), "liabilities.statement.scale"),
    (to_json(HOLDS).replace('"USDC"', '"US DC"'), "liabilities.statement.asset"),
    (to_json(HOLDS).replace("venue/harbour", "client/\\ud800"), "leaf.account"),
    (to_json(HOLDS).replace(NAMED.value, NAMED.value.lower()), "liabilities.custodian"),
    (to_json(HOLDS).replace(str(STATEMENT.root), str(STATEMENT.root).upper()), "liabilities.statement.root"),
    (to_json(HOLDS).replace(str(STATEMENT.root), str(STATEMENT.root)[:-2]), "liabilities.statement.root"),
    (to_json(HOLDS).replace(HOLDS.liabilities.signature.value.hex(), "00"), "liabilities.signature"),
]


@pytest.mark.parametrize(("text", "words"), BAD_FILES, ids=[row[1] for row in BAD_FILES])
def test_a_file_of_another_form_is_refused_and_the_field_named(text: str, words: str) -> None:
    with pytest.raises(FieldError) as refused:
        inclusion_in(text)
    assert words in str(refused.value)


def leaves_in(told: Any, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The way to every text in a JSON value."""
    if isinstance(told, str):
        return [path]
    items = told.items() if isinstance(told, dict) else enumerate(told)
    return [found for key, value in items for found in leaves_in(value, (*path, key))]


FIELDS = leaves_in(json.loads(to_json(HOLDS)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIELDS), st.data())
def test_any_field_that_says_something_else_fails(path: tuple[Any, ...], data: st.DataObject) -> None:
    told = json.loads(to_json(HOLDS))
    inside = told
    for key in path[:-1]:
        inside = inside[key]
    was = inside[path[-1]]
    at = data.draw(st.integers(0, len(was) - 1))
    by = data.draw(st.sampled_from("0123456789abcdefABCDEFxz./-"))
    inside[path[-1]] = was[:at] + by + was[at + 1 :]
    assume(inside[path[-1]] != was)
    assert not _holds(json.dumps(told))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_byte_that_says_something_else_fails(data: st.DataObject) -> None:
    raw = bytearray(to_json(HOLDS).encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    # Blanks between values say nothing, and are all that may differ.
    assert not _holds(text) or text.split() == to_json(HOLDS).split()


def _holds(text: str) -> bool:
    try:
        return check_inclusion(inclusion_in(text), NAMED) is None
    except FieldError:
        return False


def test_what_holds_is_seen_to_hold() -> None:
    assert _holds(to_json(HOLDS))
    assert len(FIELDS) == 1 + 4 + 2 * 3 + 10 + 2 + 2
