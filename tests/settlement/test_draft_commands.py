"""From options to what any wallet signs, and from its signature to what the custodian accepts: all eleven kinds."""

import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from custody.instructions import INSTRUCTIONS
from custody.movements import Terms
from custody.policies import Group, Operation
from custody.shapes import plain
from custody.signed import SignedInstruction
from custody.signers import LocalSigner
from settlement.cli import main
from tests.custody.approving import DAY_S, DOMAIN, GOOD_PLACE, NOW_S, admission, high_s, holding, simple_policy
from tests.custody.custodian_cast import FUND, NORTH, SOUTH
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

Run = Callable[..., Ran]

WALLETS = {party: Account.from_key(keccak(text=f"a wallet of {party}")) for party in ("custodian", FUND, NORTH, SOUTH)}
NEW, NEWER, NEWEST = (LocalSigner.for_demonstration(f"new key {number}").address for number in range(3))
MAKER = "client/maker"
PLACE = ("--destination", GOOD_PLACE)
RULES, MAKERS = (simple_policy(Group("desk", party, ("first", "second")), 1) for party in (FUND, MAKER))
LATER_S = NOW_S + DAY_S

# In this order each of them can be accepted.
KINDS: dict[Operation, tuple[object, ...]] = {
    Operation.ALLOW_DESTINATION: ("--asset", "USDC", *PLACE),
    Operation.DELEGATE: ("--venue", "north", "--amount", "60 USDC"),
    Operation.RECALL: ("--venue", "north", "--amount", "1.5 USDC"),
    Operation.MOVE: ("--from-venue", "north", "--to-venue", "south", "--amount", "10.000001 USDC"),
    Operation.WITHDRAW: (*PLACE, "--amount", "5.000000 USDC"),
    Operation.REMOVE_DESTINATION: ("--asset", "USDC", *PLACE),
    Operation.ADD_KEY: ("--signer", "second", "--new-key", f"account:{NEW}"),
    Operation.ROTATE_KEY: ("--old-key", NEW, "--new-key", f"contract:{NEWER}", "--overlap-ends-at", LATER_S + DAY_S),
    Operation.REVOKE_KEY: ("--old-key", NEW),
    Operation.CHANGE_POLICY: ("--policy", "policy.json"),
    Operation.ADMIT: (
        "--keys", f"first=account:{NEWEST}", "--keys", f"second=ed25519:0x{'ab' * 32}", "--policy", "maker.json",
    ),
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, in a folder with a setting and a policy."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setting.json").write_text(setting())
    (tmp_path / "policy.json").write_text(json.dumps(plain(RULES)))
    (tmp_path / "maker.json").write_text(json.dumps(plain(MAKERS)))

    def ran(*words: object) -> Ran:
        capsys.readouterr()
        return Ran(main([str(word) for word in words]), *capsys.readouterr())

    return ran


def setting() -> str:
    admissions = [
        admission(party, simple_policy(Group("desk", party, ("first",)), 1), holding(party, "first", wallet.address))
        for party, wallet in WALLETS.items()
    ]
    return json.dumps({
        "chain_id": str(DOMAIN.chain_id), "contract": DOMAIN.contract, "opened_at_s": str(NOW_S - 10),
        "standing": "segregated", "venues": ["north", "south"], "terms": plain(Terms(confirmations=1)),
        "assets": [{"symbol": "USDC", "scale": "6", "chain_decimals": "6", "haircut_bps": "0"}],
        "admissions": [plain(one) for one in admissions],
    })  # fmt: skip


def of_kind(run: Run, operation: Operation, *more: object) -> Ran:
    """A draft with all that its kind takes."""
    party = MAKER if operation is Operation.ADMIT else FUND
    common = ("--party", party, "--id", f"id/{operation}", "--at", LATER_S)
    return run("custody", "draft", operation, *common, *KINDS[operation], *more)


def wallets_signature(run: Run, draft: Path, wallet: Account) -> str:
    """What a wallet of somebody else's code makes of the JSON that the command prints."""
    typed = run("sign", draft, "--typed-data", "--at", NOW_S)
    assert typed.status == DONE
    message = json.loads(typed.said)
    signable = encode_typed_data(full_message=message)
    theirs = keccak(b"\x19" + signable.version + signable.header + signable.body)
    assert theirs == SignedInstruction.from_json(draft.read_text()).digest()
    return f"0x{wallet.sign_typed_data(full_message=message).signature.hex().removeprefix('0x')}"


def test_every_kind_is_drafted_signed_by_a_wallet_and_accepted(run: Run, tmp_path: Path) -> None:
    ledger = ("--database", tmp_path / "ledger.sqlite", "--setting", "setting.json", "--json", "--at", LATER_S)
    deposit = ("--party", FUND, "--asset", "USDC", "--units", 100_000_000, "--reference", "0xfeed")
    assert run("custody", "observe", "d", *deposit, *ledger[:-1], NOW_S).status == DONE
    assert (
        run("custody", "tell", "d", "confirm", "--by", "chain", "--confirmations", 1, *ledger[:-1], NOW_S).status
        == DONE
    )
    for operation in KINDS:
        file = tmp_path / f"{operation}.json"
        ran = of_kind(run, operation, "--setting", "setting.json", "--out", file, "--json")
        assert (ran.status, ran.lines[0]["out"]) == (DONE, str(file)), operation
        assert isinstance(SignedInstruction.from_json(file.read_text()).instruction, INSTRUCTIONS[operation])
        wallet = WALLETS["custodian" if operation is Operation.ADMIT else FUND]
        signature = wallets_signature(run, file, wallet)
        attached = run("sign", file, "--attach", signature, "--as", wallet.address, "--out", file, "--at", NOW_S)
        assert attached.status == DONE, attached.complained
        at_s = NOW_S if operation is Operation.ALLOW_DESTINATION else LATER_S
        (answer,) = run("custody", "submit", file, *ledger[:-1], at_s).lines
        assert (answer["refusal"], answer["declined"]) == (None, None), (operation, answer)
        if operation is Operation.DELEGATE:
            assert answer["state"] == "pending_venue"
            assert run("custody", "tell", "id/delegate", "acknowledge", "--by", "venue/north", *ledger).status == DONE
    assert set(KINDS) == set(Operation)


def test_what_is_drafted_is_what_was_said(run: Run) -> None:
    told = {operation: json.loads(of_kind(run, operation, "--setting", "setting.json").said) for operation in KINDS}
    message = {operation: one["message"] for operation, one in told.items()}
    assert all(one["signatures"] == [] and one["domain"] == DOMAIN.members() for one in told.values())
    assert message[Operation.DELEGATE]["amount"] == "60.000000 USDC", "with all the places of the ledger"
    assert message[Operation.MOVE]["amount"] == "10.000001 USDC"
    assert message[Operation.ADD_KEY]["new_key"] == {"kind": "account", "value": NEW}
    assert message[Operation.ROTATE_KEY]["overlap_ends_at_s"] == str(LATER_S + DAY_S)
    assert [one["signer"] for one in message[Operation.ADMIT]["keys"]] == ["first", "second"]
    assert {one["expires_at_s"] for one in message.values()} == {str(LATER_S + DAY_S)}
    assert len({one["nonce"] for one in message.values()}) == len(KINDS), "drawn, where none is named"


def test_without_a_setting_chain_and_contract_are_named(run: Run) -> None:
    times = ("--nonce", 7, "--valid-from", "2026-02-02", "--expires-at", "2026-02-04")
    ran = of_kind(run, Operation.RECALL, *times, "--chain-id", 1, "--contract", GOOD_PLACE)
    told = json.loads(ran.said)
    assert (told["domain"]["chainId"], told["domain"]["verifyingContract"]) == (1, GOOD_PLACE)
    assert told["message"]["amount"] == "1.5 USDC", "as it was written: how many places there are is not known"
    assert (told["message"]["nonce"], told["message"]["valid_from_s"]) == ("7", "1769990400")
    assert "client/fund recalls 1.5 USDC from venue north" in ran.complained


SETTING = ("--setting", "setting.json")
WRONG = [
    ("seize", SETTING, "KIND: expected one of delegate, recall, move, withdraw"),
    ("delegate", (), "expected where it is to be good, by --setting or by --chain-id and --contract"),
    ("delegate", ("--contract", GOOD_PLACE), "--chain-id: expected this option beside --contract"),
    ("delegate", ("--chain-id", 1), "--contract: '' is no address with the checksum"),
    ("delegate", (*SETTING, "--chain-id", 1), "expected where it is to be good, by --setting or"),
    ("delegate", SETTING, "--venue: expected this option, found none; delegate takes --venue, --amount"),
    ("delegate", (*SETTING, "--venue", "north"), "--amount: expected this option, found none"),
    ("recall", (*SETTING, "--venue", "north", "--amount", "1 USDC", *PLACE), "--destination: does not belong to"),
    ("delegate", (*SETTING, "--venue", "east", "--amount", "1 USDC"), "--venue: expected one of north, south, found"),
    ("delegate", (*SETTING, "--venue", "north", "--amount", "1"), "--amount: '1' is no amount such as 2500.000000"),
    ("delegate", (*SETTING, "--venue", "north", "--amount", "1 DAI"), "--amount: expected one of USDC, found 'DAI'"),
    ("delegate", (*SETTING, "--venue", "north", "--amount", "1.0000001 USDC"), "--amount: '1.0000001' has 7 places"),
    ("delegate", (*SETTING, "--venue", "north", "--amount", "0 USDC"), "--amount: an amount is positive"),
    ("allow-destination", (*SETTING, "--asset", "DAI", *PLACE), "--asset: expected one of USDC, found 'DAI'"),
    ("withdraw", (*SETTING, "--amount", "1 USDC", "--destination", "a b"), "--destination: 'a b' is no destination"),
    ("add_key", (*SETTING, "--signer", "x", "--new-key", NEW), "--new-key: expected KIND:VALUE, such as account:0x"),
    ("add_key", (*SETTING, "--signer", "x", "--new-key", "rsa:1"), "--new-key: kind: 'rsa' is none of account,"),
    ("add_key", (*SETTING, "--signer", "x", "--new-key", "account:0x1"), "--new-key: value: '0x1' is no address"),
    ("revoke_key", (*SETTING, "--old-key", "0x1"), "--old-key: '0x1' is no public value of a key"),
    ("admit", (*SETTING, "--policy", "policy.json", "--keys", "x"), "--keys: expected SIGNER=KIND:VALUE"),
    ("admit", (*SETTING, "--policy", "policy.json", "--keys", "x=account:0x1"), "--keys: [0].key.value: '0x1' is no"),
    ("change_policy", (*SETTING, "--policy", "none.json"), "--policy: none.json: expected a readable text file"),
    ("change_policy", (*SETTING, "--policy", "bad.json"), "--policy: rules[0].quorums[0].required: 3 of desk, which"),
    ("change_policy", (*SETTING, "--policy", "void.json"), "--policy: is no JSON"),
    ("revoke_key", (*SETTING, "--old-key", NEW, "--expires-at", NOW_S), "--expires-at: expected a time after"),
    ("revoke_key", (*SETTING, "--old-key", NEW, "--id", "a b"), "--id: 'a b' is no id"),
    ("revoke_key", (*SETTING, "--old-key", NEW, "--party", "fund"), "--party: 'fund' is no party"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "more", "said"), WRONG, ids=[f"{row[0]} {row[2][:24]}" for row in WRONG])
def test_what_is_missing_or_wrong_is_named_by_its_option(
    run: Run, kind: str, more: tuple[object, ...], said: str
) -> None:
    bad = plain(RULES)
    bad["rules"][0]["quorums"][0]["required"] = "3"
    Path("bad.json").write_text(json.dumps(bad))
    Path("void.json").write_text("{")
    common = {"--party": FUND, "--id": "x", "--at": str(NOW_S)}
    words = [word for name, value in common.items() if name not in more for word in (name, value)]
    ran = run("custody", "draft", kind, *words, *more)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"custody draft: {said}"), ran.complained


def test_a_draft_is_never_written_over(run: Run, tmp_path: Path) -> None:
    for out, why in (("policy.json", "File exists"), ("no/where.json", "No such file or directory")):
        ran = of_kind(run, Operation.REVOKE_KEY, *SETTING, "--out", out)
        assert (ran.status, f"custody draft: {out}: {why}; nothing was written" in ran.complained) == (FAILED, True)
    assert json.loads((tmp_path / "policy.json").read_text()) == plain(RULES)


def test_half_a_draft_is_none(run: Run, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # as if the disk were full
    try:
        ran = of_kind(run, Operation.REVOKE_KEY, *SETTING, "--out", "new.json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (ran.status, ran.said) == (FAILED, "")
    assert "custody draft: new.json: File too large; nothing was written\n" in ran.complained
    assert not (tmp_path / "new.json").exists()


# -- what a wallet gave ------------------------------------------------------------------------------------------------


@pytest.fixture
def draft(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "draft.json"
    assert of_kind(run, Operation.DELEGATE, *SETTING, "--out", file).status == DONE
    return file


def attach(run: Run, draft: Path, signature: str, *whose: object) -> Ran:
    return run("sign", draft, "--attach", signature, *whose, "--at", NOW_S)


def test_a_signature_comes_in_in_its_only_proper_form(run: Run, draft: Path) -> None:
    """Whatever the wallet takes for v, and however the address is written."""
    wallet = WALLETS[FUND]
    signature = wallets_signature(run, draft, wallet)
    v = int(signature[-2:], 16)
    ran = attach(run, draft, signature, "--as", wallet.address)
    for text, address in (
        (signature.upper().replace("0X", "0x"), wallet.address),
        (f"{signature[:-2]}{v - 27:02x}", wallet.address.lower()),
    ):
        assert attach(run, draft, text, "--as", address).said == ran.said
    (one,) = SignedInstruction.from_json(ran.said).signatures
    assert (one.key, str(one.signature)) == (wallet.address, signature)


def test_a_signature_that_is_not_the_addresses_is_not_attached(run: Run, draft: Path) -> None:
    wallet, other = WALLETS[FUND], WALLETS["custodian"]
    signature = wallets_signature(run, draft, wallet)
    form = SignedInstruction.from_json(attach(run, draft, signature, "--as", wallet.address).said).signatures[0]
    for text, address in (
        (signature, other.address),
        (signature[:-2] + "1d", wallet.address),
        (signature[:-2], wallet.address),
        (str(high_s(form.signature)), wallet.address),
    ):
        ran = attach(run, draft, text, "--as", address)
        assert (ran.status, ran.said) == (FAILED, "")
        assert "sign: signature_is_not_the_keys (" in ran.complained
    ran = attach(run, draft, "0x01", "--as-contract", other.address)
    assert (ran.status, json.loads(ran.said)["signatures"]) == (DONE, [{"key": other.address, "signature": "0x01"}])


def test_nobody_signs_twice_and_nobody_late(run: Run, draft: Path) -> None:
    wallet = WALLETS[FUND]
    signature = wallets_signature(run, draft, wallet)
    draft.write_text(attach(run, draft, signature, "--as", wallet.address).said)
    ran = attach(run, draft, signature, "--as", wallet.address.lower())
    assert (ran.status, f"key_has_signed_already ({wallet.address})" in ran.complained) == (FAILED, True)
    for mode in (("--typed-data",), ("--attach", signature, "--as", wallet.address)):
        ran = run("sign", draft, *mode, "--at", LATER_S + DAY_S)
        assert (ran.status, ran.said) == (FAILED, "")
        assert "sign: instruction_has_expired; nothing was signed" in ran.complained


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--attach", "0x01"), "--attach: expected whose signature it is, by --as or by --as-contract"),
        (("--attach", "0x01", "--as", NEW, "--as-contract", NEW), "--attach: expected whose signature it is"),
        (("--attach", "01", "--as", NEW), "--attach: '01' is not 0x and an even number of small hex digits"),
        (("--attach", "0x01", "--as", NEW[:-1]), "--as: expected an address, 0x and 40 hex digits"),
        (("--attach", "0x01", "--as-contract", NEW.swapcase()), "--as-contract: expected an address"),
        (("--attach", "0x01", "--as", NEW, "--check"), "--attach and --check: expected one of them"),
        (("--attach", "0x01", "--as", NEW, "--demonstration", "x"), "--attach: expected no key beside it"),
        (("--typed-data", "--out", "x.json"), "--typed-data: expected no --out beside it"),
        (("--as", NEW, "--demonstration", "x"), "--as and --as-contract: expected the signature, by --attach"),
    ],
)
def test_what_does_not_go_together_is_bad_usage(run: Run, draft: Path, words: tuple[object, ...], said: str) -> None:
    ran = run("sign", draft, *words, "--at", NOW_S)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"sign: {said}"), ran.complained
