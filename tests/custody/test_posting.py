"""Three ways to post the same: by the fast twin, by the plain rules alone, and as columns; they must never differ.

Random batches go to three ledgers, which grow over all examples; each example has accounts and ids of its own. Whether
an answer is right is for `test_ledger` and `test_model` to say: here it only has to be the same.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from custody import posting
from custody.accounts import Account, Code, Limit
from custody.books import Books
from custody.columns import Columns, codes_of
from custody.database import Database, open_database
from custody.journal import Place, Recorded, checksum_of, encoded
from custody.money import MAX_UNITS
from custody.transfers import Kind, Outcome, Reason, Refusal, Transfer
from scripts.postgres_server import PostgresServer

EXAMPLES = 300
ACCOUNTS = {
    "V": (Code.VAULT, Limit.CREDITS_WITHIN_DEBITS, "USDC"),
    "A": (Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS, "USDC"),
    "D": (Code.DELEGATED, Limit.DEBITS_WITHIN_CREDITS, "USDC"),
    "S": (Code.SUSPENSE, Limit.NONE, "USDC"),
    "T": (Code.SUSPENSE, Limit.NONE, "USDC"),
    "B": (Code.AVAILABLE, Limit.NONE, "BTC"),
    "C": (Code.AVAILABLE, Limit.NONE, "USDC"),
    "K": (Code.AVAILABLE, Limit.NONE, "USDC"),
    "E": (Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS, "USDC"),
}
CLOSED, EMPTY, NO_KEY = ("C", "K"), "E", 10**9

# -- what is said ------------------------------------------------------------------------------------------------------

WAYS = [
    *(
        "VA",
        "VA",
        "AD",
        "AD",
        "DA",
        "DA",
        "ST",
        "ST",
        "ST",
        "TS",
        "SA",
        "AS",
        "AV",
        "AV",
        "SV",
        "SV",
        "TV",
        "TV",
        "VS",
        "VE",
    ),
    *("AB", "BA", "AC", "CA", "CK", "XA", "AX", "AA"),
]
AMOUNTS = [1, 5, 40, 60, 100, 101, 0, -1, MAX_UNITS, 2**62, MAX_UNITS + 1]
IDS = [f"t{number}" for number in range(8)]


def plain_ones(ids: Sequence[str]) -> st.SearchStrategy[Transfer]:
    """Mostly what the fast twin can judge."""
    return st.builds(
        lambda name, way, amount, reason, how, reference: Transfer(
            name, way[0], way[1], amount, reason, how[0], "", False, reference, *how[1:]
        ),
        st.sampled_from(ids),
        st.sampled_from(WAYS),
        st.sampled_from([*AMOUNTS[:6] * 3, 0, MAX_UNITS, MAX_UNITS, 2**62]),
        st.sampled_from([Reason.DEPOSIT, Reason.RECALL]),
        st.sampled_from(
            [*[(Kind.POSTED, 0, 0), (Kind.PENDING, 0, 0), (Kind.PENDING, 2, 50)] * 5, (Kind.PENDING, 9, 9)]
        ),
        st.sampled_from([*["", "", "wire", "é"] * 4, "wire\0"]),
    )


odd_ones = st.builds(
    lambda name, way, amount, kind, pending_id, linked, times: Transfer(
        name, way.strip(" ")[:1], way.strip(" ")[1:], amount, Reason.DEPOSIT, kind, pending_id, linked, "", *times
    ),
    st.sampled_from([*IDS, "a*b", "", "y" * 65]),
    st.sampled_from([*WAYS, " ", " ", " "]),
    st.sampled_from([0, 0, 0, 1, *AMOUNTS]),
    st.sampled_from([Kind.POST, Kind.POST, Kind.VOID, Kind.PENDING, Kind.POSTED]),
    st.sampled_from(["", *IDS]),
    st.sampled_from([False, False, True]),
    st.sampled_from([(0, 0), (0, 0), (2, 5), (9, 50), (9, 9), (9, 9), (9, 0)]),
)


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[int, list[Transfer]]]:
    """Batches with the time at which each is posted; some of it has been said before, exactly or nearly so."""
    said: list[Transfer] = []
    batches: list[tuple[int, list[Transfer]]] = []
    for number in range(draw(st.integers(1, 3))):
        fresh = [f"f{number}-{index}" for index in range(12)]
        style = draw(st.sampled_from(["fresh", "plain", "odd", "mixed", "hold"]))
        batch = draw(st.lists(STYLES[style](fresh), min_size=1, max_size=5))
        if style in {"fresh", "hold"}:
            batch = [replace(one, id=name) for one, name in zip(batch, fresh, strict=False)]
        for change in draw(st.lists(st.sampled_from([{}, {}, *CHANGES]), max_size=3)) if said else ():
            again = replace(draw(st.sampled_from(said)), **change)
            batch.insert(draw(st.integers(0, len(batch))), again)
        said += batch
        batches.append((draw(st.sampled_from([3, 7, 60])), batch))
        if style == "hold":
            ends = [ended(draw, one) for one in batch]
            again = [
                replace(one, id=f"{one.id}/again", pending_id=draw(st.sampled_from([one.pending_id, one.id])))
                for one in ends[:2]
            ]
            batches.append((7, ends + again))
            said += batches[-1][1]
    return batches


CHANGES: list[dict[str, Any]] = [
    {"amount": 2}, {"reason": Reason.TOP_UP}, {"reference": "other"}, {"occurred_at_s": 1}, {"expires_at_s": 70},
    {"debit_account": "T"}, {"credit_account": "T"}, {"kind": Kind.PENDING}, {"pending_id": "t1"},
]  # fmt: skip
STYLES: dict[str, Callable[[Sequence[str]], st.SearchStrategy[Transfer]]] = {
    "fresh": plain_ones,
    "plain": lambda _fresh: plain_ones(IDS),
    "odd": lambda _fresh: odd_ones,
    "mixed": lambda fresh: plain_ones([*fresh, *IDS]) | odd_ones,
    "hold": lambda fresh: st.builds(
        lambda name, amount, expires: Transfer(
            name, "S", "D", amount, Reason.RECALL, Kind.PENDING, expires_at_s=expires
        ),
        st.sampled_from(fresh),
        st.sampled_from([1, 5, 40]),
        st.sampled_from([0, 0, 6]),
    ),
}


def changed(change: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The change with an account's name as it is in one example."""
    return {name: prefix + value if name.endswith("account") else value for name, value in change.items()}


def ended(draw: st.DrawFn, held: Transfer) -> Transfer:
    kind = draw(st.sampled_from([Kind.POST, Kind.VOID]))
    way = draw(st.sampled_from([("S", "D"), ("S", "D"), ("", ""), ("T", "D"), ("S", "T")]))
    amount = draw(st.sampled_from([0, held.amount, held.amount, held.amount - 1, held.amount + 1]))
    return Transfer(f"{held.id}/end", *way, amount, Reason.RECALL, kind, held.id)


# -- the three ledgers -------------------------------------------------------------------------------------------------


@dataclass
class Ways:
    """Three ledgers that hear the same, and what became of it."""

    place: Callable[[str], str]
    databases: list[Database] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    examples: int = 0

    def open(self) -> None:
        """Begin with new ledgers: where they have come apart, they stay apart."""
        self.close()
        self.examples = 0
        self.databases = [open_database(self.place(name)) for name in ("fast", "plain", "columns")]
        self.all = [Books(database) for database in self.databases]
        self.fast, self.plain, self.columns = self.all

    def close(self) -> None:
        for database in self.databases:
            database.close()

    def begin(self) -> str:
        """Open accounts under a new prefix, one of them closed again."""
        self.examples += 1
        prefix = f"{self.examples}/"
        opened = [Account(prefix + name, asset, code, limit) for name, (code, limit, asset) in ACCOUNTS.items()]
        deposit = Transfer(f"{prefix}deposit", f"{prefix}V", f"{prefix}A", 100, Reason.DEPOSIT)
        for books, database in zip(self.all, self.databases, strict=True):
            with database.transaction() as tx:
                books.open_accounts(opened, tx)
                assert all(one.ok for one in books.close_accounts([prefix + name for name in CLOSED], 1, tx))
                assert books.post_in(tx, [deposit], 1) == [Outcome(deposit.id)]
        return prefix

    def post(self, batch: list[Transfer], now_s: int) -> None:
        self.judged.clear()
        outcomes = self.fast.post(batch, now_s)
        self.seen["fell back" if len(self.judged) == 2 else "fast" if self.judged["kernel"] else "plain"] += 1
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(posting, "_are_plain", lambda _transfers: False)
            assert self.plain.post(batch, now_s) == outcomes
        said = columns_of(batch, self.key_of)
        if said is None:
            assert self.columns.post(batch, now_s) == outcomes
        else:
            self.seen["columns"] += 1
            assert self.columns.post_columns(said, now_s).tolist() == codes_of(outcomes).tolist()
        self.seen.update(outcome.refusal or ("repeated" if outcome.repeated else "applied") for outcome in outcomes)

    def key_of(self, name: str) -> int:
        """Keys count from 1 in the order of opening; nobody's key for an account that there is not."""
        place = list(ACCOUNTS).index(name[-1]) if name[-1] in ACCOUNTS else NO_KEY
        return (self.examples - 1) * len(ACCOUNTS) + place + 1

    def end(self, prefix: str) -> None:
        """Close the account that may be empty, and compare every row of this example: counters, checksums, seals."""
        answers = [books.close_accounts([prefix + EMPTY], 100)[0] for books in self.all]
        assert answers[0] == answers[1] == answers[2]
        self.seen["closed"] += answers[0].ok
        rows = [rows_of(database, self.examples) for database in self.databases]
        assert rows[0] == rows[1] == rows[2]


def rows_of(database: Database, example: int) -> list[tuple[Any, ...]]:
    """What stands in the three tables since the example began."""
    first = (example - 1) * len(ACCOUNTS)
    behind = "> coalesce((SELECT max(position) FROM seal WHERE accounts <= :first), 0)"
    with database.snapshot() as reader:
        rows = list(reader.execute(text("SELECT * FROM account WHERE key > :first ORDER BY key"), {"first": first}))
        for table in ("transfer", "seal"):
            asked = text(f"SELECT * FROM {table} WHERE position {behind} ORDER BY position")
            rows += reader.execute(asked, {"first": first})
    return [tuple(row) for row in rows]


def columns_of(batch: list[Transfer], key_of: Callable[[str], int]) -> Columns | None:
    """The batch in columns, a column of one value as that value; None where an array cannot say it."""
    if any(one.amount > MAX_UNITS or not (one.debit_account and one.credit_account) for one in batch):
        return None

    def once(column: list[Any]) -> Any:
        if len(set(column)) == 1:
            return column[0]
        return column if isinstance(column[0], str) else np.array(column, dtype=np.int64)

    return Columns(
        [one.id for one in batch],
        np.array([key_of(one.debit_account) for one in batch], dtype=np.int64),
        np.array([key_of(one.credit_account) for one in batch], dtype=np.int64),
        np.array([one.amount for one in batch], dtype=np.int64),
        once([one.reason for one in batch]),
        once([one.kind for one in batch]),
        once([one.reference for one in batch]),
        once([one.occurred_at_s for one in batch]),
        once([one.expires_at_s for one in batch]),
        [one.pending_id for one in batch] if any(one.pending_id for one in batch) else None,
        np.array([one.linked for one in batch]) if any(one.linked for one in batch) else None,
    )


def placed(one: Transfer, prefix: str) -> Transfer:
    """The same among the accounts and ids of one example."""
    debit, credit, pending = one.debit_account, one.credit_account, one.pending_id
    return replace(
        one,
        id=one.id if one.id in {"", "y" * 65} else prefix + one.id,
        debit_account=debit and prefix + debit,
        credit_account=credit and prefix + credit,
        pending_id=pending and prefix + pending,
    )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ledgers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    def place(name: str) -> str:
        if request.param == "sqlite":
            return str(tmp_path_factory.mktemp("ways") / f"{name}.sqlite")
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.url(server.fresh(template="ledger"))

    made = Ways(place)
    made.open()
    yield made
    made.close()


@pytest.fixture
def ways(ledgers: Ways) -> Iterator[Ways]:
    yield ledgers
    if len({books.head() for books in ledgers.all}) > 1:
        ledgers.open()


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the kernel was asked, and how often the plain rules."""
    asked = Counter[str]()
    admit, post_plainly = posting.admit, posting.post_plainly

    def kernel(*said: Any) -> Any:
        asked["kernel"] += 1
        return admit(*said)

    def plain(*said: Any) -> Any:
        asked["plain"] += 1
        return post_plainly(*said)

    monkeypatch.setattr(posting, "admit", kernel)
    monkeypatch.setattr(posting, "post_plainly", plain)
    return asked


ANSWERED_AT_ONCE = [
    ("fast", "VA 5"),
    ("fast", "VA 5 AD 200 XA 1 AV 3"),
    ("fast", ""),
    ("fell back", "AV 100 again"),
    ("fell back", "AV 100 VA 1 again"),
    ("fell back", "VA 5 deposit"),
    ("fell back", "AV 100 deposit"),
    ("plain", "AA 5"),
    ("plain", "VA 0"),
]
"""What is posted to books in which 100 were deposited, and by whom it is judged in the end."""


@pytest.mark.parametrize(("way", "words"), ANSWERED_AT_ONCE)
def test_the_plain_rules_decide_whatever_the_fast_twin_cannot(
    ways: Ways, judged: Counter[str], way: str, words: str
) -> None:
    prefix = ways.begin()
    judged.clear()
    batch: list[Transfer] = []
    steps = iter(words.split())
    for step in steps:
        if step == "again":
            batch.append(batch[0])
        elif step == "deposit":
            batch.append(Transfer("deposit", "V", "A", 100, Reason.DEPOSIT))
        else:
            batch.append(Transfer(f"n{len(batch)}", step[0], step[1], int(next(steps)), Reason.DEPOSIT))
    ways.fast.post([placed(one, prefix) for one in batch], 9)
    assert judged == {"fast": {"kernel": 1}, "fell back": {"kernel": 1, "plain": 1}, "plain": {"plain": 1}}[way]
    for books in ways.all[1:]:
        books.post([placed(one, prefix) for one in batch], 9)
    ways.end(prefix)


@pytest.mark.parametrize("again", ["known before", "known within", "known refused"])
def test_a_repeat_that_there_would_be_no_room_for_is_a_repeat(ways: Ways, again: str) -> None:
    """The fast twin sees only that the account is empty: it must ask who said so."""
    prefix = ways.begin()
    spend = Transfer("spend", "A", "V", 100, Reason.WITHDRAWAL)
    expected = [Outcome(f"{prefix}spend"), Outcome(f"{prefix}spend", None, True)]
    first = placed(spend, prefix)
    if again == "known within":
        ways.post([first, first], 9)
        assert ways.fast.post([first], 9) == expected[1:]
    elif again == "known before":
        ways.post([first], 9)
        ways.post([first], 9)
        assert ways.fast.post([first], 9) == expected[1:]
    else:
        ways.post([first], 9)
        ways.post([replace(first, amount=99), placed(replace(spend, id="n"), prefix)], 9)
        answers = ways.fast.post([replace(first, amount=99), placed(replace(spend, id="n"), prefix)], 9)
        assert [one.refusal for one in answers] == [Refusal.EXISTS_WITH_DIFFERENT_AMOUNT, Refusal.EXCEEDS_AVAILABLE]
    ways.end(prefix)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 63, 65, 513, 1_100])
@pytest.mark.parametrize("taken", [None, 0, -1])
def test_a_batch_of_any_length_is_written_alike(ways: Ways, count: int, taken: int | None) -> None:
    """Rows go in by several statements: where the last of them finds an id taken, the first has to go back too."""
    prefix = ways.begin()
    made = [
        placed(Transfer(f"n{index}", "V", "A", index + 1, Reason.DEPOSIT, reference="é" * (index % 3)), prefix)
        for index in range(count)
    ]
    same = [replace(one, reference="", amount=7, id=f"{one.id}/same") for one in made]
    if taken is not None:
        ways.post([made[taken]], 9)
    for batch in (made, same):
        ways.post(batch, 9)
    assert ways.fast.totals(f"{prefix}A").credits_posted == 100 + 7 * count + count * (count + 1) // 2
    ways.end(prefix)


def test_however_it_is_posted_the_books_are_the_same(ways: Ways, judged: Counter[str]) -> None:
    ways.judged = judged

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(conversations(), st.lists(st.sampled_from([{}, *CHANGES]), min_size=1, max_size=2))
    def post_everywhere(batches: list[tuple[int, list[Transfer]]], changes: list[dict[str, Any]]) -> None:
        try:
            prefix = ways.begin()
            for now_s, batch in batches:
                ways.post([placed(one, prefix) for one in batch], now_s)
            last = ways.fast.transfers(after=ways.fast.head().position - 1)[0].transfer
            said = [replace(last, linked=False, **changed(change, prefix)) for change in changes]
            ways.post(said, 60)
            ways.end(prefix)
        except BaseException:
            ways.open()
            raise

    post_everywhere()
    assert [books.verify() for books in ways.all] == [[], [], []]
    journals = [books.transfers(limit=10**6) for books in ways.all]
    assert journals[0] == journals[1] == journals[2]
    positions = {one.transfer.id: one.position for one in journals[0]} | {"": 0}
    names = [account.id for account in ways.fast.accounts()]
    keys = dict(zip(names, ways.fast.keys(names).tolist(), strict=True))
    assert all(one.checksum == checksum_again(one, keys, positions) for one in journals[0])
    # Without this they could agree because one way was never gone, or one answer never given.
    asked = (*Refusal, "applied", "repeated", "fast", "fell back", "plain", "columns", "closed")
    assert {word for word in asked if not ways.seen[word]} == set()
    assert min(ways.seen["applied"], ways.seen["columns"]) > EXAMPLES
    assert min(ways.seen["fast"], ways.seen["plain"]) > EXAMPLES // 2


def checksum_again(one: Recorded, keys: dict[str, int], positions: dict[str, int]) -> int:
    """The checksum by `journal.encoded`, which the fast twin writes out for itself."""
    debit, credit = keys[one.transfer.debit_account], keys[one.transfer.credit_account]
    place = Place(one.position, debit, credit, positions[one.transfer.pending_id])
    return checksum_of(encoded(one.transfer, place))
