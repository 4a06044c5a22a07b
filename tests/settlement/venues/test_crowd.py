"""The crowd: a day has every kind of entry, the same seed brings the same day, and it is a day that adds up."""

from collections import Counter, defaultdict

from settlement.reports import EntryKind
from settlement.venues.crowd import Crowd
from settlement.venues.simulated import SimulatedVenue
from tests.settlement.venues.listing import EXPIRES_AT_MS, venue

ACCOUNTS = (0, 1, 2, 3)
START_MS = EXPIRES_AT_MS - 6 * 3_600_000


def a_day(seed: int) -> SimulatedVenue:
    made = venue()
    crowd = Crowd(made, ACCOUNTS, {"ETH": 3_000_000_000, "BTC": 90_000_000_000}, seed)
    for quarter in range(48):
        now_ms = START_MS + quarter * 900_000
        crowd.turn(now_ms)
        crowd.trade(20, now_ms)
    return made


def test_every_kind_happens_and_all_adds_up() -> None:
    made = a_day(1)
    kinds = Counter(entry.kind for entry in made.tape.entries())
    assert kinds.keys() == set(EntryKind)
    assert kinds[EntryKind.FILL] > 100
    assert kinds[EntryKind.EXPIRY] == 2
    sums: dict[int, int] = defaultdict(int)
    for (_, number), lots in made.books.holdings().items():
        sums[number] += lots
    assert set(sums.values()) == {0}
    assert sum(made.books.cash_units(account) for account in ACCOUNTS) == 0
    assert any(made.books.cash_units(account) for account in ACCOUNTS)


def test_the_same_seed_brings_the_same_day() -> None:
    first, second, other = (a_day(seed).tape.entries() for seed in (7, 7, 8))
    assert first == second
    assert first != other
