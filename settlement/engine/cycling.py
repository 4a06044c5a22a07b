"""Cycles driven: one venue's, from the book at its cut-off to what the chain has paid and the books have posted.

    look → cut off (pinned) → the venue's statement and signature → the custodian's own → outbox → chain → books

Every turn looks at where the cycle stands and takes the next step; nothing is remembered between two turns that the
database and the chain do not have. Whoever does not answer is waited for until the table's deadline says otherwise.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection

from custody.signers import Signer
from margin.instruments import Instrument
from settlement.chain_cycle import ChainCycle
from settlement.chain_hearing import Duty, Standing, duty, heard
from settlement.contracts import SETTLEMENT
from settlement.cut_off import Late
from settlement.cycle_record import CycleRecord, Said
from settlement.cycle_states import Act, Actor, State
from settlement.dispute import Report, Statement, differences
from settlement.engine import cycle_store as store
from settlement.engine.cycle_chain import CycleChain
from settlement.engine.cycle_dues import ENDED, Purse, Side, dues_of, gross_of, settled_units, side_of
from settlement.engine.cycle_store import Query
from settlement.engine.engine import Leading
from settlement.engine.heard_fills import fills_between
from settlement.engine.pins import Pin, message_of, pin_of, write_message, write_pin
from settlement.engine.settler import Answer, Beside, Settler
from settlement.engine.threads import on_thread
from settlement.engine.valuation import unsettled_units
from settlement.mirror import HOUSE
from settlement.netting import Terms
from settlement.node import ChainError
from settlement.postings import party_account
from settlement.stated import Stated, VenueEdge
from settlement.triggers import Seen, Thresholds, Watch, look

NO_FILLS = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Seats:
    """A venue's parties by account number, HOUSE first, and the holders of their compartments by name."""

    parties: Sequence[str]
    holders: Mapping[str, str]


@dataclass(slots=True)
class Cycles:
    """One venue's cycles, as long as this process leads. `now_s`: UTC seconds.

    `demanded` asks for a cut-off as soon as the last cycle has ended.
    """

    led: Leading
    settler: Settler
    chain: CycleChain
    edge: VenueEdge
    custodian: Signer
    seats: Seats
    instruments: Mapping[int, Instrument]
    terms: Terms
    now_s: Callable[[], int]
    thresholds: Thresholds = field(default_factory=Thresholds)
    pause_s: float = 0.1
    demanded: asyncio.Event = field(default_factory=asyncio.Event)
    on_state: Callable[[CycleRecord], None] = field(default=lambda _: None)
    _watch: Watch | None = None
    _signed: dict[str, ChainCycle] = field(default_factory=dict)
    _told: dict[str, State] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled. A node that does not answer is asked again; raises what the database does."""
        await on_thread(self.settler.open, self.edge.venue, self.now_s())
        while True:
            with suppress(ChainError):
                await self.turn()
            await asyncio.sleep(self.pause_s)

    async def turn(self) -> None:
        """Hear the chain, let silence decide, and take each cycle's next step, the oldest first."""
        standings = await self.chain.standings()
        cycles = await on_thread(self._cycles)
        for cycle in cycles:
            if cycle.digest:
                await self._hear(cycle, standings.get(cycle.digest, Standing()))
        await on_thread(self.settler.tick, self.now_s())
        cycles = await on_thread(self._cycles)
        for cycle in cycles:
            self._show(cycle)
        for cycle in [cycle for cycle in cycles if cycle.state is State.FAILED and cycle.digest]:
            await self._send(cycle, standings.get(cycle.digest, Standing()))
        due = next((cycle for cycle in cycles if cycle.state not in ENDED), None)
        if due is not None:
            await self._step(due, cycles, standings.get(due.digest, Standing()))

    # -- the next step -------------------------------------------------------------------------------------------------

    async def _step(self, cycle: CycleRecord, cycles: Sequence[CycleRecord], standing: Standing) -> None:
        match cycle.state:
            case State.OPEN:
                await self._look(cycle, cycles)
            case State.CUT_OFF:
                await self._compute(cycle, cycles)
            case State.COMPUTED | State.DISPUTED:
                await self._propose(cycle, cycles)
            case State.PROPOSED:
                await self._agree(cycle, cycles)
            case State.VOIDED:
                await self._act(cycle, Said(Act.RESEND, Actor.OPERATOR, digest=cycle.digest))
            case State.LATE if not cycle.is_held:
                await self._propose(cycle, cycles)
            case State.PAID:
                await self._reconcile(cycle)
            case _:
                await self._send(cycle, standing)

    async def _look(self, cycle: CycleRecord, cycles: Sequence[CycleRecord]) -> None:
        """Cut off where a trigger asks for it; the book is at rest meanwhile, and told to the chain so far."""
        watch = self._watch or Watch(max((one.cut_off_s for one in cycles), default=0) or self.now_s())
        async with self.led.turn:
            seen = await on_thread(self._seen, settled_units(cycles, self.settler.asset))
            self._watch, fired = look(watch, seen, self.thresholds)
            last = max((one.cut_off_s for one in cycles), default=0)
            if fired is None or seen.at_s <= last:
                return
            self.demanded.clear()
            await self._pinned(cycle, Said(Act.CUT_OFF, Actor.OPERATOR, str(fired)))

    async def _compute(self, cycle: CycleRecord, cycles: Sequence[CycleRecord]) -> None:
        pin = await on_thread(self._pin, cycle.id)
        if pin is None:  # silence has cut it off
            async with self.led.turn:
                pin = await self._pinned(cycle, None)
        dues = dues_of(pin.profit_units, settled_units(cycles, self.settler.asset))
        said = Said(Act.COMPUTE, Actor.OPERATOR, fills_digest=f"{cycle.venue}#{pin.last}", marks_digest=pin.batch.hex())
        rows = gross_of(dues, cycle.id)
        await on_thread(self.settler.act, cycle.id, said, self.now_s(), rows)
        for late in await on_thread(self._late, pin, cycles):
            await on_thread(self.settler.late_fill, late, self.now_s())

    async def _propose(self, cycle: CycleRecord, cycles: Sequence[CycleRecord]) -> None:
        """The venue's statement becomes a proposal, with its signature; without those whose dues are in dispute."""
        pin, purse = await on_thread(self._pin, cycle.id), await on_thread(self._purse)
        if pin is None or (stated := await self._stated(pin)) is None:
            return
        settled = settled_units(cycles, self.settler.asset)
        theirs = dues_of(stated.profit_units, settled)
        excluded = await on_thread(self._disputed, cycle.id)
        side = side_of(theirs, purse, excluded)
        cycle_of = await self._made(cycle, side, pin)
        digest = cycle_of.digest(self.chain.at.domain)
        if side.short_units and cycle.state is State.LATE:
            return
        said = Said(Act.PROPOSE, Actor.VENUE, digest=digest.hex(), obligations=side.plan.obligations,
                    excluded=tuple(excluded), short_units=side.short_units)  # fmt: skip
        await self._act(cycle, said)

    async def _agree(self, cycle: CycleRecord, cycles: Sequence[CycleRecord]) -> None:
        """The custodian signs exactly what it has computed itself; what it has not is disputed, by name."""
        pin, purse = await on_thread(self._pin, cycle.id), await on_thread(self._purse)
        if pin is None or (stated := await self._stated(pin)) is None:
            return
        settled = settled_units(cycles, self.settler.asset)
        own, theirs = dues_of(pin.profit_units, settled), dues_of(stated.profit_units, settled)
        apart = {party for party in own.keys() | theirs.keys() if own.get(party, 0) != theirs.get(party, 0)}
        if apart - set(cycle.excluded) - {HOUSE}:
            report = await on_thread(self._report, stated, pin, theirs, own)
            await on_thread(self.settler.dispute, cycle.id, report, self.now_s())
            return
        side = side_of(own, purse, cycle.excluded)
        made = await self._made(cycle, side, pin)
        digest = made.digest(self.chain.at.domain)
        if digest.hex() != cycle.digest:
            return  # somebody's means have changed: it is proposed again with the next cycle
        venue_says = await self.edge.sign(made, digest)
        if venue_says is None:
            return
        said = Said(Act.AGREE, Actor.CUSTODIAN, digest=cycle.digest)
        await self._act(cycle, said, self._outbox(cycle, made, venue_says, self.custodian.sign_digest(digest)))

    def _outbox(self, cycle: CycleRecord, made: ChainCycle, venue_says: bytes, custodian_says: bytes) -> Beside:
        expire = SETTLEMENT.call("expire", self.edge.address)
        dispute = SETTLEMENT.call("dispute", self.edge.address)
        calls = {
            Duty.PROPOSE: self.chain.propose_call(made, venue_says, custodian_says),
            Duty.FINALIZE: self.chain.finalize_call(made), Duty.EXPIRE: expire, Duty.DISPUTE: dispute,
        }  # fmt: skip
        now_s = self.now_s()

        def write(tx: Connection) -> None:
            for kind, calldata in calls.items():
                write_message(tx, cycle.digest, str(kind), (cycle.venue, made.sequence), calldata, now_s)

        return write

    async def _send(self, cycle: CycleRecord, standing: Standing) -> None:
        now_s = max(self.now_s(), self.chain.client.head.time_s)
        due = duty(cycle, standing, now_s, self.chain.at.grace_s)
        if due is Duty.NONE:
            return
        calldata = await on_thread(self._message, cycle.digest, str(due))
        if calldata is None:
            return
        missing = await self.chain.send(cycle.digest, due, calldata, now_s)
        if missing and cycle.state is State.WINDOW:
            await self._act(cycle, Said(Act.REVERT, Actor.CHAIN, "shortfall not covered", short_units=missing))

    async def _hear(self, cycle: CycleRecord, standing: Standing) -> None:
        """All that the chain says of a cycle, act by act."""
        head, depth = self.chain.client.head.number, self.chain.client.depth
        while (said := heard(cycle, standing, head, depth)) is not None:
            answer = await self._act(cycle, said)
            if not answer.ok or answer.cycle is None:
                return
            cycle = answer.cycle
            self._show(cycle)

    async def _reconcile(self, cycle: CycleRecord) -> None:
        """Confirmed once the compartments on chain hold what the books say."""
        parties = [row.party for row in cycle.obligations]
        claims = await self.chain.claims(self.edge.address, [self.seats.holders[party] for party in parties])
        if claims == await on_thread(lambda: [self.settler.books.balance(self._account(party)) for party in parties]):
            await self._act(cycle, Said(Act.RECONCILE, Actor.CUSTODIAN))

    # -- what is asked for ---------------------------------------------------------------------------------------------

    async def _stated(self, pin: Pin) -> Stated | None:
        stated = await self.edge.stated(pin.last)
        return stated if stated is not None and stated.last == pin.last else None

    async def _made(self, cycle: CycleRecord, side: Side, pin: Pin) -> ChainCycle:
        asked = CycleRecord(cycle.id, cycle.venue, cycle.number, cut_off_s=cycle.cut_off_s,
                            obligations=side.plan.obligations)  # fmt: skip
        return await self.chain.made(asked, self.edge.address, self.seats.holders, pin.batch)

    async def _act(self, cycle: CycleRecord, said: Said, beside: Beside | None = None) -> Answer:
        answer = await on_thread(self.settler.act, cycle.id, said, self.now_s(), (), beside)
        if answer.cycle is not None:
            self._show(answer.cycle)
        return answer

    async def _pinned(self, cycle: CycleRecord, said: Said | None) -> Pin:
        """Pin the cycle to the book as it is, while nobody writes to it; in the act's transaction, if there is one."""
        writes, now_s = self.led.writes, self.now_s()
        self.led.mirroring.add(await on_thread(writes.take, [], True))
        pin = self._pin_now(cycle.id, now_s)
        if said is not None:
            await on_thread(self.settler.act, cycle.id, said, now_s, (), lambda tx: write_pin(tx, pin))
            return pin

        def write() -> None:
            with self.settler.database.transaction() as tx:
                self.settler.fence(tx)
                write_pin(tx, pin)

        await on_thread(write)
        return pin

    # -- on a thread ---------------------------------------------------------------------------------------------------

    def _pin_now(self, cycle_id: str, now_s: int) -> Pin:
        intake, venue = self.led.writes.intake, self.edge.venue
        marks = {number: int(intake.book.mark_e6[self._column(number)]) for number in self.instruments}
        last = intake.book.reached.get(venue, 0)
        return Pin(cycle_id, last, 1000 * now_s + 999, marks, self._profit(), intake.digest)

    def _profit(self) -> dict[str, int]:
        intake, venue = self.led.writes.intake, self.edge.venue
        rows = intake.roster.numbers[venue].rows
        profit = unsettled_units(intake.book, venue)
        return {party: int(profit[rows[number]]) for number, party in enumerate(self.seats.parties)}

    def _column(self, number: int) -> int:
        return int(self.led.writes.intake.roster.numbers[self.edge.venue].columns[number])

    def _seen(self, settled: Mapping[str, int]) -> Seen:
        book, purse = self.led.writes.intake.book, self._purse().units
        open_units = dues_of(self._profit(), settled)
        house = purse.get(HOUSE, 0)
        clients = {party: units for party, units in open_units.items() if party != HOUSE}
        marks = {number: int(book.mark_e6[self._column(number)]) for number in self.instruments}
        return Seen(self.now_s(), clients, purse, house, marks, is_demanded=self.demanded.is_set() and bool(open_units))

    def _purse(self) -> Purse:
        with self.settler.database.snapshot() as reader:
            units = {party: self._spendable(party, reader) for party in self.seats.parties}
        return Purse(units, self.terms)

    def _spendable(self, party: str, reader: Connection) -> int:
        return max(self.settler.books.totals(self._account(party), reader).spendable, 0)

    def _account(self, party: str) -> str:
        ground = self.settler.ground
        return party_account(ground.standing, ground.charts[self.settler.asset], self.edge.venue, party).id

    def _cycles(self) -> list[CycleRecord]:
        with self.settler.database.snapshot() as reader:
            return [one.one for one in store.cycles(reader, Query(venue=self.edge.venue), 0, 1_000_000)]

    def _pin(self, cycle_id: str) -> Pin | None:
        with self.settler.database.snapshot() as reader:
            return pin_of(reader, cycle_id)

    def _message(self, digest: str, kind: str) -> bytes | None:
        with self.settler.database.snapshot() as reader:
            return message_of(reader, digest, kind)

    def _disputed(self, cycle_id: str) -> list[str]:
        with self.settler.database.snapshot() as reader:
            found = store.disputes(reader, Query(cycle_id=cycle_id), 0, 1_000)
        return sorted(one.one.party for one in found)

    def _late(self, pin: Pin, cycles: Sequence[CycleRecord]) -> list[Late]:
        """Fills of an earlier cycle's time that were heard of after its cut-off."""
        ended = [one for one in cycles if one.id != pin.cycle_id and one.cut_off_s]
        with self.settler.database.snapshot() as reader:
            pins = [found for one in ended if (found := pin_of(reader, one.id)) is not None]
            if not pins:
                return []
            fills = fills_between(reader, self.edge.venue, pins[-1].last + 1, pin.last, self.seats.parties)
        number = int(pin.cycle_id.rsplit("/", 1)[1])
        return [
            Late(fill, int(belongs.cycle_id.rsplit("/", 1)[1]), number, self.now_s())
            for fill in fills
            if (belongs := next((one for one in pins if 1000 * fill.occurred_at_s < one.cut_off_ms - 999), None))
        ]

    def _report(self, stated: Stated, pin: Pin, theirs: Mapping[str, int], own: Mapping[str, int]) -> Report:
        """What differs, fill by fill; both computations are those of the books."""
        with self.settler.database.snapshot() as reader:
            fills = fills_between(reader, self.edge.venue, 1, pin.last, self.seats.parties)
        book = self.led.writes.intake.book
        standing = tuple(fill for fill in fills if book.standing(self.edge.venue, fill.sequence) == fill.sequence)
        sides = (Statement(stated.fills, stated.marks_e6, {}, {}), Statement(standing, pin.marks_e6, {}, {}))
        found = differences(*sides, self.instruments)
        return Report(found.differences, theirs, own)

    def _show(self, cycle: CycleRecord) -> None:
        if self._told.get(cycle.id) is not cycle.state:
            self._told[cycle.id] = cycle.state
            self.on_state(cycle)
