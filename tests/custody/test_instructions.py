"""What a person reads in a wallet, and which texts and numbers an instruction can hold."""

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.amounts import Amount
from custody.instructions import INSTRUCTIONS, Delegate, Instruction, Move, RevokeKey, Withdraw
from custody.policies import Operation
from custody.shapes import FieldError, shape_of
from custody.signed import SignedInstruction, for_wallet, instruction_digest
from custody.signers import LocalSigner
from tests.custody.approving import DOMAIN, FUND, GOOD_PLACE, admission, fund_policy, governing, holding, rotation_case

TAIL = "string id,uint64 nonce,uint64 valid_from_s,uint64 expires_at_s)"
TYPES = {
    Operation.DELEGATE: "Delegate(string party,string venue,string amount,",
    Operation.RECALL: "Recall(string party,string venue,string amount,",
    Operation.MOVE: "Move(string party,string from_venue,string to_venue,string amount,",
    Operation.WITHDRAW: "Withdraw(string party,string destination,string amount,",
    Operation.ALLOW_DESTINATION: "AllowDestination(string party,string asset,string destination,",
    Operation.REMOVE_DESTINATION: "RemoveDestination(string party,string asset,string destination,",
    Operation.CHANGE_POLICY: "ChangePolicy(string party,Policy policy,",
    Operation.ADD_KEY: "AddKey(string party,string signer,Key new_key,",
    Operation.ROTATE_KEY: "RotateKey(string party,string old_key,Key new_key,uint64 overlap_ends_at_s,",
    Operation.REVOKE_KEY: "RevokeKey(string party,string old_key,",
    Operation.ADMIT: "Admit(string party,Holding[] keys,Policy policy,",
}
PARTS = {
    "Group(string name,string party,string[] signers)",
    "Holding(string party,string signer,Key key)",
    "Key(string kind,string value)",
    "Policy(Group[] groups,Rule[] rules,uint64 notice_s)",
    "Quorum(uint64 required,string group)",
    "Rule(string[] operations,Quorum[] quorums,string asset,string venue,uint64 least_units,uint64 most_units,"
    "string destination)",
}


def test_the_types_that_are_signed_are_these() -> None:
    """Another word here is another digest: signatures from before would be nobody's."""
    structs = {operation: shape_of(kind).struct for operation, kind in INSTRUCTIONS.items()}
    assert set(structs) == set(Operation)
    assert {operation: struct.text for operation, struct in structs.items()} == {
        operation: text + TAIL for operation, text in TYPES.items()
    }
    assert {part.text for struct in structs.values() for part in struct.parts.values()} == PARTS


BARE = {"party": FUND, "id": "m", "nonce": 1, "expires_at_s": 2}


def delegation(**changed: object) -> Delegate:
    content = {"party": FUND, "venue": "harbour", "amount": Amount(2_500_000_000, "USDC", 6), "id": "d/1", "nonce": 7}
    return Delegate(**{**content, "valid_from_s": 0, "expires_at_s": 1_770_000_000, **changed})


def test_a_wallet_shows_a_person_what_it_is() -> None:
    told = for_wallet(DOMAIN, delegation())
    assert told["primaryType"] == "Delegate"
    assert told["domain"]["name"] == "Bulkhead Custody"
    assert list(told["message"].items()) == [
        ("party", "client/fund"),
        ("venue", "harbour"),
        ("amount", "2500.000000 USDC"),
        ("id", "d/1"),
        ("nonce", "7"),
        ("valid_from_s", "0"),
        ("expires_at_s", "1770000000"),
    ]


def one_of_each() -> list[Instruction]:
    crew = admission("client/maker", fund_policy(), holding("client/maker", "captain"))
    return [
        delegation(),
        Move(**BARE, from_venue="harbour", to_venue="quay", amount=Amount(1, "BTC", 8)),
        Withdraw(party=FUND, destination=GOOD_PLACE, amount=Amount(5, "SHARE", 0), id="w", nonce=2, expires_at_s=3),
        governing_instruction(),
        rotation_case().signed().instruction,
        RevokeKey(party=FUND, old_key="0x" + "ab" * 32, id="r", nonce=2**63 - 1, expires_at_s=2**63 - 1),
        crew,
    ]  # fmt: skip


def governing_instruction() -> Instruction:
    kind = INSTRUCTIONS[Operation.CHANGE_POLICY]
    return governing(kind, policy=fund_policy()).signed().instruction


@pytest.mark.parametrize("instruction", one_of_each(), ids=lambda one: one.operation)
def test_a_wallets_digest_is_ours_and_its_signature_counts(instruction: Instruction) -> None:
    message = encode_typed_data(full_message=for_wallet(DOMAIN, instruction))
    theirs = keccak(b"\x19" + message.version + message.header + message.body)
    assert theirs == instruction_digest(DOMAIN, instruction) == SignedInstruction(DOMAIN, instruction).digest()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_two_delegations_share_a_digest(given_: st.DataObject) -> None:
    """Whatever field differs, and however its text could run into the next."""
    text = st.text("ab./", min_size=1, max_size=3).filter(lambda one: "/" not in one)
    number = st.integers(0, 3)

    def drawn() -> Delegate:
        return delegation(
            party=f"client/{given_.draw(text)}", venue=given_.draw(text), id=given_.draw(text),
            amount=Amount(given_.draw(st.integers(1, 30)), given_.draw(st.sampled_from("AB")), given_.draw(number)),
            nonce=given_.draw(number), valid_from_s=given_.draw(number), expires_at_s=given_.draw(number),
        )  # fmt: skip

    one, other = drawn(), drawn()
    assert (instruction_digest(DOMAIN, one) == instruction_digest(DOMAIN, other)) == (one == other)


@given(st.integers(1, 2**63 - 1), st.integers(0, 9))
def test_an_amount_is_written_whole_and_read_back(units: int, scale: int) -> None:
    amount = Amount(units, "USDC", scale)
    assert Amount.parse(str(amount)) == amount
    assert int(str(amount).removesuffix(" USDC").replace(".", "")) == units


@pytest.mark.parametrize(
    "text",
    ["", "5", "5 ", "5USDC", "05 USDC", "5. USDC", ".5 USDC", "-5 USDC", "5,000 USDC", "1e3 USDC", "0 USDC",
     "0.00 USDC", "5.0000000000 USDC", "9223372036854775808 USDC", "9.223372036854775808 USDC", "5 US DC",
     "5 USDC\n", "٥ USDC", "99999999999999999999 USDC"],
)  # fmt: skip
def test_an_amount_has_one_spelling(text: str) -> None:
    with pytest.raises(FieldError):
        Amount.parse(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("party", "fund"),
        ("party", "client/"),
        ("party", "client/a/b"),
        ("party", "operator/x"),
        ("party", "custodian\n"),
        ("venue", ""),
        ("venue", "har bour"),
        ("venue", "x" * 33),
        ("id", ""),
        ("id", "x" * 65),
        ("id", "d\n1"),
        ("nonce", -1),
        ("nonce", 2**63),
        ("expires_at_s", -1),
        ("valid_from_s", 2**63),
    ],
)
def test_a_field_that_cannot_be_is_named(field: str, value: object) -> None:
    with pytest.raises(FieldError) as told:
        delegation(**{field: value})
    assert told.value.path == field


@pytest.mark.parametrize(
    "destination",
    ["", "a b", "x" * 129, GOOD_PLACE.lower(), "0X" + GOOD_PLACE[2:], GOOD_PLACE[:-1] + "G" * 2, "bc1q\n"],
)
def test_a_destination_has_one_spelling(destination: str) -> None:
    content = {"party": FUND, "amount": Amount(1, "USDC", 6), "id": "w", "nonce": 1, "expires_at_s": 1}
    if destination.startswith("0x") and "GG" in destination:
        destination = GOOD_PLACE.swapcase()
    with pytest.raises(FieldError, match=r"^destination: "):
        Withdraw(**content, destination=destination)
    assert Withdraw(**content, destination="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq").destination


def test_a_move_to_where_it_is_and_a_key_of_somebody_else() -> None:
    with pytest.raises(FieldError, match="to_venue: the assets are there already"):
        Move(
            party=FUND, from_venue="quay", to_venue="quay", amount=Amount(1, "BTC", 8), id="m", nonce=1, expires_at_s=2
        )
    with pytest.raises(FieldError, match=r"keys\[0\].party: client/fund is not client/maker"):
        admission("client/maker", fund_policy(), holding(FUND, "treasurer"))


def test_a_signer_of_our_own_signs_what_a_wallet_would() -> None:
    signer = LocalSigner.for_demonstration("anyone")
    signed = SignedInstruction(DOMAIN, delegation()).signed_by(signer)
    assert signed.signatures[0].signature.value == signer.sign_digest(signed.digest())
