"""Deposit, delegate, recall, withdraw through the ledger's own rules, in both ways for collateral to stand.

Whatever is completed moves exactly its amount, whatever is cancelled leaves no trace in a balance, and a pool always
says the same in its three places: the omnibus, the venue's book of it, and the claims of its clients.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from custody.accounts import Account, Chart, Totals
from custody.delegation import (
    Order,
    Standing,
    cancel,
    collateral_account,
    complete,
    delegate,
    deposit,
    pay,
    recall,
    withdraw,
)
from custody.ledger import apply
from custody.state import LedgerState
from custody.transfers import Kind, Reason, Refusal, Transfer, has_plain_id

CHART = Chart("USDC")
CLIENTS, VENUES = ("fund", "hedger"), ("north", "south")
BOTH = pytest.mark.parametrize("standing", list(Standing), ids=lambda standing: standing.value)


def cast() -> list[Account]:
    own = [CHART.available(client) for client in CLIENTS]
    pairs = [(client, venue) for client in CLIENTS for venue in VENUES]
    stands = [account for pair in pairs for account in (CHART.delegated(*pair), CHART.claim(*pair))]
    pools = [account for venue in VENUES for account in (CHART.omnibus(venue), CHART.pool(venue))]
    return [CHART.vault(), CHART.fees(), *own, *stands, *pools]


def empty_books() -> LedgerState:
    accounts = {account.id: account for account in cast()}
    return LedgerState(accounts, {name: Totals() for name in accounts})


def order(name: str, units: int, reason: Reason = Reason.DELEGATION) -> Order:
    return Order(name, units, at_s=7, reason=reason, reference="ticket 5")


def refusals(state: LedgerState, transfers: Iterable[Transfer]) -> list[Refusal | None]:
    return [outcome.refusal for outcome in apply(state, list(transfers), now_s=9)]


def done(state: LedgerState, held: tuple[Transfer, ...]) -> None:
    """Hold and complete a set that nothing may refuse."""
    assert not any(refusals(state, held))
    assert not any(refusals(state, complete(held, 9)))


def balances(state: LedgerState) -> dict[str, int]:
    """What is not zero, by the place in the chart without the asset."""
    return {name.partition("/")[2]: totals.balance for name, totals in state.totals.items() if totals.balance}


def with_deposit(units: int = 100) -> LedgerState:
    state = empty_books()
    done(state, deposit(CHART, CHART.available("fund"), order("d", units, Reason.DEPOSIT)))
    return state


# -- the journey, by hand ----------------------------------------------------------------------------------------------

AFTER_DELEGATION = {
    Standing.SEGREGATED: {"vault": -100, "client/fund/available": 40, "client/fund/delegated/north": 60},
    Standing.POOLED: {
        "vault": -100,
        "client/fund/available": 40,
        "venue/north/omnibus": 60,
        "venue/north/pool": -60,
        "client/fund/claim/north": 60,
    },
}


@BOTH
def test_there_and_back_and_out(standing: Standing) -> None:
    state = with_deposit(100)
    assert balances(state) == {"vault": -100, "client/fund/available": 100}
    done(state, delegate(standing, CHART, "fund", "north", order("g", 60)))
    assert balances(state) == AFTER_DELEGATION[standing]
    assert state.totals[collateral_account(standing, CHART, "fund", "north").id].spendable == 60
    done(state, recall(standing, CHART, "fund", "north", order("r", 60, Reason.RECALL)))
    assert balances(state) == {"vault": -100, "client/fund/available": 100}
    done(state, withdraw(CHART, CHART.available("fund"), order("w", 100, Reason.WITHDRAWAL)))
    assert balances(state) == {}


@BOTH
def test_what_is_held_is_spoken_for_but_has_not_moved(standing: Standing) -> None:
    state = with_deposit(100)
    before = balances(state)
    held = delegate(standing, CHART, "fund", "north", order("g", 60))
    assert not any(refusals(state, held))
    assert balances(state) == before
    assert state.totals[CHART.available("fund").id].spendable == 40
    assert state.totals[collateral_account(standing, CHART, "fund", "north").id].spendable == 0
    # The rest can go elsewhere; one unit more would be delegated twice.
    second = delegate(standing, CHART, "fund", "south", order("g2", 41))
    assert refusals(state, second)[0] is Refusal.EXCEEDS_AVAILABLE
    assert not any(refusals(state, delegate(standing, CHART, "fund", "south", order("g3", 40))))


@BOTH
@pytest.mark.parametrize("movement", ["deposit", "delegate", "recall", "withdraw"])
def test_a_cancelled_movement_leaves_everything_where_it_was(standing: Standing, movement: str) -> None:
    state = with_deposit(100)
    done(state, delegate(standing, CHART, "fund", "north", order("g", 60)))
    before = dict(state.totals)
    held = sets(standing)[movement]
    assert not any(refusals(state, held))
    assert state.totals != before
    assert not any(refusals(state, cancel(held, 9)))
    assert state.totals == before
    assert set(refusals(state, complete(held, 9))) <= {Refusal.ALREADY_VOIDED, Refusal.LINKED_EVENT_FAILED}
    assert state.totals == before


def sets(standing: Standing) -> dict[str, tuple[Transfer, ...]]:
    """One movement of each kind, all of them possible once 60 of 100 are delegated."""
    own = CHART.available("fund")
    return {
        "deposit": deposit(CHART, own, order("x", 5, Reason.DEPOSIT)),
        "delegate": delegate(standing, CHART, "fund", "south", order("x", 5)),
        "recall": recall(standing, CHART, "fund", "north", order("x", 5, Reason.RECALL)),
        "withdraw": withdraw(CHART, own, order("x", 5, Reason.WITHDRAWAL)),
    }


# Whose rule stops it; the chain's other members fail with it.
REFUSED = """
movement standing   units refusal
delegate SEGREGATED 41    exceeds_available
delegate POOLED     41    exceeds_available
recall   SEGREGATED 61    exceeds_available
recall   POOLED     61    exceeds_available
withdraw SEGREGATED 41    exceeds_available
delegate SEGREGATED 0     amount_must_be_positive
delegate POOLED     0     amount_must_be_positive
recall   POOLED     -1    amount_must_be_positive
deposit  SEGREGATED 0     amount_must_be_positive
"""


@pytest.mark.parametrize("row", REFUSED.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[:3]))
def test_what_cannot_be_is_refused_whole(row: str) -> None:
    movement, standing_name, units, refusal = row.split()
    standing = Standing[standing_name]
    state = with_deposit(100)
    done(state, delegate(standing, CHART, "fund", "north", order("g", 60)))
    before = dict(state.totals)
    asked = order("n", int(units))
    held = {
        "deposit": lambda: deposit(CHART, CHART.available("fund"), asked),
        "delegate": lambda: delegate(standing, CHART, "fund", "north", asked),
        "recall": lambda: recall(standing, CHART, "fund", "north", asked),
        "withdraw": lambda: withdraw(CHART, CHART.available("fund"), asked),
    }[movement]()
    found = refusals(state, held)
    assert Refusal(refusal) in found
    assert all(found)
    assert set(found) <= {Refusal(refusal), Refusal.LINKED_EVENT_FAILED}
    assert state.totals == before


def test_one_clients_claim_is_not_anothers_although_they_share_a_pool() -> None:
    state = with_deposit(100)
    done(state, deposit(CHART, CHART.available("hedger"), order("d2", 100, Reason.DEPOSIT)))
    for number, client in enumerate(CLIENTS):
        done(state, delegate(Standing.POOLED, CHART, client, "north", order(f"g{number}", 50)))
    too_much = recall(Standing.POOLED, CHART, "fund", "north", order("r", 51, Reason.RECALL))
    assert refusals(state, too_much) == [Refusal.EXCEEDS_AVAILABLE, Refusal.LINKED_EVENT_FAILED]


# -- how the transfers are written -------------------------------------------------------------------------------------


def test_a_set_carries_the_order_and_is_one_chain() -> None:
    held = delegate(Standing.POOLED, CHART, "fund", "north", order("g", 60))
    assert [(one.id, one.linked) for one in held] == [("g", True), ("g:claim", False)]
    for one in held:
        assert (one.amount, one.kind, one.reason) == (60, Kind.PENDING, Reason.DELEGATION)
        assert (one.reference, one.occurred_at_s) == ("ticket 5", 7)
    ends = complete(held, 9), cancel(held, 11)
    for end, kind, word, at_s in zip(ends, (Kind.POST, Kind.VOID), ("post", "void"), (9, 11), strict=True):
        assert [(one.id, one.linked) for one in end] == [(f"g:{word}", True), (f"g:claim:{word}", False)]
        assert all((one.kind, one.amount, one.occurred_at_s) == (kind, 0, at_s) for one in end)
        assert [one.pending_id for one in end] == [one.id for one in held]


def test_a_payment_waits_for_nobody() -> None:
    state = with_deposit(100)
    fee = pay(CHART.available("fund"), CHART.fees(), order("f", 3, Reason.CUSTODY_FEE))
    assert (fee.id, fee.kind, fee.linked) == ("f", Kind.POSTED, False)
    assert refusals(state, [fee]) == [None]
    assert balances(state) == {"vault": -100, "client/fund/available": 97, "fees": 3}


@BOTH
@pytest.mark.parametrize("length", [1, 54, 58, 59, 60, 63, 64])
@pytest.mark.parametrize("end", [complete, cancel])
def test_an_id_of_any_allowed_length_can_be_held_and_ended(
    standing: Standing, length: int, end: Callable[..., tuple[Transfer, ...]]
) -> None:
    state = with_deposit(100)
    held = delegate(standing, CHART, "fund", "north", order("g" * length, 60))
    ended = end(held, 9)
    assert all(has_plain_id(one) for one in (*held, *ended))
    assert len({one.id for one in (*held, *ended)}) == 2 * len(held)
    assert held[0].id == "g" * length
    assert not any(refusals(state, [*held, *ended]))


def test_the_account_of_a_mirrored_balance() -> None:
    assert collateral_account(Standing.SEGREGATED, CHART, "fund", "north") == CHART.delegated("fund", "north")
    assert collateral_account(Standing.POOLED, CHART, "fund", "north") == CHART.claim("fund", "north")


# -- any sequence ------------------------------------------------------------------------------------------------------


class Movements(RuleBasedStateMachine):
    """Random movements of two clients at two venues, held, then completed or cancelled in any order."""

    seen: ClassVar[Counter[str]] = Counter()

    @initialize(standing=st.sampled_from(Standing))
    def begin(self, standing: Standing) -> None:
        self.standing = standing
        self.state = empty_books()
        self.held: list[tuple[str, tuple[Transfer, ...]]] = []
        self.expected: Counter[str] = Counter()
        self.count = 0
        for client in CLIENTS:
            self.hold("deposit", client, VENUES[0], 100)
            self.end_one(0, completes=True)

    @rule(
        word=st.sampled_from(["deposit", "delegate", "recall", "withdraw"]),
        client=st.sampled_from(CLIENTS),
        venue=st.sampled_from(VENUES),
        units=st.sampled_from([1, 7, 40, 100, 1_000]),
    )
    def hold(self, word: str, client: str, venue: str, units: int) -> None:
        self.count += 1
        asked, own = order(f"m{self.count}", units), CHART.available(client)
        sets = {
            "deposit": lambda: deposit(CHART, own, asked),
            "delegate": lambda: delegate(self.standing, CHART, client, venue, asked),
            "recall": lambda: recall(self.standing, CHART, client, venue, asked),
            "withdraw": lambda: withdraw(CHART, own, asked),
        }
        held = sets[word]()
        found = refusals(self.state, held)
        assert all(found) or not any(found)
        self.seen[f"{word} {'refused' if any(found) else 'held'}"] += 1
        if not any(found):
            self.held.append((word, held))

    def standing_somewhere(self) -> list[tuple[str, str, int]]:
        pairs = [(client, venue) for client in CLIENTS for venue in VENUES]
        spendable = [self.state.totals[collateral_account(self.standing, CHART, *pair).id].spendable for pair in pairs]
        return [(*pair, units) for pair, units in zip(pairs, spendable, strict=True) if units]

    @precondition(lambda self: self.standing_somewhere())
    @rule(source=st.data(), share=st.integers(1, 3))
    def recall_what_stands(self, source: st.DataObject, share: int) -> None:
        client, venue, units = source.draw(st.sampled_from(self.standing_somewhere()))
        self.hold("recall", client, venue, max(units // share, 1))

    @precondition(lambda self: self.held)
    @rule(source=st.data(), completes=st.sampled_from([True, True, False]))
    def end(self, source: st.DataObject, completes: bool) -> None:
        self.end_one(source.draw(st.integers(0, len(self.held) - 1)), completes)

    def end_one(self, index: int, completes: bool) -> None:
        word, held = self.held.pop(index)
        found = refusals(self.state, (complete if completes else cancel)(held, 9))
        # What was held is reserved on both sides, so nothing can come between.
        assert not any(found)
        self.seen[f"{word} {'completed' if completes else 'cancelled'}"] += 1
        if completes:
            for one in held:
                self.expected[one.debit_account] -= one.amount
                self.expected[one.credit_account] += one.amount

    @invariant()
    def balances_are_what_was_completed(self) -> None:
        totals = self.state.totals
        assert {name: one.balance for name, one in totals.items()} == {name: self.expected[name] for name in totals}

    @invariant()
    def a_pool_says_the_same_in_three_places(self) -> None:
        for venue in VENUES:
            omnibus, pool = (self.state.totals[one.id].balance for one in (CHART.omnibus(venue), CHART.pool(venue)))
            claims = sum(self.state.totals[CHART.claim(client, venue).id].balance for client in CLIENTS)
            assert omnibus == -pool == claims

    @invariant()
    def clients_own_what_the_vault_holds_and_nobody_is_overdrawn(self) -> None:
        owed = 0
        for client in CLIENTS:
            places = [CHART.available(client)]
            places += [collateral_account(self.standing, CHART, client, venue) for venue in VENUES]
            own = [self.state.totals[place.id] for place in places]
            assert all(totals.balance >= 0 and totals.spendable >= 0 for totals in own)
            owed += sum(totals.balance for totals in own)
        assert owed == -self.state.totals[CHART.vault().id].balance


def test_any_sequence_conserves_and_every_movement_was_completed_cancelled_and_refused() -> None:
    Movements.seen.clear()
    run_state_machine_as_test(
        Movements, settings=settings(max_examples=80, stateful_step_count=40, deadline=None, derandomize=True)
    )
    words = [
        f"{word} {end}" for word in ("delegate", "recall", "withdraw") for end in ("completed", "cancelled", "refused")
    ]
    assert {word: Movements.seen[word] for word in [*words, "deposit completed"] if Movements.seen[word] < 5} == {}
