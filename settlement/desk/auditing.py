"""What must hold, read from the books, the mirror and the chain, and compared; a break stops the desk."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from custody.accounts import Code, Totals
from custody.custodian_store import MovementQuery
from custody.delegation import Standing
from custody.register import Register
from custody.states import Lifecycle, State
from settlement.desk.settling import SettlementRoom
from settlement.desk.world import World
from settlement.mirror import FUND, HOUSE
from settlement.postings import OMNIBUS, party_account
from settlement.reconciliation import (
    Break,
    claims_in_ledger,
    difference_breaks,
    pooled_breaks,
    trial_balance_breaks,
    zero_sum_breaks,
)

MOST_EXITS = 1 << 20


class InvariantError(Exception):
    """Something that must always hold does not; the text lists every break."""


@dataclass(slots=True)
class AuditRoom:
    """Checks of one desk; they write nothing."""

    world: World
    settlement: SettlementRoom
    custodian: Register
    checks: int = 0
    _codes: dict[str, Code] = field(default_factory=dict)

    def after_cycle(self) -> None:
        """Supply of every token = delegated + venue-posted claims; positions sum to zero; pooled claims = omnibus; the
        feed's marks = those of the cut-off's batch.
        """
        codes, totals = self._accounts()
        breaks = [*self._supply(codes, totals), *self._mirror_sums(), *pooled_breaks(codes, totals)]
        self._require([*breaks, *self._marks_on_chain()])

    def after_act(self) -> None:
        """As after a cycle, and: the journal's hash chain and every counter, recounted; the trial balance from the
        transfers; every compartment and position on chain; the head of the mirrored batches.
        """
        self.after_cycle()
        self._require_sound_books()
        trial = trial_balance_breaks(self.world.books.trial_balance())
        self._require([*trial, *self._compartments(), *self._batches_on_chain(), *self._positions_on_chain()])

    def at_the_end(self) -> None:
        """Every movement of the custodian's, told again from its events: to its state and its transfers."""
        self._fail_on(self.custodian.verify())

    def _fail_on(self, found: Sequence[str]) -> None:
        self.checks += 1
        if found:
            self._fail(found)

    def _require_sound_books(self) -> None:
        faults = self.world.books.verify()
        if faults:
            self._fail([f"{one.kind} at {one.where}: expected {one.expected}, found {one.found}" for one in faults])

    def _require(self, breaks: list[Break]) -> None:
        self._fail_on([str(found) for found in breaks])

    def _fail(self, found: Sequence[str]) -> NoReturn:
        listed = "\n  ".join(found)
        raise InvariantError(
            f"{self.world.standing.value} desk at {self.world.now_s}: must hold, but does not:\n  {listed}"
        )

    def _accounts(self) -> tuple[dict[str, Code], dict[str, Totals]]:
        totals = self.world.books.all_totals()
        if totals.keys() != self._codes.keys():
            self._codes = {account.id: account.code for account in self.world.books.accounts()}
        return self._codes, totals

    def _supply(self, codes: dict[str, Code], totals: dict[str, Totals]) -> list[Break]:
        assets = [eligible.asset for eligible in self.world.setting.schedule.values()]
        on_chain = {asset.symbol: self.world.contracts.total_supply(asset) for asset in assets}
        return difference_breaks("token supply", claims_in_ledger(codes, totals), on_chain)

    def _mirror_sums(self) -> list[Break]:
        names = {number: f"{i.venue} {i.symbol}" for number, i in self.world.setting.instruments.items()}
        sums = {names[number]: total for number, total in self.world.mirror.zero_sum_breaks().items()}
        return zero_sum_breaks("positions in the mirror", sums)

    def _marks_on_chain(self) -> list[Break]:
        """The feed's marks against those of the last cut-off, price and time: nobody else has published since."""
        as_of_s, prices_e6 = self.settlement.marked
        if not prices_e6:
            return []
        names = {f"{i.venue} {i.symbol}": number for number, i in self.world.setting.instruments.items()}
        contracts = self.world.contracts
        read = zip(names, contracts.marks_of([contracts.listed[number] for number in names.values()]), strict=True)
        marks = {name: (price_e6, at_s) for name, (price_e6, _, at_s) in read}
        prices = difference_breaks(
            "mark on chain", {name: prices_e6[number] for name, number in names.items()},
            {name: price_e6 for name, (price_e6, _) in marks.items()},
        )  # fmt: skip
        times = {name: at_s for name, (_, at_s) in marks.items()}
        return [*prices, *difference_breaks("time of the mark on chain", dict.fromkeys(names, as_of_s), times)]

    def _compartments(self) -> list[Break]:
        """Every compartment on chain against its account in the ledger."""
        world, left = self.world, self._left_alone()
        expected, found = {}, {}
        for venue in world.setting.venues:
            clients = [party for party in self._clients() if party not in (HOUSE, FUND)]
            holders = clients if world.standing is Standing.SEGREGATED else [OMNIBUS]
            for party in (HOUSE, FUND, *holders):
                for symbol, eligible in world.setting.schedule.items():
                    name = f"{symbol} of {party} at {venue}"
                    account = party_account(world.standing, world.charts[symbol], venue, party)
                    holder, at = world.holder_address(party, venue), world.venue_address(venue)
                    expected[name] = world.books.balance(account.id) - left.get((party, venue, symbol), 0)
                    found[name] = world.contracts.compartment(eligible.asset, holder, at)
        return difference_breaks("compartment on chain", expected, found)

    def _left_alone(self) -> dict[tuple[str, str, str], int]:
        """What has left compartments by the custodian's record and is still a claim in its holder's hand."""
        query = MovementQuery(lifecycle=Lifecycle.EXIT, state=State.OBSERVED)
        left: dict[tuple[str, str, str], int] = defaultdict(int)
        for listed in self.custodian.movements(query, limit=MOST_EXITS):
            intent = listed.movement.intent
            left[intent.name, intent.venue, intent.asset] += intent.units
        return left

    def _clients(self) -> list[str]:
        parts = (account.id.split("/") for account in self.world.books.accounts())
        return sorted({part[2] for part in parts if part[1] == "client"})

    def _batches_on_chain(self) -> list[Break]:
        """Whether the contract's last batch is this desk's: nobody else has mirrored anything into the book."""
        mine = self.settlement.mirrored
        sequence, digest = self.world.contracts.head()
        if (sequence, digest) == mine:
            return []
        return [
            Break("mirrored batches", f"{digest.hex()[:16]}… on chain, {mine[1].hex()[:16]}… here", mine[0], sequence)
        ]

    def _positions_on_chain(self) -> list[Break]:
        """Positions read from the contract: equal to the mirror's, and zero-sum by themselves."""
        world = self.world
        asked = [
            (venue, party, number)
            for (venue, party), held in sorted(world.mirror.positions.items())
            for number in sorted(held)
        ]
        lots = world.contracts.positions_of((world.holder_address(party, venue), n) for venue, party, n in asked)
        names = [f"{world.setting.instruments[n].symbol} of {party} at {venue}" for venue, party, n in asked]
        expected = {name: world.mirror.positions[venue, party].get(n, 0)
                    for name, (venue, party, n) in zip(names, asked, strict=True)}  # fmt: skip
        sums: dict[str, int] = {}
        for (venue, _, number), amount in zip(asked, lots, strict=True):
            name = f"{venue} {world.setting.instruments[number].symbol}"
            sums[name] = sums.get(name, 0) + amount
        found = dict(zip(names, lots, strict=True))
        return [*difference_breaks("position on chain", expected, found), *zero_sum_breaks("positions on chain", sums)]
