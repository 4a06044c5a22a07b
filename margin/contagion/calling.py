"""Margin calls while they run: opened at a breach, answered late or never, ended by health, deadline or a deeper fall.

What answers a call is brought from outside, or moved from the client's account at another venue where custody lets it:
static delegations cannot move, pooled collateral moves as slowly as a withdrawal and a deposit, delegations move at the
custodian's speed (specs/contagion.md §5.4, §5.5).
"""

from dataclasses import dataclass, field

import numpy as np

from margin.contagion.arriving import OUTSIDE, Lots, OnTheWay
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
    """`deadline_s` by account, NO_CALL without one; `arriving` answers them."""

    a: Assumptions
    regime: Regime
    channels: Channels
    books: Books
    deadline_s: Whole = field(init=False)
    arriving: OnTheWay = field(default_factory=OnTheWay)
    opened: int = 0
    brought_at: list[int] = field(default_factory=list)
    _delay_s: Floats = field(init=False)
    _alone: Flags = field(init=False)
    _in_call: Indexes = field(default_factory=lambda: np.zeros(0, np.int32))
    _fresh: list[Indexes] = field(default_factory=list)

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
        opened = np.flatnonzero(fresh & ~deep)
        if len(opened):
            self.begin(found.account[opened], now_s + grace_s)
            self.opened += len(opened)
            lacking = INITIAL_OVER_MAINTENANCE * found.needed[opened] - found.equity[opened]
            self._ask(found.account[opened], lacking, now_s, step_s, prices)
        late = ~fresh & (deadline <= now_s)
        return np.asarray(found.account[deep | late])

    def begin(self, accounts: Indexes, deadline_s: int) -> None:
        """From now on they are in call."""
        self.deadline_s[accounts] = deadline_s
        self._fresh.append(accounts)

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
            self._in_call = np.union1d(self._in_call, np.concatenate(self._fresh)).astype(np.int32)
            self._fresh.clear()
        return self._in_call

    def idle_elsewhere(self, prices: Prices) -> int:
        """What clients in call have beyond initial margin at other venues, each account once (µ$)."""
        here = self.in_call()
        others = {other for account in here[~self._alone[here]] for other in self._siblings(int(account))}
        return sum(self._spare(other, prices) for other in others - set(here.tolist()))

    def _ask(self, accounts: Indexes, lacking: Whole, now_s: int, step_s: int, prices: Prices) -> None:
        """What clients answer: moved from where they have it, as far as custody lets it; the rest from outside."""
        for place in np.flatnonzero(~self._alone[accounts]):
            lacking[place] -= self._moved(int(accounts[place]), int(lacking[place]), now_s, step_s, prices)
            self._bring(accounts[[place]], lacking[[place]], now_s, step_s)  # before the client's next account asks
        alone = self._alone[accounts]
        self._bring(accounts[alone], lacking[alone], now_s, step_s)

    def _moved(self, account: int, lacking: int, now_s: int, step_s: int, prices: Prices) -> int:
        """What is sent to it from its owner's other accounts, up to what it lacks; the sum."""
        sent = 0
        for other in self._others(account):
            if sent < lacking and (spare := self._spare(other, prices)) > 0:
                part = min(spare, lacking - sent)
                due = np.array([self._move_due(account, now_s, step_s)])
                lots = Lots(np.array([account], np.int32), np.array([part]), np.array([other], np.int32))
                self.arriving.send(due, lots)
                sent += part
        return sent

    def _bring(self, accounts: Indexes, lacking: Whole, now_s: int, step_s: int) -> None:
        """What they have outside is promised, and cannot answer two calls. No client may be named twice."""
        outside = self.books.outside
        client = self.books.population.accounts.client[accounts]
        part = np.minimum(lacking, outside[client])
        some = part > 0
        outside[client[some]] -= part[some]
        due = (now_s + self._delay_s[accounts[some]].astype(np.int64)) // step_s + 1
        source = np.full(len(due), OUTSIDE, np.int32)
        self.arriving.send(due, Lots(accounts[some], part[some], source))

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

    def arrive(self, step: int, up: Flags, prices: Prices, watch: Watch) -> None:
        """Book what is due where it can be: `up` says by venue whether it can. The rest waits a step."""
        lots, rows = self.arriving.due(step), self.books.rows
        venue = rows.venue[lots.account]
        gone = self.books.defaulted[venue]
        back = lots.of(gone & (lots.source == OUTSIDE))
        np.add.at(self.books.outside, self.books.population.accounts.client[back.account], back.units)
        waits = lots.of(~gone & ~up[venue])
        self.arriving.send(np.full(len(waits.account), step + 1), waits)
        here = lots.of(~gone & up[venue])
        brought = here.of(here.source == OUTSIDE)
        self.books.put(brought.account, brought.units)
        self.brought_at.append(int(brought.units.sum()))
        self.books.brought_units += self.brought_at[-1]
        moved = here.of(here.source != OUTSIDE)
        for account, units, source in zip(*moved, strict=True):
            given = np.array([min(int(units), self._spare(int(source), prices))])
            self.books.take(np.array([source]), given)
            self.books.put(np.array([account]), given)
        watch.touched(np.concatenate([here.account, moved.source]))
