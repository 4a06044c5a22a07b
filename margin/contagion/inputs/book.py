"""From the rows of a book to a population: canonical order, zero-sum, nobody outside; or everything that is wrong.

Clients are numbered in the order of their names, so that the order of rows means nothing. What longs and shorts do not
match is taken by the unlevered holders of each venue, as in a drawn population, and told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.inputs.accounts import MOST_UNITS, NO_POSITION, Line, Reader, disagreements
from margin.contagion.inputs.cells import Table
from margin.contagion.inputs.faults import Fault, FaultyError, shown
from margin.contagion.population import Accounts, Clients, Population, Positions, checked, closed
from margin.contagion.tiered import needed_units
from margin.contagion.venues import Venue

_MOST_TOGETHER = 10 * MOST_UNITS


@dataclass(frozen=True, slots=True)
class Book:
    """A population of a user's own; `accounts` are the names of its first ones, `below` those that start below
    maintenance margin, and `completed` (venue, symbol, lots) what the unlevered holders took, + long.
    """

    population: Population
    accounts: tuple[str, ...]
    below: tuple[str, ...]
    completed: tuple[tuple[str, str, int], ...]


def book_of(table: Table, a: Assumptions, venues: Sequence[Venue], weight: float) -> Book:
    """The book in these rows, each account standing for `weight`. Raises FaultyError with all that is wrong."""
    faults, every = list(table.faults), table.rows
    lines = Reader(a, venues).lines(table.header, every, faults)
    if not every and not faults:
        faults.append(Fault(1, "account", "expected at least one row after the header, found none"))
    faults += disagreements(lines)
    wrong = {one.number for one in faults}
    partly = {row.cells.get("account", "").strip() for row in every if row.number in wrong}
    groups = _accounts(lines)
    faults += [fault for group in groups if group[0].account not in partly for fault in _owing(group)]
    faults += [] if faults else [fault for group in groups for fault in _levered(group, a, venues[group[0].venue])]
    if not faults and _worth_units(groups, a) > _MOST_TOGETHER:
        faults.append(Fault(1, "position", f"all together are worth more than ${_MOST_TOGETHER // MICRO:,}"))
    if faults:
        raise FaultyError(faults)
    return _book(groups, a, venues, weight)


def _accounts(lines: Sequence[Line]) -> list[list[Line]]:
    """The rows of each account by instrument; accounts by client, venue and name, whatever the order of rows was."""
    ordered = sorted(lines, key=lambda one: (one.client, one.venue, one.account, one.which, one.number))
    return [list(group) for _, group in groupby(ordered, key=lambda one: (one.client, one.venue, one.account))]


def _cash_units(group: Sequence[Line]) -> int:
    return group[0].collateral_units + sum(one.gained_units for one in group)


def _owing(group: Sequence[Line]) -> list[Fault]:
    cash = _cash_units(group)
    if 0 <= cash <= MOST_UNITS:
        return []
    why = f"account {shown(group[0].account)} starts with ${cash / MICRO:,.6f}: collateral and gains since entry"
    return [
        Fault(min(one.number for one in group), "collateral", f"{why} are to be from 0 to ${MOST_UNITS // MICRO:,}")
    ]


def _levered(group: Sequence[Line], a: Assumptions, venue: Venue) -> list[Fault]:
    worth, cash = _worth_units([group], a) - _cash_units(group), _cash_units(group)
    if not venue.largest_leverage or worth <= venue.largest_leverage * cash:
        return []
    why = f"account {shown(group[0].account)} holds ${worth / MICRO:,.2f} with ${cash / MICRO:,.2f}"
    return [Fault(min(one.number for one in group), "collateral", f"{why}: at most {venue.largest_leverage} times it")]


def _worth_units(groups: Sequence[Sequence[Line]], a: Assumptions) -> int:
    notional = sum(abs(one.lots) * a.instruments[one.which].lot_units for group in groups for one in group)
    return notional + sum(map(_cash_units, groups))


def _book(groups: Sequence[Sequence[Line]], a: Assumptions, venues: Sequence[Venue], weight: float) -> Book:
    owners = {group[0].client: group[0] for group in groups}
    place = {client: number for number, client in enumerate(owners)}
    who = list(owners.values())
    clients = Clients(
        np.array([one.kind for one in who], np.int8), np.array([one.outside_units for one in who], np.int64),
        np.array([one.delay for one in who]), np.array([one.stop_ppm for one in who], np.int32),
        np.array([one.enters for one in who]), np.arange(len(who), dtype=np.int64),
    )  # fmt: skip
    accounts = Accounts(
        np.array([place[group[0].client] for group in groups], np.int32),
        np.array([group[0].venue for group in groups], np.int8),
        np.array([_cash_units(group) for group in groups], np.int64),
    )
    held = [[one for one in group if one.which != NO_POSITION] for group in groups]
    positions = Positions(
        np.cumsum([0, *map(len, held)]).astype(np.int32),
        np.array([one.which for group in held for one in group], np.int8),
        np.array([one.lots for group in held for one in group], np.int64),
    )
    symbols = tuple(one.symbol for one in a.instruments)
    lot_units = np.array([one.lot_units for one in a.instruments], np.int64)
    whole = checked(closed(symbols, lot_units, len(venues), weight, clients, accounts, positions))
    rest = whole.positions.lots[len(positions) :].reshape(len(venues), len(symbols))
    completed = tuple(
        (venues[at].name, symbols[which], int(rest[at, which])) for at, which in zip(*np.nonzero(rest), strict=True)
    )
    below = tuple(group[0].account for group in groups if _is_below(group, a, venues[group[0].venue]))
    return Book(whole, tuple(group[0].account for group in groups), below, completed)


def _is_below(group: Sequence[Line], a: Assumptions, venue: Venue) -> bool:
    """Whether it is to be liquidated before anything has moved; who opens later holds nothing yet."""
    needed = sum(
        needed_units(
            abs(one.lots) * a.instruments[one.which].lot_units, *venue.asks(one.which, a.instruments[one.which])
        )
        for one in group
        if one.which != NO_POSITION and one.enters == 0.0
    )
    return _cash_units(group) < needed
