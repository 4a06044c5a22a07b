"""A wallet contract signs on a real chain, by its owners' keys; every other answer that a contract can give is a no."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from custody.amounts import Amount
from custody.approvals import Approval, decide
from custody.declined import Declined, Refusal
from custody.instructions import Delegate
from custody.signatories import Question, questions
from custody.signed import Bytes, Signature, SignedInstruction
from custody.signers import LocalSigner
from settlement.chain import Chain
from settlement.contract_signatures import MOST_GAS, YES, ask
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from tests.conftest import GENESIS_S
from tests.custody.approving import CUSTODIAN, FUND, HARBOUR, NOW_S, WALLET, Case, key_of, opened
from tests.settlement.wallets import OWNERS, compiled, remove_owner, signature_of, wallet_on

DIGEST = keccak(text="what is signed")


@pytest.fixture(scope="module")
def wallet_code(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The wallet of contracts/test, compiled."""
    return compiled(tmp_path_factory.mktemp("forge"))


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        for signer in (signer_of("operator"), *OWNERS):
            node.rpc("anvil_setBalance", signer.address, hex(10**24))
        yield Chain(node, signer_of("operator"), ())


@pytest.fixture
def wallet(chain: Chain, wallet_code: bytes) -> str:
    """Two of three owners sign for it."""
    return wallet_on(chain, wallet_code)


def both(digest: bytes = DIGEST, owners: tuple[int, ...] = (0, 1)) -> bytes:
    return signature_of(digest, owners)


def said(chain: Chain, contract: str, signature: bytes, digest: bytes = DIGEST) -> bool | None:
    question = Question(contract, digest, signature)
    return ask(chain.node, [question], chain.node.block_number()).get(question)


def test_a_wallets_owners_sign_for_it(chain: Chain, wallet: str) -> None:
    assert said(chain, wallet, both())
    assert said(chain, wallet, both(owners=(1, 2)))
    for signature in (
        both(owners=(0,)),
        both(owners=(0, 0)),
        both(owners=(1, 0)),
        both()[:-1],
        both(keccak(DIGEST)),
        b"\x00",
    ):
        assert said(chain, wallet, signature) is False
    assert said(chain, wallet, both(), keccak(DIGEST)) is False


def test_it_is_asked_at_the_block_that_is_named(chain: Chain, wallet: str) -> None:
    before = chain.node.block_number()
    remove_owner(chain.node, wallet)
    question = Question(wallet, DIGEST, both())
    assert ask(chain.node, [question], before) == {question: True}
    assert ask(chain.node, [question], chain.node.block_number()) == {question: False}


def returning(words: bytes) -> str:
    """Code that returns these bytes whatever it is asked: up to 64, from memory."""
    padded = words.ljust(64, b"\x00")
    return f"7f{padded[:32].hex()}5f527f{padded[32:].hex()}60205260{len(words):02x}5ff3"


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (returning(YES), True),
        (returning(YES + b"\x01"), True),
        (returning(YES[:31]), False),
        (returning(YES[:4]), False),
        (returning(b""), False),
        (returning(bytes(32)), False),
        (returning(YES[:31] + b"\x01"), False),
        (returning(b"\xff" * 32), False),
        (returning((1).to_bytes(32, "big")), False),
        ("5f5ffd", False),
        (returning(YES)[:-2] + "fd", False),
        ("fe", False),
        ("5b5f56", False),
        ("5f50", False),
        ("01", False),
        ("", False),
    ],
    ids=["magic", "magic and more", "31 bytes", "4 bytes", "nothing", "zeros", "dirty padding", "ones", "true",
         "revert", "revert with magic", "invalid", "endless loop", "stops", "stack underflow", "no code"],
)  # fmt: skip
def test_what_a_contract_can_answer(chain: Chain, code: str, answer: bool) -> None:
    place = LocalSigner.for_demonstration(f"contract {code}").address
    chain.node.rpc("anvil_setCode", place, "0x" + code)
    assert said(chain, place, b"\x01") is answer


def test_a_wallet_may_cost_what_it_needs_and_no_more(chain: Chain) -> None:
    """Code that counts down, 26 gas a turn, and then says yes: under the limit it does, over it there is no answer."""
    place = LocalSigner.for_demonstration("a dear wallet").address
    for gas, answer in ((MOST_GAS * 9 // 10, True), (MOST_GAS * 11 // 10, False)):
        loop = f"62{gas // 26:06x}5b6001900380600457" + "50"
        chain.node.rpc("anvil_setCode", place, "0x" + loop + returning(YES))
        assert said(chain, place, b"\x01") is answer


def test_a_chain_that_does_not_have_the_block_was_not_asked(chain: Chain, wallet: str) -> None:
    question = Question(wallet, DIGEST, both())
    assert ask(chain.node, [question], chain.node.block_number() + 1000) == {}
    assert ask(chain.node, [], chain.node.block_number()) == {}


def test_a_chain_that_is_gone_is_a_fault() -> None:
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        question = Question(WALLET, DIGEST, b"\x01")
        assert ask(node, [question], 0) == {question: False}
        os.kill(anvil.pid, signal.SIGKILL)
        with pytest.raises(ChainError, match="the node stopped by itself"):
            ask(node, [question], 0)


def test_an_instruction_that_a_wallet_must_sign(chain: Chain, wallet: str) -> None:
    """The venue's desk signs by its wallet: asked and true it is approved, else declined with the reason."""
    state = opened()
    tenures = dict(state.keyring.tenures)
    desk = tenures.pop(WALLET)
    held = replace(desk.holding, key=replace(desk.holding.key, value=wallet))
    tenures[wallet] = replace(desk, holding=held)
    state = replace(state, keyring=replace(state.keyring, tenures=tenures))
    case = Case(state, Delegate, {"venue": "harbour", "amount": Amount(5 * 10**8, "BTC", 8)})
    case.signers = [key_of(FUND, "deputy"), key_of(FUND, "treasurer"), key_of(CUSTODIAN, "risk")]
    plain = case.signed()

    def with_wallet(signature: bytes) -> SignedInstruction:
        return replace(plain, signatures=(*plain.signatures, Signature(wallet, Bytes(signature))))

    good, bad = with_wallet(both(plain.digest())), with_wallet(both())
    block = chain.node.block_number()
    approved = decide(state, good, NOW_S, answers=ask(chain.node, questions(state, good), block))
    assert isinstance(approved, Approval)
    assert (HARBOUR, "desk") in {(one.party, one.signer) for one in approved.approvers}
    denied = decide(state, bad, NOW_S, answers=ask(chain.node, questions(state, bad), block))
    assert isinstance(denied, Declined)
    assert denied.refusal is Refusal.CONTRACT_DENIES_SIGNATURE
    unasked = decide(state, good, NOW_S, answers=ask(chain.node, questions(state, good), block + 1000))
    assert isinstance(unasked, Declined)
    assert unasked.refusal is Refusal.CONTRACT_CANNOT_BE_ASKED
    assert unasked.refusal.retry_may_succeed
