"""What it came to: each client under both regimes, the payers of every shortfall, and where segregation did worse."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from custody.delegation import Standing
from scripts.walkthrough.cast import CLIENTS
from scripts.walkthrough.outside import Outside
from scripts.walkthrough.series import Series
from settlement.desk import Desk
from settlement.happenings import Happening
from settlement.mirror import FUND, HOUSE


@dataclass(slots=True)
class ClientAccount:
    """One client's end under one regime, in 1e-6 USD: its worth at the last prices, and what happened on the way."""

    name: str
    worth_units: int = 0
    calls: int = 0
    liquidations: int = 0
    liquidated_units: int = 0
    adl_forgone_units: int = 0
    gains_unpaid_units: int = 0
    own_reserve_units: int = 0
    fees_units: int = 0
    breached: bool = False

    @property
    def innocent_loss_units(self) -> int:
        """Losses of a client that never breached its own requirement (specs/contagion.md §10): forgone and unpaid."""
        return 0 if self.breached else self.adl_forgone_units + self.gains_unpaid_units


@dataclass(slots=True)
class Reckoning:
    """One regime's end. Amounts in 1e-6 USD; `payers` of all shortfalls by name, those who went unpaid included."""

    standing: Standing
    clients: dict[str, ClientAccount]
    shortfall_units: int = 0
    payers: dict[str, int] = field(default_factory=dict)
    unpaid: dict[str, int] = field(default_factory=dict)
    house_forgone_units: int = 0
    cycles: int = 0
    paid_units: int = 0
    unsettled_peak_units: int = 0
    reachable_at_low_units: int = 0
    at_venues_at_low_units: int = 0
    unsecured_at_low_units: int = 0
    behind_units: int = 0
    outside_cash_units: int = 0
    transfers: int = 0
    transactions: int = 0
    gas: dict[str, int] = field(default_factory=dict)
    checks: int = 0
    cycles_published: int = 0
    compartments_proven: int = 0

    def total(self, what: str) -> int:
        """A figure summed over all clients."""
        return sum(int(getattr(account, what)) for account in self.clients.values())

    @property
    def gas_in_use(self) -> int:
        """Gas of the eighteen days without putting the contracts on the chain."""
        return sum(gas for purpose, gas in self.gas.items() if purpose != "deployment")


class Tally:
    """Counts a regime's happenings as they pass."""

    def __init__(self, standing: Standing) -> None:
        self.reckoning = Reckoning(standing, {client.name: ClientAccount(client.name) for client in CLIENTS})

    def count(self, happening: Happening) -> None:
        """Take note of one happening."""
        account = self.reckoning.clients.get(happening.party)
        facts = happening.facts
        if happening.kind == "adl_applied":
            if account is None:
                self.reckoning.house_forgone_units += int(facts["forgone_units"])
            else:
                account.adl_forgone_units += int(facts["forgone_units"])
        elif happening.kind == "gain_unpaid":
            self._unpaid(happening.party, int(facts["units"]), account)
        elif happening.kind == "shortfall_paid":
            self._paid(happening.party, int(facts["units"]))
        elif account is not None:
            self._count_own(account, happening)

    def _count_own(self, account: ClientAccount, happening: Happening) -> None:
        facts = happening.facts
        if happening.kind == "call_opened":
            account.calls += 1
            account.breached = True
        elif happening.kind == "liquidation_started":
            account.liquidations += 1
            account.breached = True
        elif happening.kind == "liquidation_slice":
            account.liquidated_units += int(facts["worth_units"])
        elif happening.kind == "shortfall_found" and int(facts["own_reserve_units"]):
            account.own_reserve_units += int(facts["own_reserve_units"])
            self._paid("own reserve", int(facts["own_reserve_units"]))

    def _paid(self, payer: str, units: int) -> None:
        self.reckoning.shortfall_units += units
        self.reckoning.payers[payer] = self.reckoning.payers.get(payer, 0) + units

    def _unpaid(self, creditor: str, units: int, account: ClientAccount | None) -> None:
        self.reckoning.shortfall_units += units
        self.reckoning.unpaid[creditor] = self.reckoning.unpaid.get(creditor, 0) + units
        if account is not None:
            account.gains_unpaid_units += units

    def close(self, desk: Desk, outside: Outside, series: Series) -> Reckoning:
        """The reckoning at the end."""
        reckoning, world = self.reckoning, desk.world
        for name, account in reckoning.clients.items():
            held = [world.collateral(name, venue) for venue in world.setting.venues]
            worth = (world.valued(holdings).market_units for holdings in (world.available(name), *held))
            account.worth_units = sum(worth)
            account.fees_units = desk.fees.charged_units.get(name, 0)
        reckoning.cycles, reckoning.paid_units = desk.settlement.cycles, desk.settlement.paid_units
        hours, low = series.readings[world.standing], series.low[world.standing]
        reckoning.unsettled_peak_units = max(one.unsettled for one in hours)
        reckoning.reachable_at_low_units, reckoning.at_venues_at_low_units = low.reachable, low.at_venues
        claims = low.at_venues if world.standing is Standing.POOLED else 0
        reckoning.unsecured_at_low_units = claims + low.unsettled
        reckoning.outside_cash_units = sum(outside.unmet_units.values())
        reckoning.transfers = world.books.head().position
        reckoning.transactions = world.contracts.chain.transactions
        reckoning.gas = dict(sorted(world.contracts.chain.gas_used.items()))
        reckoning.checks = desk.audit.checks
        reckoning.cycles_published, reckoning.compartments_proven = desk.covering.published, desk.covering.proven
        return reckoning


def compare(pooled: Reckoning, segregated: Reckoning) -> None:
    """Note under each regime by how much clients that it did not touch end worse than under the other.

    A client is uninvolved if it breached its own requirement under neither: only then is the difference not its own.
    """
    for here, there in ((pooled, segregated), (segregated, pooled)):
        pairs = ((here.clients[name], there.clients[name]) for name in here.clients)
        innocent = ((own, other) for own, other in pairs if not own.breached and not other.breached)
        here.behind_units = sum(max(other.worth_units - own.worth_units, 0) for own, other in innocent)


PARTY_NAMES = {HOUSE: "rest of the venue's market", FUND: "fund behind defaults"}
"""How parties that are no clients are called in front of people."""


@dataclass(frozen=True, slots=True)
class Worse:
    """A comparison in which segregation came out worse: of whom ("" for the whole), by how much, in words.

    `units` are 1e-6 USD, and 0 where the comparison is not of money.
    """

    subject: str
    units: int
    text: str


def worse_when_segregated(pooled: Reckoning, segregated: Reckoning) -> list[Worse]:
    """Every comparison in which segregation came out worse, the largest sums first, counts last."""
    found = []
    for name, account in segregated.clients.items():
        lost = pooled.clients[name].worth_units - account.worth_units
        why = _because(pooled.clients[name], account)
        found.append(Worse(name, lost, f"{name} ends with {dollars(lost)} less{why}"))
    for what, measure, how in MEASURES:
        units = measure(segregated) - measure(pooled)
        found.append(Worse("", units, f"{what}: {dollars(units)} {how}"))
    counted = [Worse("", 0, text) for text in _more_of(pooled, segregated)]
    return [*sorted((one for one in found if one.units > 0), key=lambda one: -one.units), *counted]


def _more_of(pooled: Reckoning, segregated: Reckoning) -> Iterator[str]:
    """What there was more of under segregation and is no money."""
    if segregated.total("calls") > pooled.total("calls"):
        yield f"margin calls: {segregated.total('calls')} against {pooled.total('calls')}"
    gas = segregated.gas_in_use - pooled.gas_in_use
    if gas > 0:
        yield f"gas: {gas:,} more, {gas * 100 // pooled.gas_in_use}% on top"


def _because(pooled: ClientAccount, segregated: ClientAccount) -> str:
    """The entries of its account that differ by a hundredth of what it lost or more."""
    differences = (
        ("custody fee", segregated.fees_units - pooled.fees_units),
        ("unpaid gains", segregated.gains_unpaid_units - pooled.gains_unpaid_units),
        ("own reserve drawn on", segregated.own_reserve_units - pooled.own_reserve_units),
        ("more forced sales", segregated.liquidated_units - pooled.liquidated_units),
    )
    lost = pooled.worth_units - segregated.worth_units
    told = [f"{what} {dollars(units)}" for what, units in differences if units > 0 and units * 100 >= lost]
    return f" ({', '.join(told)})" if told else ""


def bearers(regime: Reckoning) -> dict[str, int]:
    """Who bore what of the losses beyond collateral, in 1e-6 USD, by a name that says how."""
    named = {f"paid: {PARTY_NAMES.get(payer, payer)}": units for payer, units in regime.payers.items()}
    named |= {f"unpaid to: {PARTY_NAMES.get(name, name)}": units for name, units in regime.unpaid.items()}
    forgone = {account.name: account.adl_forgone_units for account in regime.clients.values()}
    named |= {f"auto-deleveraged: {name}": units for name, units in forgone.items() if units}
    if regime.house_forgone_units:
        named[f"auto-deleveraged: {PARTY_NAMES[HOUSE]}"] = regime.house_forgone_units
    return named


def borne_by_others(regime: Reckoning) -> int:
    """Losses beyond collateral that the losing client's own reserve did not pay, in 1e-6 USD."""
    return sum(bearers(regime).values()) - regime.payers.get("own reserve", 0)


MEASURES: tuple[tuple[str, Callable[[Reckoning], int], str], ...] = (
    ("losses beyond collateral, borne by others", borne_by_others, "more"),
    ("forgone by or unpaid to uninvolved clients", lambda regime: regime.total("innocent_loss_units"), "more"),
    ("uninvolved clients behind the other regime", lambda regime: regime.behind_units, "more"),
    ("gains left unpaid", lambda regime: sum(regime.unpaid.values()), "more at venues"),
    (
        "drawn from funds and venue capital",
        lambda regime: sum(regime.payers.values()) - regime.payers.get("own reserve", 0),
        "more",
    ),
    ("unsettled gains at their peak", lambda regime: regime.unsettled_peak_units, "more, unsecured"),
    ("forced sales", lambda regime: regime.total("liquidated_units"), "more were made"),
    ("custody fees", lambda regime: regime.total("fees_units"), "more were paid"),
    ("calls elsewhere met with outside cash", lambda regime: regime.outside_cash_units, "more"),
)
"""What is compared, for which less is better; 1e-6 USD."""


def dollars(units: int) -> str:
    """Whole dollars of 1e-6 USD, for people: $1,234,567."""
    sign, size = ("-" if units < 0 else ""), abs(units)
    return f"{sign}${(size + 500_000) // 1_000_000:,}"
