"""The accounts of one asset at one moment, as an insolvency finds them."""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.accounts import Account, Chart, Code, Totals
from custody.history import History
from settlement.commands.fields import InputError
from settlement.commands.running import looked_at, now_s


@dataclass(frozen=True, slots=True)
class Standing:
    """The accounts of one asset with their counters, at one moment."""

    at_s: int
    chart: Chart
    accounts: Mapping[str, Account]
    totals: Mapping[str, Totals]

    def within_reach(self, account: Account) -> int:
        """What an account can pay, in ledger units; nothing where it was never opened."""
        return self.totals[account.id].spendable if account.id in self.totals else 0

    def compartments(self, venue: str) -> dict[str, int]:
        """By client, what stands in its compartment at a venue and is within reach, in ledger units."""
        return self._by_client(Code.DELEGATED, venue)

    def claims(self, venue: str) -> dict[str, int]:
        """By client, its claim on a venue's pool that is not already being moved, in ledger units."""
        return self._by_client(Code.CLAIM, venue)

    @property
    def is_pooled(self) -> bool:
        """Whether anything stands in an undivided sum."""
        return any(self.totals[account.id].balance for account in self.of(Code.OMNIBUS))

    def require_segregated(self, options: Mapping[str, object]) -> None:
        """InputError where an option is given that only has a meaning for a pool."""
        given = next((name for name, value in options.items() if value not in (None, "")), None)
        if given is not None:
            raise InputError(f"{given}: expected a pooled ledger, found a segregated one")

    def omnibus_units(self, venue: str, found: int | None) -> int:
        """What there is of a venue's omnibus: all that is booked and within reach, or less where less is found."""
        booked = self.within_reach(self.chart.omnibus(venue))
        return booked if found is None else min(found, booked)

    def of(self, code: Code) -> list[Account]:
        """The accounts with this place in the chart."""
        return [account for account in self.accounts.values() if account.code is code]

    def _by_client(self, code: Code, venue: str) -> dict[str, int]:
        named = {account.id.split("/")[2]: account for account in self.of(code) if account.id.endswith(f"/{venue}")}
        return {client: self.within_reach(account) for client, account in sorted(named.items())}


def standing(place: str, asset: str, as_of_s: int | None) -> Standing:
    """The accounts now, or as of a time; InputError for an asset that is not there."""
    with looked_at(place) as (database, books):
        history = History(database)
        position = books.head().position if as_of_s is None else history.position_at(as_of_s)
        accounts, totals = books.accounts(), history.all_totals(position)
    known = {account.id: account for account in accounts if account.asset == asset and account.id in totals}
    chart = Chart(asset)
    if chart.vault().id not in known:
        raise InputError(f"--asset: expected an asset of this ledger, found {asset!a}")
    return Standing(now_s() if as_of_s is None else as_of_s, chart, known, totals)
