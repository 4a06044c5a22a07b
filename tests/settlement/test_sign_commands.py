"""`bulkhead sign`: what is signed is shown, what is shown is signed, and the custodian accepts what comes out of it."""

import json
import resource
import sys
from collections.abc import Callable, Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from custody.approvals import Approval, decide
from custody.declined import Declined, Refusal
from custody.instructions import Delegate, Instruction
from custody.keyring import Holding, Key, KeyKind
from custody.keystores import write_keystore
from custody.movements import Terms
from custody.policies import Group, Operation
from custody.shapes import plain
from custody.signed import Bytes, Signature, SignedInstruction
from custody.signers import LocalSigner
from custody.typed_data import Domain
from scripts.softhsm import SoftToken, missing, soft_token
from settlement.cli import main
from settlement.commands.instruction_adding import SignRefusal
from settlement.commands.instruction_words import SENTENCES, sentence, shown
from tests.custody.approving import (
    DOMAIN,
    NOW_S,
    admission,
    high_s,
    holding,
    key_of,
    last_replaced,
    opened,
    simple_policy,
    withdrawal,
)
from tests.custody.custodian_cast import FUND, NORTH, usdc
from tests.custody.test_instructions import one_of_each
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran
from tests.settlement.typed_secrets import typed

PASSWORD = "correct horse battery staple"
ROLES = [f"{FUND}:treasurer", f"{FUND}:deputy", "custodian:operations"]
"""Those whose signatures the fund's withdrawal needs, by the names of their demonstration keys."""

Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command at the time of the cast; nothing of it is caught but what it prints."""

    def ran(*words: object, at: int = NOW_S) -> Ran:
        capsys.readouterr()
        status = main(["sign", *map(str, words), "--at", str(at)])
        return Ran(status, *capsys.readouterr())

    return ran


def draft_of(signed: SignedInstruction) -> str:
    """What somebody writes who has not signed yet."""
    told = json.loads(signed.to_json())
    del told["signatures"]
    return json.dumps(told, indent=2)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    file = tmp_path / "draft.json"
    file.write_text(draft_of(withdrawal().signed()))
    return file


def by(signers: int) -> SignedInstruction:
    """The withdrawal with the first of its signatures."""
    signed = withdrawal().signed()
    return SignedInstruction(signed.domain, signed.instruction, signed.signatures[:signers])


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_every_operation_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Operation)


def leaves(value: object) -> Iterator[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield str(value)
    else:
        for one in inner:
            yield from leaves(one)


@pytest.mark.parametrize("instruction", one_of_each(), ids=lambda one: one.operation)
def test_all_that_is_hashed_is_shown_in_its_order(instruction: Instruction) -> None:
    lines = list(shown(SignedInstruction(DOMAIN, instruction)))
    assert lines[0] == sentence(instruction)
    assert instruction.party in lines[0]
    fields = [line.partition(": ")[2].partition(" (")[0] for line in lines[1:-1] if not line.endswith(":")]
    assert fields == [*leaves(DOMAIN.members()), *leaves(plain(instruction))]
    assert lines[-1] == f"  digest: 0x{SignedInstruction(DOMAIN, instruction).digest().hex()}"


def test_it_reads_as_a_wallet_shows_it(run: Run, draft: Path) -> None:
    ran = run(draft, "--demonstration", ROLES[0])
    place = withdrawal().content["destination"]
    assert ran.complained.splitlines()[:15] == [
        f"client/fund withdraws 1000000.000000 USDC to {place}",
        "  domain:",
        "    name: Bulkhead Custody",
        "    version: 1",
        "    chainId: 31337",
        f"    verifyingContract: {DOMAIN.contract}",
        "  Withdraw:",
        "    party: client/fund",
        f"    destination: {place}",
        "    amount: 1000000.000000 USDC",
        "    id: order/1",
        "    nonce: 7",
        "    valid_from_s: 0",
        "    expires_at_s: 1770003600 (2026-02-02T03:40:00Z)",
        f"  digest: 0x{by(0).digest().hex()}",
    ]


def test_no_text_of_the_file_moves_the_cursor(run: Run, tmp_path: Path) -> None:
    domain = Domain("Bulkhead\x1b[1A\r\n Custody", 31337, DOMAIN.contract)
    file = tmp_path / "hostile.json"
    file.write_text(SignedInstruction(domain, by(0).instruction).to_json())
    ran = run(file, "--demonstration", ROLES[0])
    assert ran.status == DONE
    assert "    name: Bulkhead\\x1b[1A\\r\\n Custody\n" in ran.complained
    file.write_text(json.dumps({"operation": "withdraw", "\x1b[2J": 1, "domain": {}, "message": {}}))
    ran = run(file, "--demonstration", ROLES[0])
    assert (ran.status, "\x1b" in ran.complained) == (USAGE, False)
    assert ran.complained == f"sign: {file}: \\x1b[2J: is not known here\n"


# -- what comes out ----------------------------------------------------------------------------------------------------


def test_signatures_are_added_until_the_custodian_accepts(run: Run, draft: Path, tmp_path: Path) -> None:
    before, answers = draft, []
    for number, role in enumerate(ROLES):
        ran = run(before, "--demonstration", role)
        assert (ran.status, ran.said.count("\n")) == (DONE, 1)
        assert f"{role}: the demonstration key of a role, which everybody knows" in ran.complained
        assert ran.complained.endswith(
            f"signed by {LocalSigner.for_demonstration(role).address}; signatures so far: {number + 1}\n"
        )
        before = tmp_path / f"{number}.json"
        before.write_text(ran.said)
        answers.append(decide(opened(), SignedInstruction.from_json(ran.said), NOW_S))
    assert SignedInstruction.from_json(before.read_text()) == by(3), "the same as the library makes"
    assert [one.refusal for one in answers if isinstance(one, Declined)] == [Refusal.QUORUM_IS_NOT_REACHED] * 2
    assert isinstance(answers[-1], Approval)


def test_a_pipe_of_signers(run: Run, draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = draft.read_text()
    for role in ROLES:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(said.encode())))
        said = run("-", "--demonstration", role).said
    assert SignedInstruction.from_json(said) == by(3)


def test_it_is_written_in_place_or_to_a_new_file(run: Run, draft: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.json"
    ran = run(draft, "--demonstration", ROLES[0], "--out", new)
    assert (ran.status, ran.said) == (DONE, "")
    assert SignedInstruction.from_json(new.read_text()) == by(1)
    ran = run(new, "--demonstration", ROLES[1], "--out", tmp_path / "." / "new.json", "--json")
    told = {"out": str(new), "digest": f"0x{by(0).digest().hex()}", "signatures": [one.key for one in by(2).signatures]}
    assert ran.lines == [told]
    assert SignedInstruction.from_json(new.read_text()) == by(2)


def test_a_write_that_fails_loses_no_signature(run: Run, draft: Path, tmp_path: Path) -> None:
    draft.write_text(by(1).to_json())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))  # as if the disk were full
    try:
        ran = run(draft, "--demonstration", ROLES[1], "--out", draft)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained.endswith("sign: file_cannot_be_written (File too large); nothing was signed\n")
    ran = run(draft, "--demonstration", ROLES[1], "--out", tmp_path / ("x" * 300))
    assert (ran.status, "file_cannot_be_written (File name too long)" in ran.complained) == (FAILED, True)
    assert SignedInstruction.from_json(draft.read_text()) == by(1)
    assert list(tmp_path.iterdir()) == [draft], "nothing unfinished is left"


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_the_first_reason_in_order_is_the_answer(run: Run, tmp_path: Path) -> None:
    """All hold; then each is mended in turn, and the next one is the answer."""
    other, file, later = tmp_path / "other.json", tmp_path / "full.json", NOW_S + 3_600
    other.write_text("another's")
    full = by(1).signatures + tuple(Signature(f"0x{number:040x}", Bytes(bytes(65))) for number in range(63))
    file.write_text(SignedInstruction(DOMAIN, by(0).instruction, full).to_json())
    first, second = (("--demonstration", role, "--out", tmp_path / "nowhere" / "x.json") for role in ROLES[:2])
    seen = [run(file, *first[:2], "--out", other, at=later), run(file, *first, at=later), run(file, *first)]
    file.write_text(SignedInstruction(DOMAIN, by(0).instruction, full[:63]).to_json())
    theirs = ("--attach", f"0x{'00' * 65}", "--as", by(2).signatures[1].key, *second[2:])
    seen += [run(file, *first), run(file, *theirs), run(file, *second)]
    found = [ran.complained.splitlines()[-1] for ran in seen]
    strange = f" (not {theirs[3]}'s, of this digest; of a contract's, --as-contract says so)"
    detail = ["", "", "", f" ({full[0].key})", strange, " (No such file or directory)"]
    assert found == [
        f"sign: {refusal}{more}; nothing was signed" for refusal, more in zip(SignRefusal, detail, strict=True)
    ]
    assert {(ran.status, ran.said) for ran in seen} == {(FAILED, "")}
    assert other.read_text() == "another's"
    assert run(file, "--demonstration", ROLES[1]).status == DONE, "and a key that has not signed may"


def test_a_key_does_not_sign_twice_under_other_capitals(run: Run, tmp_path: Path) -> None:
    (one,) = by(1).signatures
    file = tmp_path / "small.json"
    small = Signature(one.key.lower(), one.signature)
    file.write_text(SignedInstruction(DOMAIN, by(0).instruction, (small,)).to_json())
    ran = run(file, "--demonstration", ROLES[0])
    assert (ran.status, ran.said) == (FAILED, "")
    assert "sign: key_has_signed_already (" in ran.complained


def test_it_is_good_to_its_last_second(run: Run, draft: Path) -> None:
    assert run(draft, "--demonstration", ROLES[0], at=NOW_S + 3_599).status == DONE
    assert run(draft, "--demonstration", ROLES[0], at=NOW_S + 3_600).status == FAILED


def test_a_signature_that_spoils_the_others_is_told(run: Run, tmp_path: Path) -> None:
    one, other = by(2).signatures
    file = tmp_path / "swapped.json"
    swapped = SignedInstruction(DOMAIN, by(0).instruction, (Signature(one.key, other.signature),))
    file.write_text(swapped.to_json())
    ran = run(file, "--demonstration", ROLES[2])
    assert ran.status == DONE, "it may be a contract's"
    assert f"the signature in the name of {one.key} is not that key's" in ran.complained


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"operation": "seize"}, "operation: 'seize' is none of delegate, recall"),
        ({"message": {}}, "message.party: is missing"),
        ({"domain": {"name": "x"}}, "domain.version: is missing"),
        ({"signatures": {}}, "signatures: expected a list"),
        ({"signatures": [{"key": "0x1", "signature": "0x00"}]}, "signatures[0].key: '0x1' is no public value"),
        ({"extra": 1}, "extra: is not known here"),
    ],
)
def test_a_wrong_field_is_named(run: Run, draft: Path, change: dict[str, object], said: str) -> None:
    draft.write_text(json.dumps({**json.loads(draft.read_text()), **change}))
    for words in (("--demonstration", ROLES[0]), ("--check",)):
        ran = run(draft, *words)
        assert (ran.status, ran.said) == (USAGE, "")
        assert ran.complained.startswith(f"sign: {draft}: {said}")


@pytest.mark.parametrize("text", ["", "5", "[]", "{", '{"message": 1, "message": 2}', "\ufeff{}"])
def test_a_text_that_is_none(run: Run, draft: Path, text: str) -> None:
    draft.write_text(text)
    assert run(draft, "--demonstration", ROLES[0]).status == USAGE
    assert run(draft.with_name("none.json"), "--demonstration", ROLES[0]).status == USAGE


def test_a_key_is_named_and_nothing_is_signed_by_a_check(run: Run, draft: Path) -> None:
    for words in ((), ("--check", "--demonstration", "x"), ("--check", "--out", draft)):
        ran = run(draft, *words)
        assert (ran.status, ran.said) == (USAGE, "")
        assert "expected" in ran.complained


# -- who has signed ----------------------------------------------------------------------------------------------------


def spoiled(signed: SignedInstruction, *, how: str) -> SignedInstruction:
    *_, last = signed.signatures
    changes = {
        "sound": last,
        "high_s": Signature(last.key, high_s(last.signature)),
        "another's": Signature(last.key, signed.signatures[0].signature),
        "nobody's": Signature(f"0x{'ab' * 32}", last.signature),
    }
    return last_replaced(signed, changes[how])


@pytest.mark.parametrize("how", ["sound", "high_s", "another's", "nobody's"])
def test_a_check_tells_whose_signatures_are_proven(run: Run, draft: Path, how: str) -> None:
    signed = spoiled(by(3), how=how)
    draft.write_text(signed.to_json())
    keys = [one.key for one in signed.signatures]
    ran = run("--check", draft, "--json")
    (told,) = ran.lines
    good = how == "sound"
    assert told["signed_by"] == (keys if good else keys[:2])
    assert told["unproven"] == ([] if good else keys[2:])
    assert (told["holds"], told["twice"], ran.status) == (good, [], DONE if good else FAILED)
    assert (told["digest"], told["id"], told["expires_at_s"]) == (f"0x{by(0).digest().hex()}", "order/1", NOW_S + 3_600)
    said = run("--check", draft).said
    assert ("the custodian declines all of it" in said) == (not good)
    assert f"  signed by {', '.join(keys if good else keys[:2])}\n" in said


def test_a_check_tells_what_is_there_twice_and_what_has_expired(run: Run, draft: Path) -> None:
    (one,) = by(1).signatures
    again = Signature(one.key.lower(), one.signature)
    draft.write_text(SignedInstruction(DOMAIN, by(0).instruction, (one, again)).to_json())
    ran = run("--check", draft, "--json")
    assert (ran.status, ran.lines[0]["twice"]) == (FAILED, [one.key.lower()])
    draft.write_text(by(3).to_json())
    assert run("--check", draft, at=NOW_S + 3_599).status == DONE
    ran = run("--check", draft, at=NOW_S + 3_600)
    assert (ran.status, "  expired at 2026-02-02T03:40:00Z\n" in ran.said) == (FAILED, True)
    draft.write_text(draft_of(by(0)))
    ran = run("--check", draft)
    assert (ran.status, "  signed by nobody\n" in ran.said) == (DONE, True)


# -- real keys ---------------------------------------------------------------------------------------------------------


def test_it_is_shown_before_the_password_is_asked(draft: Path, tmp_path: Path) -> None:
    """At a terminal, with the instruction coming through a pipe: the question is the moment to say no."""
    signer = write_keystore(tmp_path / "store.json", bytes(31) + b"\x07", PASSWORD, 2**10)
    words = ("sign", "-", "--keystore", tmp_path / "store.json", "--at", NOW_S)
    ran = typed(*words, answers=[PASSWORD], given=draft.read_text())
    assert ran.status == DONE
    assert SignedInstruction.from_json(ran.said) == by(0).signed_by(signer)
    screen = ran.complained
    assert screen.index("client/fund withdraws") < screen.index("digest: ") < screen.index("Password of ")
    assert PASSWORD not in screen
    ran = typed(*words, answers=["correct horse"], given=draft.read_text())
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained.endswith("the password is wrong, or the file is damaged\n")


@pytest.fixture
def soft(tmp_path: Path) -> Iterator[SoftToken]:
    if missing():
        pytest.skip(str(missing()))
    with soft_token(tmp_path) as token:
        yield token


def setting_of(first: str, second: str) -> str:
    """A custodian's setting in which the fund's two signers have these keys, and both must sign."""
    fund = (holding(FUND, "first", first), holding(FUND, "second", second))
    admissions = [admission(FUND, simple_policy(Group("desk", FUND, ("first", "second")), 2), *fund)]
    for party in ("custodian", NORTH):
        key = Holding(party, "first", Key(KeyKind.ACCOUNT, key_of(party, "first").address))
        admissions.append(admission(party, simple_policy(Group("desk", party, ("first",)), 1), key))
    told = {
        "chain_id": str(DOMAIN.chain_id), "contract": DOMAIN.contract, "opened_at_s": str(NOW_S - 10),
        "standing": "segregated", "venues": ["north"], "terms": plain(Terms(confirmations=1)),
        "assets": [{"symbol": "USDC", "scale": "6", "chain_decimals": "6", "haircut_bps": "1000"}],
        "admissions": [plain(one) for one in admissions],
    }  # fmt: skip
    return json.dumps(told)


def test_from_new_keys_to_a_delegation_that_waits_for_its_venue(
    soft: SoftToken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One key in a keystore, one in a token: what they sign together moves assets, what one signs alone waits."""

    def ran(*words: object) -> Ran:
        capsys.readouterr()
        return Ran(main([str(word) for word in words]), *capsys.readouterr())

    for name, secret in (("password", PASSWORD), ("pin", soft.pin)):
        (tmp_path / name).write_text(f"{secret}\n")
    in_file = ("--keystore", tmp_path / "first.json", "--password-file", tmp_path / "password")
    in_token = ("--token", soft.label, "--library", soft.library, "--key", "hot", "--pin-file", tmp_path / "pin")
    first, second = (ran("keys", "new", *key).said.strip() for key in (in_file, in_token))

    (tmp_path / "setting.json").write_text(setting_of(first, second))
    custodian = (
        "--database", tmp_path / "ledger.sqlite", "--setting", tmp_path / "setting.json", "--at", NOW_S, "--json",
    )  # fmt: skip
    deposit = ("--party", FUND, "--asset", "USDC", "--units", 100, "--reference", "0xfeed")
    assert ran("custody", "observe", "d", *deposit, *custodian).status == DONE
    assert ran("custody", "tell", "d", "confirm", "--confirmations", 1, "--by", "chain", *custodian).status == DONE

    order = tmp_path / "order.json"
    content = Delegate(party=FUND, id="g", nonce=1, expires_at_s=NOW_S + 3_600, venue="north", amount=usdc(60))
    order.write_text(draft_of(SignedInstruction(DOMAIN, content)))
    (refused,) = ran("custody", "submit", *signed(ran, order, in_file), *custodian).lines
    assert (refused["state"], refused["declined"]) == ("requested", "quorum_is_not_reached")
    (answer,) = ran("custody", "submit", *signed(ran, order, in_token), *custodian).lines
    assert (answer["id"], answer["state"]) == ("g", "pending_venue")

    (told,) = ran("sign", "--check", order, "--at", NOW_S, "--json").lines
    assert (told["signed_by"], told["holds"]) == ([first, second], True)


def signed(run: Run, order: Path, key: tuple[object, ...]) -> list[Path]:
    """Sign a file in place; no secret shows."""
    ran = run("sign", order, *key, "--out", order, "--at", NOW_S)
    assert ran.status == DONE
    assert PASSWORD not in ran.said + ran.complained
    return [order]
