"""What signing and approving cost: signatures of a token a second, and instructions checked from text to approval."""

import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

from eth_account import Account
from eth_account.messages import encode_typed_data

from custody.amounts import Amount
from custody.approvals import Approval, decide
from custody.governance import ApprovalState, Terms, genesis
from custody.hardware import HardwareToken
from custody.instructions import Admit, Delegate
from custody.keyring import Holding, Key, KeyKind
from custody.money import Asset
from custody.policies import Group, Operation, Policy, Quorum, Rule
from custody.signed import SignedInstruction, for_wallet
from custody.signers import LocalSigner, Signer
from custody.typed_data import DOMAIN_NAME, Domain
from scripts.bench.measure import Measure, Prepare, Work, against
from scripts.softhsm import missing, soft_token

SIZES = {"signatures": 1_000, "approvals": 400}
"""How many of each a round does."""

NOW_S = 1_770_000_000
FUND, CUSTODIAN = "client/fund", "custodian"
SIGNERS = ((FUND, "treasurer"), (FUND, "deputy"), (FUND, "controller"), (CUSTODIAN, "operations"))
POLICY = Policy(
    (Group("treasury", FUND, ("treasurer", "deputy", "controller")), Group("custody", CUSTODIAN, ("operations",))),
    (Rule(tuple(Operation), (Quorum(2, "treasury"), Quorum(1, "custody"))),),
    notice_s=86_400,
)
DOMAIN = Domain(DOMAIN_NAME, 31337, LocalSigner.for_demonstration("custody").address)

Say = Callable[[str], None]


def measures(say: Say = lambda _: None) -> list[Measure]:
    """Both measures; what a token signs is left out, and said so, where SoftHSM2 is not installed."""
    say("approvals_per_s")
    told = [approvals()]
    if why := missing():
        say(f"pkcs11_signs_per_s is left out: {why}")
    else:
        say("pkcs11_signs_per_s")
        told.append(token_signatures())
    return told


def approvals() -> Measure:
    """An instruction with three signatures under 2 of 3 and 1, from its JSON to the approval; beside it eth-account
    with as many recoveries of the same typed message, and no policy.
    """
    numbers, state = count(), _state()

    def ours() -> Work:
        texts = [signed.to_json() for signed in _instructions(numbers, SIZES["approvals"])]

        def work() -> int:
            answers = [decide(state, SignedInstruction.from_json(text), NOW_S) for text in texts]
            return sum(isinstance(answer, Approval) for answer in answers)

        return work

    def by_eth_account() -> Work:
        ready = [
            (for_wallet(DOMAIN, signed.instruction), [one.signature.value for one in signed.signatures])
            for signed in _instructions(numbers, SIZES["approvals"])
        ]

        def work() -> int:
            for message, signatures in ready:
                signable = encode_typed_data(full_message=message)
                for signature in signatures:
                    Account.recover_message(signable, signature=signature)
            return len(ready)

        return work

    return against("approvals_per_s", ours, "eth-account, three recoveries", by_eth_account)


def token_signatures() -> Measure:
    """Signatures of a SoftHSM2 token, low s and recovery id included, against those of a key in memory."""
    with (
        tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as folder,
        soft_token(Path(folder)) as soft,
        HardwareToken(soft.library, soft.label, soft.pin) as token,
    ):
        hardware, local = token.make_key("bench"), LocalSigner.for_demonstration("bench")
        return against("pkcs11_signs_per_s", _signing(hardware), "a key in memory", _signing(local))


def _signing(signer: Signer) -> Prepare:
    digests = [sha256(str(number).encode()).digest() for number in range(SIZES["signatures"])]

    def work() -> int:
        return len([signer.sign_digest(digest) for digest in digests])

    return lambda: work


def _key(party: str, signer: str) -> LocalSigner:
    return LocalSigner.for_demonstration(f"{party}:{signer}")


def _state() -> ApprovalState:
    holdings = [Holding(*one, Key(KeyKind.ACCOUNT, _key(*one).address)) for one in SIGNERS]
    admissions = (
        Admit(
            party=party, keys=tuple(one for one in holdings if one.party == party), policy=POLICY, id=party, nonce=0,
            expires_at_s=0,
        )
        for party in (CUSTODIAN, FUND)
    )  # fmt: skip
    return genesis(Terms(DOMAIN, (Asset("USDC", 6, 6),)), admissions, 0)


def _instructions(numbers: Iterator[int], how_many: int) -> Iterator[SignedInstruction]:
    signers = [_key(*SIGNERS[place]) for place in (0, 2, 3)]
    for _ in range(how_many):
        number = next(numbers)
        instruction = Delegate(
            party=FUND, venue="harbour", amount=Amount(1 + number, "USDC", 6), id=f"d/{number}", nonce=number,
            expires_at_s=NOW_S + 60,
        )  # fmt: skip
        yield SignedInstruction(DOMAIN, instruction).signed_by(*signers)
