"""What every room of the desk shares: the books, the mirrors, the chain, today's prices, and what happened."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from custody.accounts import Account, Chart
from custody.books import Books
from custody.database import Database
from custody.delegation import Standing, collateral_account
from custody.prices import PriceRefusal
from custody.transfers import Transfer
from custody.valuation import Valuation, value
from margin.contagion.market import NONE, Displacement
from margin.fixed import ZERO, Fixed
from margin.instruments import Instrument
from settlement.contracts import Contracts
from settlement.desk.setting import Setting
from settlement.happenings import Happening
from settlement.keys import holder_of
from settlement.mirror import Fill, Mirror, Payment
from settlement.reserve_attestation import Reserves

TRADED = frozenset({"traded", "liquidation_slice", "adl_applied"})
"""Happenings that change positions: their proof on chain is the batch that mirrors them."""


class DeskError(Exception):
    """The books or the chain refused something that the rules had allowed: a fault, never a business outcome."""


@dataclass(slots=True)
class World:
    """One desk's view. `mirror` is the custodian's; `venue_books` are each venue's own, kept apart from it.

    `receivable` is what parties will receive from cycles in their dispute window (1e-6 USD): settled in the mirror, not
    yet in the books. What payers owe in them is held in the books already. `index_e6` is what instruments are written
    on, `marks_e6` what the venues say of them, `volatility` (a year, as a fraction) what options are priced with;
    `confidence` by underlying is how sure their sources are, 1 where nothing is said. `prices` is what collateral is
    worth, or why it has no price.
    """

    standing: Standing
    setting: Setting
    database: Database
    books: Books
    contracts: Contracts
    mirror: Mirror
    venue_books: dict[str, Mirror]
    now_s: int = 0
    depth_bps: int = 10_000
    index_e6: dict[str, int] = field(default_factory=dict)
    marks_e6: dict[int, int] = field(default_factory=dict)
    volatility: Fixed = ZERO
    confidence: Mapping[str, Fixed] = field(default_factory=dict)
    prices: dict[str, int | PriceRefusal] = field(default_factory=dict)
    displacement: dict[int, Displacement] = field(default_factory=lambda: defaultdict(lambda: NONE))
    charts: dict[str, Chart] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    receivable: dict[tuple[str, str], int] = field(default_factory=dict)
    new_fills: list[Fill] = field(default_factory=list)
    new_payments: list[Payment] = field(default_factory=list)
    _fill_numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _spendable: dict[str, int] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)
    _collateral: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.charts = {symbol: Chart(symbol) for symbol in self.setting.schedule}

    # -- the books -------------------------------------------------------------------------------------------------

    def post(self, transfers: Sequence[Transfer]) -> tuple[int, int]:
        """Post a set that must not fail; the first and last journal position written. Raises DeskError if refused."""
        if not transfers:
            return 0, 0
        with self.database.transaction() as tx:
            return self.post_in(tx, transfers)

    def post_in(self, tx: Connection, transfers: Sequence[Transfer]) -> tuple[int, int]:
        """`post` as a part of a larger transaction, which a refusal undoes as a whole."""
        before = self.books.head(tx).position
        for outcome in self.books.post_in(tx, transfers, self.now_s):
            if outcome.refusal is not None:
                raise DeskError(f"the books refused {outcome.transfer_id}: {outcome.refusal}")
        self._stale.update(
            account for transfer in transfers for account in (transfer.debit_account, transfer.credit_account)
        )
        self._collateral.clear()
        return before + 1, self.books.head(tx).position

    def forget(self) -> None:
        """Somebody else has written to the books: every account is read again when it is next asked for."""
        self._spendable.clear()
        self._collateral.clear()

    def spendable(self, account: Account) -> int:
        """What an account may give today, in ledger units: posted less held."""
        if self._stale or not self._spendable:
            self._refresh()
        return self._spendable[account.id]

    def _refresh(self) -> None:
        """Read again what transfers have touched, all at one moment."""
        with self.database.snapshot() as reader:
            if not self._spendable:
                self._spendable = {name: totals.spendable for name, totals in self.books.all_totals(reader).items()}
            touched = self.books.totals_of(self._stale, reader)
            self._spendable |= {name: totals.spendable for name, totals in touched.items()}
        self._stale.clear()

    def collateral(self, client: str, venue: str) -> dict[str, int]:
        """A client's mirrored balance at a venue: spendable ledger units by asset."""
        found = self._collateral.get((client, venue))
        if found is None:
            found = self._collateral[client, venue] = {
                symbol: self.spendable(collateral_account(self.standing, chart, client, venue))
                for symbol, chart in self.charts.items()
            }
        return found

    def available(self, client: str) -> dict[str, int]:
        """What a client has at the custodian that backs nothing: spendable ledger units by asset."""
        return {symbol: self.spendable(chart.available(client)) for symbol, chart in self.charts.items()}

    def reserves(self, symbol: str) -> Reserves:
        """What the custodian's books hold of an asset now; what is already on its way out is held no longer."""
        with self.database.snapshot() as reader:
            vault, head = self.books.totals(self.charts[symbol].vault().id, reader), self.books.head(reader)
        held_units = vault.debits_posted - vault.credits_posted - vault.credits_pending
        return Reserves(held_units, head.position, head.digest)

    def valued(self, holdings: Mapping[str, int]) -> Valuation:
        """What holdings (ledger units by asset) count for now, at guarded prices; nothing where there is none."""
        return value(self.setting.schedule, holdings, self.prices)

    @property
    def prices_e6(self) -> dict[str, int]:
        """The collateral assets that have a price, in 1e-6 USD per whole coin."""
        return {asset: price for asset, price in self.prices.items() if isinstance(price, int)}

    # -- the mirror ------------------------------------------------------------------------------------------------

    def trade(self, instrument: Instrument, buyer: str, seller: str, lots: int, price_e6: int, cause: str) -> Fill:
        """A fill at a venue: the venue books it, reports it, and the custodian's mirror books what was reported."""
        self._fill_numbers[instrument.venue] += 1
        fill = Fill(
            instrument.venue, self._fill_numbers[instrument.venue], instrument.id, buyer, seller, lots, price_e6,
            self.now_s, cause,
        )  # fmt: skip
        self.venue_books[instrument.venue].book(fill)
        self.mirror.book(fill)
        self.new_fills.append(fill)
        return fill

    def owe(self, instrument: Instrument, debtor: str, creditor: str, units: int) -> None:
        """A penalty on account of an instrument in both sides' books; it is mirrored with the next batch."""
        self.venue_books[instrument.venue].owe(instrument.venue, debtor, creditor, units)
        self.mirror.owe(instrument.venue, debtor, creditor, units)
        self.new_payments.append(Payment(instrument.id, debtor, creditor, units))

    def venue_address(self, venue: str) -> str:
        return self.contracts.plan.venues[venue].address

    def holder_address(self, party: str, venue: str) -> str:
        return holder_of(party, venue).address

    def prove_trades(self, tx_hash: str) -> None:
        """Write the transaction that mirrored this moment's trades beside them."""
        self.happenings = [
            replace(told, tx_hash=tx_hash) if told.kind in TRADED and not told.tx_hash else told
            for told in self.happenings
        ]

    # -- the story -------------------------------------------------------------------------------------------------

    def tell(
        self,
        kind: str,
        party: str = "",
        venue: str = "",
        *,
        postings: tuple[int, int] = (0, 0),
        tx_hash: str = "",
        **facts: int | str,
    ) -> None:
        """Add a happening of this moment."""
        self.happenings.append(Happening(self.now_s, kind, party, venue, facts, postings, tx_hash))
