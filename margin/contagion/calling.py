"""Margin calls while they run: opened at a breach, answered late or never, ended by health, deadline or a deeper fall.

What answers a call is brought from outside, or moved from the client's account at another venue where custody lets it:
static delegations cannot move, pooled collateral moves as slowly as a withdrawal and a deposit, delegations move at the
custodian's speed (specs/contagion.md §5.4, §5.5).
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.books import Books
from margin.contagion.channels import Channels
from margin.contagion.closing import Flags
from margin.contagion.draws import Floats, Whole
from margin.contagion.free import INITIAL_OVER_MAINTENANCE, free_units
from margin.contagion.population import Indexes
from margin.contagion.regimes import Custody, Regime
from margin.contagion.scan import Prices, standings
from margin.contagion.watch import Breaches, Watch

NO_CALL = -1


@dataclass(slots=True)
class Calls:
    """`deadline_s` by account, NO_CALL without one.

    `arriving`: (account, µ$, account it leaves or -1), by UTC seconds divided by a step's.
    """

    a: Assumptions
    regime: Regime
    channels: Channels
    books: Books
    deadline_s: Whole = field(init=False)
    arriving: dict[int, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    opened: int = 0
    brought_at: list[int] = field(default_factory=list)
    _delay_s: Floats = field(init=False)
    _alone: Flags = field(init=False)
    _in_call: Indexes = field(default_factory=lambda: np.zeros(0, np.int32))
    _fresh: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        accounts, clients = self.books.population.accounts, self.books.population.clients
        self.deadline_s = np.full(len(accounts), NO_CALL, np.int64)
        fast, slow = self.a["call.fast_delay_s"], self.a["call.slow_delay_s"]
        spread = slow - fast if Channels.OUTAGE in self.channels else 0.0
        self._delay_s = fast + spread * clients.delay[accounts.client]
        client = accounts.client
        self._alone = (np.diff(client, prepend=-1) != 0) & (np.diff(client, append=-1) != 0)

    def look(self, found: Breaches, now_s: int, step_s: int, prices: Prices) -> Indexes:
        """Open calls for new breaches; which accounts are to be liquidated now."""
        deadline = self.deadline_s[found.account]
        fresh = deadline == NO_CALL
        grace_s, kappa = int(self.a["call.grace_s"]), self.a["call.acceleration"]
        deep = found.equity < kappa * found.needed
        for place in np.flatnonzero(fresh & ~deep):
            self._open(int(found.account[place]), found, int(place), now_s + grace_s, step_s, now_s, prices)
        late = ~fresh & (deadline <= now_s)
        return np.asarray(found.account[deep | late])

    def begin(self, account: int, deadline_s: int) -> None:
        """From now on it is in call."""
        self.deadline_s[account] = deadline_s
        self._fresh.append(account)

    def close_healthy(self, prices: Prices) -> None:
        """End the calls of accounts that have maintenance margin again, or nothing left."""
        open_ = self.in_call()
        if len(open_):
            equity, needed = standings(open_, self.books.rows, prices)
            healthy = equity >= needed
            self.deadline_s[open_[healthy]] = NO_CALL
            self._in_call = open_[~healthy]

    def in_call(self) -> Indexes:
        """Accounts with a call, rising."""
        if self._fresh:
            self._in_call = np.union1d(self._in_call, np.array(self._fresh, np.int32)).astype(np.int32)
            self._fresh.clear()
        return self._in_call

    def idle_elsewhere(self, prices: Prices) -> int:
        """What clients in call have beyond initial margin at other venues, each account once (µ$)."""
        here = self.in_call()
        others = {other for account in here[~self._alone[here]] for other in self._siblings(int(account))}
        return sum(self._spare(other, prices) for other in others - set(here.tolist()))

    def _open(
        self, account: int, found: Breaches, place: int, deadline_s: int, step_s: int, now_s: int, prices: Prices
    ) -> None:
        self.begin(account, deadline_s)
        self.opened += 1
        lacking = INITIAL_OVER_MAINTENANCE * int(found.needed[place]) - int(found.equity[place])
        due = (now_s + int(self._delay_s[account])) // step_s + 1
        for other in self._others(account):
            if lacking > 0 and (spare := self._spare(other, prices)) > 0:
                part = min(spare, lacking)
                self.arriving[self._move_due(account, now_s, step_s)].append((account, part, other))
                lacking -= part
        client = self.books.population.accounts.client[account]
        part = min(lacking, int(self.books.outside[client]))
        if part > 0:
            self.books.outside[client] -= part  # promised: it cannot answer two calls
            self.arriving[due].append((account, part, -1))

    def _others(self, account: int) -> list[int]:
        """The client's accounts at other venues from which something can move."""
        return [] if self.regime.custody is Custody.SEGREGATED_STATIC else self._siblings(account)

    def _siblings(self, account: int) -> list[int]:
        """The other accounts of the same client."""
        client = self.books.population.accounts.client
        first, stop = account, account + 1
        while first > 0 and client[first - 1] == client[account]:
            first -= 1
        while stop < len(client) and client[stop] == client[account]:
            stop += 1
        return [one for one in range(first, stop) if one != account]

    def _spare(self, account: int, prices: Prices) -> int:
        return int(free_units(self.books, prices, self.regime, np.array([account], np.int32))[0])

    def _move_due(self, account: int, now_s: int, step_s: int) -> int:
        fast = self.regime.custody is Custody.SEGREGATED_MULTI_VENUE or Channels.OUTAGE not in self.channels
        delay = self.a["call.fast_delay_s"] if fast else self.a["call.slow_delay_s"]
        return int(now_s + delay) // step_s + 1

    def arrive(self, step: int, up: Flags, prices: Prices, watch: Watch) -> int:
        """What is due and can be booked: `up` says by venue whether it can. The rest waits a step. µ$ from outside."""
        outside = 0
        touched = []
        for account, units, source in self.arriving.pop(step, []):
            rows = self.books.rows
            if self.books.defaulted[rows.venue[account]]:
                if source < 0:
                    self.books.outside[self.books.population.accounts.client[account]] += units
                continue
            if not up[rows.venue[account]]:
                self.arriving[step + 1].append((account, units, source))
                continue
            if source >= 0:
                given = min(units, self._spare(source, prices))
                self.books.take(np.array([source], np.int32), np.array([given], np.int64))
                touched.append(source)
            else:
                given = units
                self.books.brought_units += given
                outside += given
            rows.principal[account] += given
            touched.append(account)
        if touched:
            watch.touched(np.array(touched, np.int32))
        self.brought_at.append(outside)
        return outside
