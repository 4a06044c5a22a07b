"""How a cycle comes to two signatures: the venue states and signs, the custodian signs only what it finds itself.

Where they differ the custodian disputes, fill by fill, and what is not in dispute is proposed again. A venue that does
not answer, or states another cut-off, is asked again at the next turn; its deadline is the table's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from custody.hardware import TokenError
from custody.signers import Signer
from margin.instruments import Instrument
from settlement.chain_cycle import ChainCycle
from settlement.chain_hearing import Duty
from settlement.contracts import SETTLEMENT
from settlement.cycle_record import CycleRecord, Said
from settlement.cycle_states import Act, Actor, State
from settlement.dispute import Report, Statement, differences
from settlement.engine.cycle_chain import CycleChain
from settlement.engine.cycle_dues import History, Side, owed_now, side_of
from settlement.engine.cycle_pinning import Pinning
from settlement.engine.cycle_reading import OnRecord
from settlement.engine.pins import Pin, write_message
from settlement.engine.settler import Beside
from settlement.engine.threads import on_thread
from settlement.mirror import HOUSE
from settlement.stated import Stated, VenueEdge


@dataclass(frozen=True, slots=True)
class Word:
    """What one side comes to: an act on the cycle, with what is written beside it, or a report of what differs."""

    said: Said | None = None
    beside: Beside | None = None
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Signing:
    """Both sides of one venue's cycles. `instruments` by the venue's number."""

    chain: CycleChain
    edge: VenueEdge
    custodian: Signer
    record: OnRecord
    pinning: Pinning
    instruments: Mapping[int, Instrument]

    async def proposed(self, cycle: CycleRecord, history: History) -> Word:
        """The venue's statement as a proposal, without those whose dues are in dispute."""
        found = await self._sides(cycle, history)
        if found is None:
            return Word()
        pin, theirs = found[0], found[2]
        excluded = await on_thread(self.record.disputed, cycle.id)
        side = side_of(theirs, await on_thread(self.record.purse), excluded)
        if side.short_units and cycle.state is State.LATE:
            return Word()
        digest = (await self._made(cycle, side, pin)).digest(self.chain.at.domain)
        return Word(Said(Act.PROPOSE, Actor.VENUE, digest=digest.hex(), obligations=side.plan.obligations,
                         excluded=tuple(excluded), short_units=side.short_units))  # fmt: skip

    async def agreed(self, cycle: CycleRecord, history: History, now_s: int) -> Word:
        """The custodian's signature of what it has computed itself; what it has not is reported, by name."""
        found = await self._sides(cycle, history)
        if found is None:
            return Word()
        pin, own, theirs, stated = found
        apart = {party for party in own.keys() | theirs.keys() if own.get(party, 0) != theirs.get(party, 0)}
        if apart - set(cycle.excluded) - {HOUSE}:
            return await self._disputed(pin, stated, theirs, own)
        side = side_of(own, await on_thread(self.record.purse), cycle.excluded)
        made = await self._made(cycle, side, pin)
        digest = made.digest(self.chain.at.domain)
        if digest.hex() != cycle.digest:
            return Word()  # somebody's means have changed: it is proposed again with the next cycle
        venue_says = await self.edge.sign(made, digest)
        if venue_says is None:
            return Word()
        try:
            custodian_says = await on_thread(self.custodian.sign_digest, digest)
        except TokenError:
            return Word()  # its key does not answer: silence, for which the table has a deadline
        said = Said(Act.AGREE, Actor.CUSTODIAN, digest=cycle.digest)
        return Word(said, self._outbox(cycle, made, (venue_says, custodian_says), now_s))

    async def _sides(
        self, cycle: CycleRecord, history: History
    ) -> tuple[Pin, dict[str, int], dict[str, int], Stated] | None:
        """The pin, the custodian's dues, the venue's, and its statement; None where there is nothing to compare."""
        pin = await on_thread(self.record.pin, cycle.id)
        stated = None if pin is None else await self.edge.stated(pin.last)
        if pin is None or stated is None or stated.last != pin.last:
            return None
        own, theirs = (owed_now(units, cycle, history) for units in (pin.profit_units, stated.profit_units))
        return pin, own, theirs, stated

    async def _made(self, cycle: CycleRecord, side: Side, pin: Pin) -> ChainCycle:
        asked = CycleRecord(cycle.id, cycle.venue, cycle.number, cut_off_s=cycle.cut_off_s,
                            obligations=side.plan.obligations)  # fmt: skip
        return await self.chain.made(asked, self.edge.address, self.record.seats.holders, pin.batch)

    def _outbox(self, cycle: CycleRecord, made: ChainCycle, signatures: tuple[bytes, bytes], now_s: int) -> Beside:
        calls = {
            Duty.PROPOSE: self.chain.propose_call(made, *signatures),
            Duty.FINALIZE: self.chain.finalize_call(made),
            Duty.EXPIRE: SETTLEMENT.call("expire", self.edge.address),
            Duty.DISPUTE: SETTLEMENT.call("dispute", self.edge.address),
        }

        def write(tx: Connection) -> None:
            for kind, calldata in calls.items():
                write_message(tx, cycle.digest, str(kind), (cycle.venue, made.sequence), calldata, now_s)

        return write

    async def _disputed(self, pin: Pin, stated: Stated, theirs: Mapping[str, int], own: Mapping[str, int]) -> Word:
        """The venue's fills are asked for only now: there may be millions, and both sides have them already."""
        fills = await self.edge.standing(pin.last)
        if fills is None:
            return Word()
        said = Statement(fills, stated.marks_e6, {}, {})
        return Word(report=await on_thread(self._report, said, pin, theirs, own))

    def _report(self, stated: Statement, pin: Pin, theirs: Mapping[str, int], own: Mapping[str, int]) -> Report:
        """What differs, fill by fill; both computations are those of the books."""
        standing = self.pinning.standing(self.record.fills(1, pin.last))
        found = differences(stated, Statement(standing, pin.marks_e6, {}, {}), self.instruments)
        return Report(found.differences, theirs, own)
