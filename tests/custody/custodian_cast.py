"""A custodian with two clients and two venues, each with one key; whatever they are made to do, really signed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from custody import custodian_store
from custody.amounts import Amount
from custody.answers import Agreement, Answer
from custody.books import Books
from custody.collateral import Eligible
from custody.custodian import Custodian
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, open_database
from custody.delegation import Standing
from custody.governance import ApprovalState, genesis
from custody.instructions import Delegate, Instruction, Move, Recall, Withdraw
from custody.movements import Said, Terms
from custody.policies import Group
from custody.register import Register
from custody.signed import SignedInstruction
from custody.speaking import speaker
from custody.states import Act, State
from tests.custody import approving
from tests.custody.approving import DOMAIN, USDC, admission, holding, key_of, simple_policy

NOW_S = approving.NOW_S
FUND, HEDGER, NORTH, SOUTH = "client/fund", "client/hedger", "venue/north", "venue/south"
PARTIES = (FUND, HEDGER, NORTH, SOUTH)
PLACE = approving.GOOD_PLACE
SCHEDULE: Mapping[str, Eligible] = {"USDC": Eligible(USDC, 1_000)}
TERMS = Terms(
    confirmations=3, venue_s=100, release_s=200, send_s=300, chain_s=400, quorum_s=500, block_s=600, move_delay_s=20
)


def opening(required: int = 1) -> ApprovalState:
    """Everybody admitted, with one destination listed for each; `required` of a party's two signers must sign."""
    admissions = []
    for party in ("custodian", *PARTIES):
        group = Group("desk", party, ("first", "second"))
        keys = [holding(party, signer) for signer in group.signers]
        admissions.append(admission(party, simple_policy(group, required), *keys))
    state = genesis(approving.TERMS, admissions, NOW_S - 10 * approving.DAY_S)
    listed = {(party, "USDC", PLACE): NOW_S - 1 for party in PARTIES}
    return ApprovalState(state.terms, state.keyring, state.policies, listed)


@dataclass
class Cast:
    """The custodian and whoever speaks to it: every call at `now_s`, and in `tx` where there is one."""

    database: Database
    standing: Standing = Standing.SEGREGATED
    required: int = 1
    now_s: int = NOW_S
    books: Books = field(init=False)
    custodian: Custodian = field(init=False)
    register: Register = field(init=False)
    nonces: int = 0
    tx: Connection | None = None

    def __post_init__(self) -> None:
        self.books = Books(self.database)
        agreement = Agreement(SCHEDULE, frozenset({"north", "south"}), self.standing, TERMS)
        self.custodian = Custodian(self.database, self.books, agreement, opening(self.required))
        self.register = Register(self.database, agreement)

    # -- what is handed in -----------------------------------------------------------------------------------------

    def signed(
        self, kind: type[Instruction], party: str, name: str, signers: int = 1, **content: Any
    ) -> SignedInstruction:
        """An instruction with a nonce of its own, signed by the party's first signers."""
        self.nonces += 1
        common = {"party": party, "id": name, "nonce": self.nonces, "expires_at_s": NOW_S + approving.DAY_S}
        keys = [key_of(party, signer) for signer in ("first", "second")[:signers]]
        return SignedInstruction(DOMAIN, kind(**common, **content)).signed_by(*keys)

    def submit(self, kind: type[Instruction], party: str, name: str, **content: Any) -> Answer:
        return self.custodian.submit(self.signed(kind, party, name, **content), self.now_s, tx=self.tx)

    def delegate(self, name: str, units: int, party: str = FUND, venue: str = "north") -> Answer:
        return self.submit(Delegate, party, name, venue=venue, amount=usdc(units))

    def recall(self, name: str, units: int, party: str = FUND, venue: str = "north") -> Answer:
        return self.submit(Recall, party, name, venue=venue, amount=usdc(units))

    def move(self, name: str, units: int, party: str = FUND, here: str = "north", there: str = "south") -> Answer:
        return self.submit(Move, party, name, from_venue=here, to_venue=there, amount=usdc(units))

    def withdraw(self, name: str, units: int, party: str = FUND) -> Answer:
        return self.submit(Withdraw, party, name, destination=PLACE, amount=usdc(units))

    def tell(self, name: str, act: Act, reference: str = "", confirmations: int = 0, by: str | None = None) -> Answer:
        """Said by whoever has to say it, if nobody is named."""
        said = Said(act, reference, confirmations, self.speaker(name, act) if by is None else by)
        return self.custodian.tell(name, said, self.now_s, self.tx)

    def speaker(self, name: str, act: Act) -> str:
        found = custodian_store.find(self.tx, name) if self.tx is not None else self.register.movement(name)
        return (speaker(found.intent, act) if found else None) or ""

    def observe(self, name: str, units: int, party: str = FUND, reference: str = "0xfeed") -> Answer:
        return self.custodian.observe(name, party, "USDC", units, reference, self.now_s, self.tx)

    def observe_exit(self, name: str, units: int, party: str = FUND, reference: str = "0xe817") -> Answer:
        return self.custodian.observe_exit(name, party, "north", "USDC", units, reference, self.now_s, self.tx)

    # -- ways that are gone often ----------------------------------------------------------------------------------

    def deposited(self, name: str, units: int, party: str = FUND) -> None:
        assert self.observe(name, units, party).ok
        assert self.tell(name, Act.CONFIRM, confirmations=TERMS.confirmations).ok

    def delegated(self, name: str, units: int, party: str = FUND, venue: str = "north") -> None:
        assert self.delegate(name, units, party, venue).ok
        assert self.tell(name, Act.ACKNOWLEDGE).ok

    # -- what is looked at -----------------------------------------------------------------------------------------

    def state(self, name: str) -> State:
        found = self.register.movement(name)
        assert found is not None
        return found.state

    def told(self, name: str = "") -> list[str]:
        """The names of the events."""
        return [told.event.name for told in self.register.events(name, limit=10_000)]

    def balances(self) -> dict[str, tuple[int, int]]:
        """(balance, what can be paid out) of every account that is not empty, without the asset."""
        totals = self.books.all_totals()
        return {
            name.partition("/")[2]: (one.balance, one.spendable)
            for name, one in totals.items()
            if one.balance or one.credits_pending or one.debits_pending
        }


def usdc(units: int) -> Amount:
    return Amount(units, "USDC", USDC.scale)


@contextmanager
def cast_at(address: str, standing: Standing = Standing.SEGREGATED, required: int = 1) -> Iterator[Cast]:
    """A cast over the ledger at an address, which is closed behind it."""
    database = open_database(address, schemas=(LEDGER, CUSTODIAN))
    try:
        yield Cast(database, standing, required)
    finally:
        database.close()
