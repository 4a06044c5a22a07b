"""Derive's own vectors, all of them; and the envelope held against eth-account's, which shares no code with ours."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from custody.signers import LocalSigner
from settlement.cli import main
from settlement.commands.action_verifying import checked
from settlement.venues.case_fields import Place
from settlement.venues.derive_actions import ACTION_TYPEHASH, Action, ActionError, matching_domain
from settlement.venues.derive_amounts import scaled
from settlement.venues.derive_cases import encoded
from settlement.venues.derive_movements import Liquidation, TransferV3, WithdrawalV3
from settlement.venues.derive_trades import Execute, Leg, Quote, Trade

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "eip712_actions.json"


def cases() -> list[dict[str, Any]]:
    if not VECTORS.is_file():
        pytest.skip("the shared vectors of actions are not beside this checkout")
    found: list[dict[str, Any]] = json.loads(VECTORS.read_text())["cases"]
    return found


def test_every_vector_holds() -> None:
    answers = [checked(Place(case, "case")) for case in cases()]
    assert [(answer["name"], answer.get("error"), answer["differs"]) for answer in answers] == [
        (case["name"], None, []) for case in cases()
    ]


def test_a_vector_that_is_changed_does_not_hold() -> None:
    changed = 0
    for case in cases():
        for name, value in case["expected"].items():
            other = f"{value[:-1]}{'1' if value[-1] == '0' else '0'}" if isinstance(value, str) else not value
            answer = checked(Place({**case, "expected": {**case["expected"], name: other}}, "case"))
            assert name in answer["differs"] or "recovered_signer" in answer["differs"] or answer.get("error")
            changed += 1
    assert changed > 10


@pytest.mark.parametrize(("chain_id", "contract", "separator"), [
    (957, "0xeB8d770ec18DB98Db922E9D83260A585b9F0DeAD",
     "d96e5f90797da7ec8dc4e276260c7f3f87fedf68775fbe1ef116e996fc60441b"),
    (31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3",
     "e219b317c895092f2cf211964193951513ab2406540b94c02ecd8de57e9965a3"),
])  # fmt: skip
def test_the_domains_of_the_specification(chain_id: int, contract: str, separator: str) -> None:
    assert matching_domain(chain_id, contract).separator().hex() == separator
    assert ACTION_TYPEHASH.hex() == "4d7a9f27c403ff9c0f19bce61d76d82f9aa29f8d6d4b0c5474607d9770d1af17"


word, address = st.integers(0, 2**256 - 1), st.binary(min_size=20, max_size=20).map(lambda raw: f"0x{raw.hex()}")
MATCHING = "0x" + "ab" * 20


@given(word, word, address, st.binary(max_size=300), word, address, address)
def test_the_digest_is_that_of_another_library(
    subaccount: int, nonce: int, module: str, body: bytes, expiry_s: int, owner: str, signer: str
) -> None:
    action = Action(subaccount, nonce, module, body, expiry_s, owner, signer)
    names = ("subaccountId", "nonce", "module", "data", "expiry", "owner", "signer")
    kinds = ("uint256", "uint256", "address", "bytes", "uint256", "address", "address")
    values = (subaccount, nonce, module, body, expiry_s, owner, signer)
    domain = matching_domain(957, MATCHING)
    told = encode_typed_data(
        domain.members(),
        {"Action": [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)]},
        dict(zip(names, values, strict=True)),
    )
    assert action.digest(domain.separator()) == keccak(b"\x19\x01" + told.header + told.body)


ASSET, MANAGER = "0x4BB4C3CDc7562f08e9910A0C7D8bB7e108861eB4", "0x28c9ddF9A3B29c2E6a561c1BC520954e5A33de5D"
PUT, CALL = "ETH-20270625-6000-P", "ETH-20270625-6000-C"
LEGS = [
    {"instrument": PUT, "direction": "buy", "asset": ASSET, "sub_id": "2", "price": "50", "amount": "1"},
    {"instrument": CALL, "direction": "sell", "asset": ASSET, "sub_id": "3", "price": "100", "amount": "0.5"},
]


def words(module: str, **inputs: object) -> list[int]:
    told = encoded(Place({"module": module, "inputs": inputs}, "case"))
    return [int.from_bytes(told[at : at + 32], "big") for at in range(0, len(told), 32)]


NEGATIVE = 1 << 256
OF_ASSET = int(ASSET, 16)


def test_legs_stand_by_name_with_the_makers_signs() -> None:
    quote = words("rfq_quote", global_direction="buy", max_fee="1", legs=LEGS)
    assert quote[:4] == [0x20, 10**18, 0x40, 2]
    assert quote[4:] == [OF_ASSET, 3, 100 * 10**18, NEGATIVE - 5 * 10**17, OF_ASSET, 2, 50 * 10**18, 10**18]
    accepted = words("rfq_execute", global_direction="sell", max_fee="2.5", legs=LEGS)
    legs = b"".join(word.to_bytes(32, "big") for word in [0x20, *quote[3:]])
    assert accepted == [int.from_bytes(keccak(legs), "big"), 25 * 10**17]
    assert words("rfq_execute", global_direction="buy", max_fee="2.5", legs=LEGS)[0] != accepted[0]


def test_the_other_modules_word_by_word() -> None:
    assert words("withdraw", asset=ASSET, amount="12.3456789", decimals=6) == [OF_ASSET, 12_345_678]
    moved = [{"asset": ASSET, "sub_id": "7", "amount": "-0.123"}]
    told = words("transfer", to_subaccount_id=9, manager_if_new_account=MANAGER, transfers=moved)
    assert told == [0x20, 9, int(MANAGER, 16), 0x60, 1, OF_ASSET, 7, NEGATIVE - 123 * 10**15]
    trade = words("trade", asset=ASSET, sub_id="0", limit_price="-0.5", amount="0.123", max_fee="0", recipient_id=1,
                  is_bid=False)  # fmt: skip
    assert trade == [OF_ASSET, 0, NEGATIVE - 5 * 10**17, 123 * 10**15, 0, 1, 0]


@pytest.mark.parametrize(("changed", "why"), [
    ({"amount": 0.1}, "is a text"), ({"amount": "-1"}, "cannot be encoded"), ({"amount": "nan"}, "no number"),
    ({"amount": "1e99"}, "no number"), ({"amount": "1e77"}, "cannot be encoded"), ({"amount": "x"}, "no decimal"),
    ({"decimals": True}, "whole number"), ({"decimals": 6.0}, "whole number"), ({"asset": None}, "is a text"),
    ({"asset": "0x12"}, "cannot be encoded"),
])  # fmt: skip
def test_what_cannot_be_written_is_said(changed: dict[str, object], why: str) -> None:
    case = {"module": "withdraw", "inputs": {"asset": ASSET, "amount": "1", "decimals": 6} | changed}
    assert why in checked(Place(case, "case"))["error"]


@pytest.mark.parametrize(("text", "decimals", "units"), [
    ("0.123", 18, 123_000_000_000_000_000), ("-0.0000009", 6, 0), ("1.9999999", 6, 1_999_999), ("12e-1", 0, 1),
    ("-1.5", 0, -1), ("1E3", 2, 100_000),
])  # fmt: skip
def test_amounts_are_cut_off_or_refused(text: str, decimals: int, units: int) -> None:
    assert scaled(text, decimals) == units
    if Decimal(text) * 10**decimals == units:
        assert scaled(text, decimals, exact=True) == units
    else:
        with pytest.raises(ActionError, match="more than"):
            scaled(text, decimals, exact=True)


def test_v3_writes_plain_words() -> None:
    address = "0x" + "ee" * 20
    told = WithdrawalV3(ASSET, 5, address, 7, True).encoded()
    assert told == b"".join(word.to_bytes(32, "big") for word in (OF_ASSET, 5, int(address, 16), 7, 1))
    own = TransferV3(1, 2, ASSET, 3, 4, 5)
    assert own.encoded() == b"".join(word.to_bytes(32, "big") for word in (1, 2, OF_ASSET, 3, 4, 5))
    assert replace(own, recipient=address).encoded() == own.encoded() + int(address, 16).to_bytes(32, "big")
    bid = Liquidation(1, 2, 3, -4, 5, True).encoded()
    assert bid == b"".join(word.to_bytes(32, "big") for word in (1, 2, 3, NEGATIVE - 4, 5, 1))


def test_v3_refuses_what_does_not_fit() -> None:
    away = {"asset": ASSET, "amount": "1.000001", "decimals": 6, "max_fee": "0.5", "recipient": MANAGER}
    told = words("withdraw_v3", **away, force_batch=False)
    assert told == [OF_ASSET, 5 * 10**17, int(MANAGER, 16), 1_000_001, 0]
    moved = {"to_subaccount_id": 1, "new_subaccount_manager": 2, "asset": ASSET, "sub_id": "3", "max_fee": "0"}
    assert words("transfer_v3", **moved, amount="4") == [1, 2, OF_ASSET, 3, 4 * 10**18, 0]
    assert len(words("transfer_v3", **moved, amount="4", recipient=MANAGER)) == 7
    bid = words("liquidate", liquidated_account_id=1, cash_transfer="2", percent_of_acc="0.5", price_limit="-1",
                last_seen_trade_id=9, merge_account=True)  # fmt: skip
    assert bid == [1, 2 * 10**18, 5 * 10**17, NEGATIVE - 10**18, 9, 1]
    for module, inputs in (
        ("withdraw_v3", {**away, "amount": "1.0000001", "force_batch": True}),
        ("transfer_v3", {**moved, "amount": "1e-19"}),
    ):
        assert "more than" in checked(Place({"module": module, "inputs": inputs}, "case"))["error"]


def test_what_is_read_is_what_was_written_and_nothing_else_is() -> None:
    order = Trade(ASSET.lower(), 3, -1, 2, 0, 9, True)
    quote = Quote(1, (Leg(ASSET.lower(), 3, 4, -5),))
    accepted = Execute(quote.order_hash(), 7)
    assert Trade.decoded(order.encoded()) == order
    assert Quote.decoded(quote.encoded()) == quote
    assert Execute.decoded(accepted.encoded()) == accepted
    for kind, told in ((Trade, order.encoded()), (Quote, quote.encoded()), (Execute, accepted.encoded())):
        for other in (told + bytes(32), told[:-1], b""):
            with pytest.raises(ActionError):
                kind.decoded(other)
    with pytest.raises(ActionError):
        Trade.decoded(order.encoded()[:-1] + b"\x02")


def test_the_command_says_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = LocalSigner.for_demonstration("client")
    action = {
        "subaccount_id": 1,
        "nonce": "17",
        "module": ASSET,
        "expiry": 9,
        "owner": key.address,
        "signer": key.address,
    }
    case = {
        "name": "mine", "module": "withdraw", "inputs": {"asset": ASSET, "amount": "1", "decimals": 6},
        "action": action, "domain_separator": "0x" + "00" * 32,
    }  # fmt: skip
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(case))
    assert main(["actions", "verify", str(file)]) == 0
    assert "typed data hash: 0x" in capsys.readouterr().out
    case["expected"] = {"action_hash": "0x00", "encoded_data": f"0x{encoded(Place(case, 'case')).hex().upper()}"}
    file.write_text(json.dumps({"cases": [case]}))
    assert main(["actions", "verify", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["differs"] == ["action_hash"]
    case["expected"] = {"signature": "0x" + "11" * 65}
    file.write_text(json.dumps([case]))
    assert main(["actions", "verify", str(file)]) == 1
    assert "not the signer's" in capsys.readouterr().out
    file.write_text("[]")
    assert main(["actions", "verify", str(file)]) == 2
