"""Whatever happens in whatever order, nothing is delegated twice: random days at a real custodian's.

After every step the bound is counted anew from the journal by a plain loop that shares no code with the custodian. Only
a settled gain or a fee may take delegations beyond it, as `custody.coverage` says; nothing that the custodian lets
through ever does. Between any two steps the machine may stop: what was begun in a transaction is gone, and is told
again or not. Hypothesis looks for the shortest way to break this; dice of our own walk evenly, and there the control
counts that every kind of step was done, and was refused.
"""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from custody.accounts import Chart
from custody.answers import Answer
from custody.delegation import Standing, cancel, complete
from custody.lifecycles import from_state, is_final
from custody.movements import Block, Movement
from custody.states import Act
from custody.transfers import Kind, Reason, Transfer, linked
from scripts.postgres_server import PostgresServer
from tests.custody.custodian_cast import FUND, HEDGER, NORTH, cast_at

HAIRCUT = (1_000, 10_000)
OWNERS = (FUND, HEDGER, NORTH)
VENUES = ("north", "south")
SHARES = ((0, 1), (1, 0), (1, 0), (1, 1), (1, -1), (3, 0))
WORDS = ("deposit", "delegate", "recall", "move", "withdraw")
PAUSES_S = (1, 30, 30, 150, 700)
LIENS = (0, 0, 0, 20, 1_000)
GAINS = (1, 20, 400)
ENDS = (Kind.POSTED, Kind.POST, Kind.VOID)
STEPS_A_DAY = 40
SOUGHT = {"sqlite": 40, "postgresql": 10}
WALKED = {"sqlite": 40, "postgresql": 10}

Lender = Callable[[], AbstractContextManager[str]]


class _PowerCutError(Exception):
    """The machine stops inside a transaction."""


def excess_by_owner(transfers: list[Transfer]) -> dict[str, int]:
    """What each owner has delegated beyond nine tenths of its holding, by adding up every transfer there ever was."""
    ended = {one.pending_id for one in transfers if one.kind.resolves}
    free, placed = Counter[str](), Counter[str]()
    for one in transfers:
        is_held = one.kind is Kind.PENDING and one.id not in ended
        if one.kind in {Kind.POSTED, Kind.POST} or is_held:
            for account, sign in ((one.debit_account, -1), (one.credit_account, 1)):
                owner, _, rest = account.removeprefix("USDC/").partition("/")
                name, _, place = rest.partition("/")
                party = f"{owner}/{name}"
                # What is held has left where it was free, and has come to where it will be placed, not the reverse.
                if place == "available" and (not is_held or sign < 0):
                    free[party] += sign * one.amount
                elif place.split("/")[0] in {"delegated", "claim", "collateral"} and (not is_held or sign > 0):
                    placed[party] += sign * one.amount
    cut, whole = HAIRCUT
    return {party: max(placed[party] - (free[party] + placed[party]) * (whole - cut) // whole, 0) for party in OWNERS}


class Days(RuleBasedStateMachine):
    """Everybody does anything; the custodian lets through what it may."""

    lend: ClassVar[Lender]
    seen: ClassVar[Counter[str]] = Counter()

    @initialize(standing=st.sampled_from(Standing))
    def begin(self, standing: Standing) -> None:
        self.place = self.lend()
        self.opened = cast_at(self.place.__enter__(), standing)
        self.cast = self.opened.__enter__()
        chart = Chart("USDC")
        self.cast.books.open_accounts([chart.fees(), *(chart.delegated(c, "north") for c in ("fund", "hedger"))])
        self.cast.books.open_accounts([chart.venue_collateral("north"), chart.omnibus("north"), chart.pool("north")])
        self.cast.books.open_accounts([chart.claim(c, "north") for c in ("fund", "hedger")])
        self.names = 0
        self.may_grow = ""
        for owner, units in zip(OWNERS, (270, 200, 150), strict=True):
            self.cast.deposited(self.name(), 300, owner)
            self.cast.delegated(self.name(), units, owner)
        self.excess = self.recounted()

    def teardown(self) -> None:
        assert self.cast.register.verify() == []
        assert self.cast.books.verify() == []
        self.opened.__exit__(None, None, None)
        self.place.__exit__(None, None, None)

    def name(self) -> str:
        self.names += 1
        return f"m{self.names}"

    def recounted(self) -> dict[str, int]:
        return excess_by_owner([one.transfer for one in self.cast.books.transfers(limit=1 << 20)])

    def count(self, word: str, answer: Answer) -> None:
        done = answer.ok and (answer.movement is None or answer.movement.state != "refused")
        self.seen[f"{word} {'done' if done else 'refused'}"] += 1

    def open_movements(self) -> list[Movement]:
        return [
            one.movement
            for one in self.cast.register.movements(limit=10_000)
            if not is_final(one.movement.intent.lifecycle, one.movement.state)
        ]

    # -- what is asked for -----------------------------------------------------------------------------------------

    @rule(
        word=st.sampled_from(WORDS),
        owner=st.sampled_from(OWNERS),
        venue=st.sampled_from(VENUES),
        share=st.sampled_from(SHARES),
        cut=st.booleans(),
    )
    def ask(self, word: str, owner: str, venue: str, share: tuple[int, int], cut: bool) -> None:
        """Some of what would be allowed, all of it, one more, or much more; perhaps twice, where the first was lost."""
        coverage = self.cast.register.coverage(owner, "USDC")
        own = owner.partition("/")[2] if owner == NORTH else venue
        most = {
            "deposit": 40,
            "delegate": coverage.delegable_units,
            "withdraw": coverage.withdrawable_units,
        }.get(word, self.cast.register.recallable_units(owner, own, "USDC"))
        units = max(most * share[0] + share[1], 1)
        name = self.name()
        self.cast.nonces += 1
        nonce = self.cast.nonces

        def once() -> Answer:
            self.cast.nonces = nonce
            calls: dict[str, Callable[[], Answer]] = {
                "deposit": lambda: self.cast.observe(name, units, owner),
                "delegate": lambda: self.cast.delegate(name, units, owner, own),
                "recall": lambda: self.cast.recall(name, units, owner, own),
                "move": lambda: self.cast.move(name, units, owner, own, VENUES[own == "north"]),
                "withdraw": lambda: self.cast.withdraw(name, units, owner),
            }
            return calls[word]()

        if cut:
            self.lost(once)
        answer = once()
        self.count(word, answer)
        asked = answer.movement
        if asked is not None and word in {"delegate", "move", "withdraw"} and asked.holds:
            assert self.recounted()[owner] == 0, f"{word} of {units} leaves more delegated than is covered"

    def lost(self, call: Callable[[], Answer]) -> None:
        """The call is made, and the machine stops before the end of its transaction."""
        before = self.record()
        with suppress(_PowerCutError), self.cast.database.transaction() as tx:
            self.cast.tx = tx
            self.count("lost", call())
            self.cast.tx = None
            raise _PowerCutError
        assert self.record() == before

    def record(self) -> tuple[object, ...]:
        head = self.cast.books.head()
        return head, self.cast.register.movements(limit=10_000), self.cast.register.events(limit=10_000)

    # -- what others do --------------------------------------------------------------------------------------------

    @rule(dice=st.randoms(use_true_random=False), cuts=st.lists(st.booleans(), min_size=1, max_size=4))
    def tell(self, dice: random.Random, cuts: list[bool]) -> None:
        """Some acts, listed most of the time."""
        for cut in cuts:
            waiting = self.open_movements()
            if waiting:
                kind = dice.choice(sorted({one.intent.lifecycle for one in waiting}))
                self.tell_of(dice.choice([one for one in waiting if one.intent.lifecycle is kind]), dice, cut)

    def tell_of(self, movement: Movement, dice: random.Random, cut: bool) -> None:
        rows = from_state(movement.intent.lifecycle, movement.state)
        outside = [row.act for row in rows if row.act not in {Act.TIME_OUT, Act.RESERVE}]
        act = dice.choice([*outside, *outside, *outside, Act.SEND])
        confirmations = dice.choice([1, 3, 4, 4]) if act is Act.CONFIRM else 0
        if cut:
            self.lost(lambda: self.cast.tell(movement.id, act, "word", confirmations))
        answer = self.cast.tell(movement.id, act, "word", confirmations)
        self.seen[f"{act} {'done' if answer.ok else 'refused'}"] += 1

    @rule(later_s=st.sampled_from(PAUSES_S), looks=st.booleans())
    def let_time_pass(self, later_s: int, looks: bool) -> None:
        self.cast.now_s += later_s
        if looks:
            for answer in self.cast.custodian.tick(self.cast.now_s):
                for event in answer.events:
                    self.seen[f"tick {event.act}"] += 1

    @rule(
        owner=st.sampled_from(OWNERS),
        venue=st.sampled_from(VENUES),
        units=st.sampled_from(LIENS),
        halted=st.sampled_from([False, False, True]),
    )
    def stand_in_the_way(self, owner: str, venue: str, units: int, halted: bool) -> None:
        own = "north" if owner == NORTH else venue
        self.cast.custodian.keep((owner, own, "USDC"), Block.CALL_OPEN, units, self.cast.now_s)
        self.cast.custodian.halt(venue, halted, self.cast.now_s)

    # -- settlements and fees, which the custodian does not ask about ----------------------------------------------

    @rule(
        client=st.sampled_from([FUND, HEDGER]),
        gains=st.booleans(),
        units=st.sampled_from(GAINS),
        ends=st.sampled_from(ENDS),
    )
    def settle(self, client: str, gains: bool, units: int, ends: Kind) -> None:
        """Between a client's compartment at the one venue that has collateral, at once or held first."""
        name, own, kind = self.name(), f"USDC/{client}", Kind.POSTED if ends is Kind.POSTED else Kind.PENDING
        ways = [("USDC/venue/north/collateral", f"{own}/delegated/north")]
        if self.cast.standing is Standing.POOLED:
            ways = [
                ("USDC/venue/north/collateral", "USDC/venue/north/omnibus"),
                ("USDC/venue/north/pool", f"{own}/claim/north"),
            ]
        legs = [
            Transfer(f"{name}/{number}", *(way if gains else way[::-1]), units, Reason.SETTLEMENT, kind)
            for number, way in enumerate(ways)
        ]
        self.may_grow = client if gains else NORTH
        outcomes = self.cast.books.post(linked(*legs), self.cast.now_s)
        if kind is Kind.PENDING and all(outcome.ok for outcome in outcomes):
            end = complete if ends is Kind.POST else cancel
            outcomes += self.cast.books.post(end(legs, self.cast.now_s), self.cast.now_s)
        word = "gain" if gains else "loss"
        self.seen[f"{word} {'done' if all(outcome.ok for outcome in outcomes) else 'refused'}"] += 1

    @rule(owner=st.sampled_from(OWNERS), units=st.sampled_from([1, 5]))
    def charge(self, owner: str, units: int) -> None:
        fee = Transfer(self.name(), f"USDC/{owner}/available", "USDC/fees", units, Reason.CUSTODY_FEE)
        self.may_grow = owner
        self.cast.books.post([fee], self.cast.now_s)

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def the_excess_grows_by_gains_and_fees_alone(self) -> None:
        excess = self.recounted()
        for owner in OWNERS:
            assert owner == self.may_grow or excess[owner] <= self.excess[owner]
            assert self.cast.register.coverage(owner, "USDC").excess_units == excess[owner]
            self.seen["in excess"] += excess[owner] > 0
        self.excess, self.may_grow = excess, ""

    @invariant()
    def what_is_owed_is_what_is_held(self) -> None:
        totals = self.cast.books.all_totals()
        assert sum(one.balance for one in totals.values()) == 0
        for name, one in totals.items():
            if "vault" not in name and "pool" not in name:
                assert one.spendable >= 0, name

    # -- by dice of our own ----------------------------------------------------------------------------------------

    def walk(self, dice: random.Random) -> None:
        """One day, every step as likely as its weight here says; what everybody does most is ask and answer."""
        self.begin(dice.choice(list(Standing)))
        for _ in range(STEPS_A_DAY):
            steps = [self.asked, self.told, self.passed, self.barred, self.settled, self.charged]
            dice.choices(steps, (30, 40, 12, 10, 5, 3))[0](dice)
            self.the_excess_grows_by_gains_and_fees_alone()
            self.what_is_owed_is_what_is_held()
        self.teardown()

    def asked(self, dice: random.Random) -> None:
        self.ask(dice.choice(WORDS), dice.choice(OWNERS), dice.choice(VENUES), dice.choice(SHARES), dice.random() < 0.2)

    def told(self, dice: random.Random) -> None:
        self.tell(dice, [dice.random() < 0.2 for _ in range(dice.randint(1, 3))])

    def passed(self, dice: random.Random) -> None:
        if dice.random() < 0.3:  # What stood in the way mostly goes away before what waited for it does.
            for owner, venue in product(OWNERS, VENUES):
                self.stand_in_the_way(owner, venue, 0, halted=False)
        self.let_time_pass(dice.choice(PAUSES_S), dice.random() < 0.7)

    def barred(self, dice: random.Random) -> None:
        """What is barred is asked for all the same."""
        owner, venue = dice.choice(OWNERS), dice.choice(VENUES)
        self.stand_in_the_way(owner, venue, dice.choice([20, 1_000]), halted=dice.random() < 0.3)
        self.ask("recall", owner, venue, (1, 0), cut=False)

    def settled(self, dice: random.Random) -> None:
        self.settle(dice.choice([FUND, HEDGER]), dice.random() < 0.5, dice.choice(GAINS), dice.choice(ENDS))

    def charged(self, dice: random.Random) -> None:
        self.charge(dice.choice(OWNERS), dice.choice([1, 5]))


EXPECTED = [
    *(
        f"{word} {end}"
        for word in ("delegate", "recall", "move", "withdraw", "loss", "gain")
        for end in ("done", "refused")
    ),
    *(f"{act} done" for act in ("confirm", "acknowledge", "refuse", "release", "decline", "send", "fail", "drop")),
    *(f"{word} done" for word in ("deposit", "lost")),
    *(f"tick {act}" for act in ("time_out", "reserve")),
    "send refused",
    "in excess",
]
OFTEN = ["delegate done", "move refused", "withdraw refused", "confirm done", "lost done", "gain done", "in excess"]


@pytest.fixture(params=["sqlite", "postgresql"])
def lender(request: pytest.FixtureRequest, tmp_path: Path) -> Lender:
    """A ledger with nothing but its tables for every day."""
    if request.param == "sqlite":
        return files(tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres")
    empty = server.fresh()
    with cast_at(server.url(empty)):
        pass

    @contextmanager
    def on_the_server() -> Iterator[str]:
        name = server.fresh(template=empty)
        yield server.url(name)
        server.drop(name)

    return on_the_server


def files(folder: Path) -> Lender:
    with cast_at(str(folder / "empty.sqlite")):
        pass

    @contextmanager
    def in_a_file() -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=folder) as own:
            yield str(shutil.copy(folder / "empty.sqlite", own))

    return in_a_file


def test_nothing_is_ever_delegated_twice(lender: Lender, request: pytest.FixtureRequest) -> None:
    class OnThisDatabase(Days):
        lend = staticmethod(lender)
        seen: ClassVar[Counter[str]] = Counter()

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=SOUGHT[request.node.callspec.params["lender"]],
            stateful_step_count=STEPS_A_DAY,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert OnThisDatabase.seen["delegate done"]


def test_nothing_is_delegated_twice_on_days_in_which_everything_happens(
    lender: Lender, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["lender"]

    class OnThisDatabase(Days):
        lend = staticmethod(lender)
        seen: ClassVar[Counter[str]] = Counter()

    dice = random.Random(20260205)
    for _ in range(WALKED[kind]):
        OnThisDatabase().walk(dice)
    expected = EXPECTED if kind == "sqlite" else OFTEN
    assert [word for word in expected if not OnThisDatabase.seen[word]] == []
