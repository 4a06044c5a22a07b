"""The engine's book as a cycle sees it: what is unsettled now, and the pin that keeps it for ever.

Whoever pins has the leader's turn: the book is at rest, and what it holds is in the outbox before the pin names it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from settlement.cycle_record import CycleRecord, Said
from settlement.engine.cycle_dues import History, Purse, owed_now
from settlement.engine.engine import Leading
from settlement.engine.pins import Pin, write_pin
from settlement.engine.settler import Settler
from settlement.engine.threads import on_thread
from settlement.engine.valuation import unsettled_units
from settlement.mirror import HOUSE, Fill
from settlement.triggers import Seen


@dataclass(frozen=True, slots=True)
class Pinning:
    """One venue's part of the book. `parties` by account number; `instruments` are the venue's numbers."""

    led: Leading
    settler: Settler
    venue: str
    parties: tuple[str, ...]
    instruments: tuple[int, ...]

    async def pinned(self, cycle_id: str, said: Said | None, now_s: int) -> Pin:
        """Pin a cycle to the book as it is, in the transaction of the act that cuts it off, if there is one."""
        self.led.mirroring.add(await on_thread(self.led.writes.take, [], True))
        pin = self._pin_now(cycle_id, now_s)
        if said is not None:
            await on_thread(self.settler.act, cycle_id, said, now_s, (), lambda tx: write_pin(tx, pin))
        else:
            await on_thread(self._write, pin)
        return pin

    def seen(self, cycle: CycleRecord, history: History, purse: Purse, now_s: int, *, is_demanded: bool) -> Seen:
        """What the triggers look at, were `cycle` cut off now."""
        open_units = owed_now(self._profit(), cycle, history)
        clients = {party: units for party, units in open_units.items() if party != HOUSE}
        return Seen(now_s, clients, purse.units, purse.units.get(HOUSE, 0), self._marks(),
                    is_demanded=is_demanded and bool(open_units))  # fmt: skip

    def standing(self, fills: Iterable[Fill]) -> tuple[Fill, ...]:
        """Those that no bust or correction has undone."""
        book = self.led.writes.intake.book
        return tuple(fill for fill in fills if book.standing(self.venue, fill.sequence) == fill.sequence)

    def _write(self, pin: Pin) -> None:
        with self.settler.database.transaction() as tx:
            self.settler.fence(tx)
            write_pin(tx, pin)

    def _pin_now(self, cycle_id: str, now_s: int) -> Pin:
        intake = self.led.writes.intake
        last = intake.book.reached.get(self.venue, 0)
        return Pin(cycle_id, last, 1000 * now_s + 999, self._marks(), self._profit(), intake.digest)

    def _profit(self) -> dict[str, int]:
        intake = self.led.writes.intake
        rows, profit = intake.roster.numbers[self.venue].rows, unsettled_units(intake.book, self.venue)
        return {party: int(profit[rows[number]]) for number, party in enumerate(self.parties)}

    def _marks(self) -> dict[int, int]:
        intake = self.led.writes.intake
        columns = intake.roster.numbers[self.venue].columns
        return {number: int(intake.book.mark_e6[columns[number]]) for number in self.instruments}
