"""What the desk's parties sign: everybody is admitted with a key, and nothing moves without an instruction.

The keys are those of demonstrations (`settlement.keys`), so one process can hold all of them; the custodian judges the
instructions as if they had come from afar.
"""

from dataclasses import dataclass
from typing import Any

from custody.amounts import Amount
from custody.answers import Agreement, Answer
from custody.coverage import Coverage
from custody.custodian import Custodian
from custody.custodian_facts import coverage_of
from custody.governance import Terms, genesis
from custody.instructions import Admit, AllowDestination, Delegate, Instruction, Move, Recall, Withdraw
from custody.keyring import Holding, Key, KeyKind
from custody.money import Asset
from custody.movements import Movement, Said
from custody.movements import Terms as Waits
from custody.parties import CUSTODIAN
from custody.policies import Group, Operation, Policy, Quorum, Rule
from custody.signed import SignedInstruction
from custody.speaking import CHAIN
from custody.states import Act, State
from custody.typed_data import DOMAIN_NAME, Domain
from settlement.desk.world import DeskError, World
from settlement.keys import signer_of

NOTICE_S = 3_600
"""How long a destination or a policy waits before it is in force."""
OPENED_AT_S = 0
"""When those were admitted who were there before anybody could sign."""
LIFE_S = 3_600
"""How long an instruction is good."""
ACKNOWLEDGED_WITHIN_S = 86_400
"""How long a venue may take to acknowledge a delegation."""

_OPERATIONS, _TREASURY, _CUSTODY = "operations", "treasury", "custody"
_GOVERNING = tuple(operation for operation in Operation if operation.governs)


@dataclass(slots=True)
class Instructing:
    """Signs in everybody's name and hands in to the custodian; assets go out to a client's own key, nowhere else."""

    world: World
    custodian: Custodian
    agreement: Agreement
    terms: Terms
    first: tuple[Admit, ...]
    admitted: set[str]
    _numbers: int = 0

    @classmethod
    def over(cls, world: World) -> "Instructing":
        """A custodian over the world's books, which knows itself and the venues; clients are admitted as they come."""
        contracts, setting = world.contracts, world.setting
        domain = Domain(DOMAIN_NAME, contracts.chain.node.chain_id, contracts.vault)
        assets = tuple(eligible.asset for eligible in setting.schedule.values())
        terms = Terms(domain, assets, longest_life_s=LIFE_S, least_notice_s=NOTICE_S)
        waits = Waits(venue_s=ACKNOWLEDGED_WITHIN_S, move_delay_s=setting.move_delay_s)
        agreement = Agreement(setting.schedule, frozenset(setting.venues), world.standing, waits)
        first = tuple(_admission(party) for party in (CUSTODIAN, *(f"venue/{venue}" for venue in setting.venues)))
        custodian = Custodian(world.database, world.books, agreement, genesis(terms, first, OPENED_AT_S))
        return cls(world, custodian, agreement, terms, first, {one.party for one in first})

    def admit(self, party: str) -> None:
        """Take in a client with its key, and with its own key as the one place to which its assets may go."""
        if party in self.admitted:
            return
        self.hand_in(Admit, party, keys=(_holding(party),), policy=_policy(party))
        for symbol in self.world.setting.schedule:
            self.hand_in(AllowDestination, party, asset=symbol, destination=signer_of(party).address)
        self.admitted.add(party)

    def delegate(self, party: str, venue: str, asset: Asset, units: int) -> str:
        """Have the custodian hold collateral for a venue, until the venue acknowledges."""
        amount = Amount(units, asset.symbol, asset.scale)
        return self._moved(State.PENDING_VENUE, self.hand_in(Delegate, party, venue=venue, amount=amount))

    def recall(self, party: str, venue: str, asset: Asset, units: int) -> Movement:
        """Have the custodian hold what is to leave a venue, until it has; it may be blocked, and say by what."""
        amount = Amount(units, asset.symbol, asset.scale)
        return _movement(self.hand_in(Recall, party, venue=venue, amount=amount))

    def move(self, party: str, venue: str, to_venue: str, asset: Asset, units: int) -> str:
        """The same from one venue to another."""
        amount = Amount(units, asset.symbol, asset.scale)
        handed_in = self.hand_in(Move, party, from_venue=venue, to_venue=to_venue, amount=amount)
        return self._moved(State.RECALL_REQUESTED, handed_in)

    def withdraw(self, party: str, asset: Asset, units: int) -> str:
        """Have the custodian hold what is to be sent to the party's own address."""
        amount, home = Amount(units, asset.symbol, asset.scale), signer_of(party).address
        return self._moved(State.APPROVED, self.hand_in(Withdraw, party, destination=home, amount=amount))

    def coverage(self, party: str, asset: str) -> Coverage:
        """What a party has of an asset, free and delegated, and how much more the haircut lets it delegate."""
        with self.world.database.snapshot() as reader:
            return coverage_of(reader, party, asset, self.agreement.schedule)

    def credit(self, party: str, asset: str, units: int, reference: str) -> None:
        """A deposit that is as deep in its chain as the custodian asks."""
        self._numbers += 1
        name = f"deposit/{self._numbers}"
        answer = self.custodian.observe(name, party, asset, units, reference, self.world.now_s)
        if not answer.ok:
            raise DeskError(f"the custodian refused a deposit of {party}: {answer.refusal} {answer.detail}")
        self.tell(name, Act.CONFIRM, CHAIN, reference, self.agreement.terms.confirmations)

    def tell(self, movement_id: str, act: Act, by: str, reference: str = "", confirmations: int = 0) -> None:
        """What a party did about a movement; DeskError where the custodian does not take it."""
        said = Said(act, reference, confirmations, by)
        answer = self.custodian.tell(movement_id, said, self.world.now_s)
        if not answer.ok:
            raise DeskError(f"the custodian refused {act} of {movement_id}: {answer.refusal} {answer.detail}")

    def hand_in(self, kind: type[Instruction], party: str, **content: Any) -> Answer:
        """One instruction, signed by its party and by the custodian; what the custodian answers."""
        self._numbers += 1
        now_s = self.world.now_s
        instruction = kind(
            party=party,
            id=f"{kind.operation}/{self._numbers}",
            nonce=self._numbers,
            expires_at_s=now_s + LIFE_S,
            **content,
        )
        signers = dict.fromkeys((CUSTODIAN if kind is Admit else party, CUSTODIAN))
        signed = SignedInstruction(self.terms.domain, instruction).signed_by(*map(signer_of, signers))
        answer = self.custodian.submit(signed, now_s)
        if not answer.ok or answer.declined is not None:
            raise DeskError(f"the custodian declined {instruction.id} of {party}: {answer.detail or answer.declined}")
        return answer

    def _moved(self, expected: State, answer: Answer) -> str:
        """The id of the movement, if it has come as far as it should at once."""
        movement = _movement(answer)
        if movement.state is not expected:
            found = f"{movement.id} is {movement.state}: {movement.reason}"
            raise DeskError(f"{expected} was expected of the custodian, {found}")
        return movement.id


def _movement(answer: Answer) -> Movement:
    if answer.movement is None:
        raise DeskError("a movement was expected of the custodian, nothing came")
    return answer.movement


def _admission(party: str) -> Admit:
    keys, policy = (_holding(party),), _policy(party)
    return Admit(party=party, keys=keys, policy=policy, id=f"genesis/{party}", nonce=0, expires_at_s=1)


def _policy(party: str) -> Policy:
    """What is a party's own needs its signature and the custodian's; where the custodian alone decides, its own."""
    custody = Group(_CUSTODY, CUSTODIAN, (_OPERATIONS,))
    if party == CUSTODIAN:
        return Policy((custody,), (Rule(_GOVERNING, (Quorum(1, _CUSTODY),)),), NOTICE_S)
    groups = (Group(_TREASURY, party, (_OPERATIONS,)), custody)
    return Policy(groups, (Rule(tuple(Operation), (Quorum(1, _TREASURY), Quorum(1, _CUSTODY))),), NOTICE_S)


def _holding(party: str) -> Holding:
    return Holding(party, _OPERATIONS, Key(KeyKind.ACCOUNT, signer_of(party).address))
