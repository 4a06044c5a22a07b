"""Cash of a venue as JSON has it, event by event (specs/derive_margin.md §10, §14, model "CashAsset")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from margin.case_schema import name_of
from margin.cash import Account, Cash, CashParameters
from margin.fixed import ZERO, Fixed
from margin.parameter_set import ParameterSet
from margin.reading import Place, read

DAY_S = 86_400
SECURITY_MODULE, START = "SM", "START"


@dataclass(frozen=True, slots=True)
class Event:
    """Some time, and then what happened to an account; `other` pays in a trade."""

    kind: str
    account: str
    other: str
    amount: Fixed
    days_passed: int


@dataclass(frozen=True, slots=True)
class CashCase:
    """Balances at the start, and the events that follow."""

    id: str
    parameters: CashParameters
    balances: Mapping[str, Fixed]
    events: tuple[Event, ...]

    def evaluate(self) -> tuple[Cash, ...]:
        """The state after every event; the first (START) only states the totals."""
        cash, states = Cash.opened(self.parameters, self.balances), []
        for event in self.events:
            if event.kind != START:
                cash = _HAPPENINGS[event.kind](cash.accrued(event.days_passed * DAY_S), event)
                cash = cash.collected(SECURITY_MODULE)
            states.append(cash)
        return tuple(states)


def _traded(cash: Cash, event: Event) -> Cash:
    return cash.touched(event.other, -event.amount).touched(event.account, event.amount)


def _insolvent(cash: Cash, event: Event) -> Cash:
    """The security module pays what it stored when it was last touched; everybody bears the rest."""
    paid = min(cash.accounts.get(SECURITY_MODULE, Account()).balance, event.amount)
    after = cash.touched(SECURITY_MODULE, -paid).touched(event.account, paid) if paid > ZERO else cash
    rest = event.amount - max(paid, ZERO)
    return after.socialised(rest, event.account) if rest > ZERO else after


_HAPPENINGS: dict[str, Callable[[Cash, Event], Cash]] = {
    START: lambda cash, _: cash,
    "TRADE": _traded,
    "SETTLEMENT": lambda cash, event: cash.settled(event.account, event.amount),
    "BORROW": lambda cash, event: cash.deposited(event.account, event.amount),
    "INSOLVENCY": _insolvent,
}


def cash_case(place: Place, given: ParameterSet) -> CashCase:
    """From a place in a document. DocumentError names the field's path."""
    is_given = place.get("params") is None and given.cash is not None
    parameters = given.cash if is_given and given.cash else read(CashParameters, place["params"])
    balances = {name: one.fixed() for name, one in place["start"]["balances"].items()}
    events = tuple(_event(one, balances) for one in place["events"].each())
    return CashCase(name_of(place), parameters, balances, events)


def _event(place: Place, balances: Mapping[str, Fixed]) -> Event:
    kind = place["event"].text()
    if kind not in _HAPPENINGS:
        place["event"].wrong(f"is one of {', '.join(_HAPPENINGS)}, not {kind!r}")
    account, other = place["acc_a"].text(), place["acc_b"].text()
    for name in () if kind == START else (account, other) if kind == "TRADE" else (account,):
        if name not in balances:
            place.wrong(f"names {name!r}, which has no balance at the start")
    return Event(kind, account, other, place["amount"].fixed(), place["days_passed"].seconds())
