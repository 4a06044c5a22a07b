"""A custodian, two clients and a venue with keys and policies; instructions that are fine until a test spoils them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from custody.amounts import Amount
from custody.approvals import NEW, Approval, Seen, decide
from custody.curve import ORDER
from custody.declined import Declined
from custody.governance import ApprovalState, Terms, genesis
from custody.instructions import Admit, Instruction, RotateKey, Withdraw
from custody.keyring import Holding, Key, KeyKind
from custody.money import Asset
from custody.policies import DestinationClass, Group, Operation, Policy, Quorum, Rule
from custody.signatories import Question
from custody.signed import Bytes, Signature, SignedInstruction
from custody.signers import LocalSigner
from custody.typed_data import DOMAIN_NAME, Domain

NOW_S = 1_770_000_000
HOUR_S, DAY_S = 3_600, 86_400
CUSTODIAN, FUND, HEDGER, HARBOUR = "custodian", "client/fund", "client/hedger", "venue/harbour"
USDC, BTC = Asset("USDC", 6, 6), Asset("BTC", 8, 8)
MILLION = 1_000_000 * 10**6
"""A million USDC in ledger units."""
GOOD_PLACE, NEW_PLACE, LOCKED_PLACE = (LocalSigner.for_demonstration(f"place {n}").address for n in range(3))

DOMAIN = Domain(DOMAIN_NAME, 31337, LocalSigner.for_demonstration("custody").address)
TERMS = Terms(DOMAIN, (USDC, BTC))
GOVERNING = tuple(operation for operation in Operation if operation.governs)
TREASURY = Group("treasury", FUND, ("treasurer", "deputy", "controller"))
CUSTODY = Group("custody", CUSTODIAN, ("operations", "risk"))
FOR_REQUESTS = "0x" + "ab" * 32
"""The Ed25519 key with which the treasurer signs API requests."""
WALLET = LocalSigner.for_demonstration("wallet contract of the venue").address


def key_of(party: str, signer: str) -> LocalSigner:
    """The first key of a signer."""
    return LocalSigner.for_demonstration(f"{party}:{signer}")


def holding(party: str, signer: str, address: str = "", kind: KeyKind = KeyKind.ACCOUNT) -> Holding:
    return Holding(party, signer, Key(kind, address or key_of(party, signer).address))


def fund_policy(notice_s: int = 2 * DAY_S) -> Policy:
    """Small moves by two of three; large ones, withdrawals and rules with the custodian too; BTC anywhere by all."""
    both = (Quorum(2, "treasury"), Quorum(1, "custody"))
    moving = (Operation.DELEGATE, Operation.RECALL, Operation.MOVE)
    return Policy(
        (TREASURY, CUSTODY, Group("harbour", HARBOUR, ("desk",))),
        (
            Rule(moving, (Quorum(2, "treasury"),), "USDC", most_units=MILLION),
            Rule(moving, (*both, Quorum(1, "harbour")), venue="harbour"),
            Rule((Operation.WITHDRAW,), both, "USDC", most_units=5 * MILLION),
            Rule((Operation.WITHDRAW,), (Quorum(3, "treasury"),), "BTC", destination=DestinationClass.ANY),
            Rule(GOVERNING, both),
        ),
        notice_s,
    )


def simple_policy(group: Group, required: int, notice_s: int = DAY_S) -> Policy:
    """One group for everything."""
    return Policy((group,), (Rule(tuple(Operation), (Quorum(required, group.name),)),), notice_s)


def admission(party: str, policy: Policy, *keys: Holding, number: int = 0) -> Admit:
    return Admit(party=party, keys=keys, policy=policy, id=f"genesis/{party}", nonce=number, expires_at_s=NOW_S)


def opened() -> ApprovalState:
    """Everybody admitted ten days ago, and one destination of the fund's listed since."""
    people = (holding(CUSTODIAN, "operations"), holding(CUSTODIAN, "risk"), holding(CUSTODIAN, "archivist"))
    fund = [holding(FUND, signer) for signer in (*TREASURY.signers, "trainee")]
    fund.append(Holding(FUND, "treasurer", Key(KeyKind.ED25519, FOR_REQUESTS)))
    dealers, desk = Group("dealers", HEDGER, ("dealer",)), Group("harbour", HARBOUR, ("desk",))
    state = genesis(
        TERMS,
        (
            admission(CUSTODIAN, simple_policy(CUSTODY, 2), *people),
            admission(HARBOUR, simple_policy(desk, 1), holding(HARBOUR, "desk", WALLET, KeyKind.CONTRACT)),
            admission(FUND, fund_policy(), *fund),
            admission(HEDGER, simple_policy(dealers, 1), holding(HEDGER, "dealer")),
        ),
        NOW_S - 10 * DAY_S,
    )
    listed = {(FUND, "USDC", GOOD_PLACE): NOW_S - DAY_S, (FUND, "USDC", LOCKED_PLACE): NOW_S + 1}
    return ApprovalState(state.terms, state.keyring, state.policies, listed)


@dataclass(slots=True)
class Case:
    """What is handed in, in parts that a test can spoil. `spoils` are done to the signed instruction at the end."""

    state: ApprovalState = field(default_factory=opened)
    kind: type[Instruction] = Withdraw
    content: dict[str, object] = field(default_factory=dict)
    signers: list[LocalSigner] = field(default_factory=list)
    domain: Domain = DOMAIN
    seen: Seen = NEW
    answers: dict[Question, bool] = field(default_factory=dict)
    now_s: int = NOW_S
    spoils: list[Callable[[SignedInstruction], SignedInstruction]] = field(default_factory=list)

    def signed(self) -> SignedInstruction:
        common = {"party": FUND, "id": "order/1", "nonce": 7, "expires_at_s": NOW_S + HOUR_S}
        instruction = self.kind(**{**common, **self.content})
        signed = SignedInstruction(self.domain, instruction).signed_by(*self.signers)
        for spoil in self.spoils:
            signed = spoil(signed)
        return signed

    def decided(self) -> Approval | Declined:
        return decide(self.state, self.signed(), self.now_s, self.seen, self.answers)


def withdrawal(units: int = MILLION, destination: str = GOOD_PLACE) -> Case:
    """A withdrawal of the fund's that is accepted: two of three of its own, and one of the custodian's."""
    content: dict[str, object] = {"destination": destination, "amount": Amount(units, "USDC", 6)}
    return Case(content=content, signers=officers())


def officers() -> list[LocalSigner]:
    """Two of the fund's treasury and one of the custodian's."""
    return [key_of(FUND, "treasurer"), key_of(FUND, "deputy"), key_of(CUSTODIAN, "operations")]


def governing(kind: type[Instruction], **content: object) -> Case:
    """A change of the fund's own rules, signed by all whom its policy asks."""
    return Case(kind=kind, content=dict(content), signers=officers())


def high_s(signature: Bytes) -> Bytes:
    """The malleable twin: (r, n − s) with the other v; it recovers to the same key."""
    r, s, v = signature.value[:32], int.from_bytes(signature.value[32:64], "big"), signature.value[64]
    return Bytes(r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]))


def last_replaced(signed: SignedInstruction, signature: Signature) -> SignedInstruction:
    """The same with another last signature."""
    return SignedInstruction(signed.domain, signed.instruction, (*signed.signatures[:-1], signature))


def rotation_case() -> Case:
    """A new key for the controller, with a day's overlap."""
    new = Key(KeyKind.ACCOUNT, LocalSigner.for_demonstration("the controller's next key").address)
    old = key_of(FUND, "controller").address
    return governing(RotateKey, old_key=old, new_key=new, overlap_ends_at_s=NOW_S + DAY_S)
