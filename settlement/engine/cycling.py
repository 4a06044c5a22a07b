"""Cycles driven: one venue's, from the book at its cut-off to what the chain has paid and the books have posted.

    look → cut off (pinned) → the venue's statement and signature → the custodian's own → outbox → chain → books

Every turn looks at where the cycle stands and takes the next step; nothing is remembered between two turns that the
database and the chain do not have. Whoever does not answer is waited for until the table's deadline says otherwise.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from custody.signers import Signer
from margin.instruments import Instrument
from settlement.chain_hearing import Standing, heard
from settlement.cycle_record import CycleRecord, Said
from settlement.cycle_states import Act, Actor, State
from settlement.engine.advances import advances_in, writing
from settlement.engine.cycle_chain import CycleChain
from settlement.engine.cycle_dues import ENDED, History, gross_of, owed_now
from settlement.engine.cycle_pinning import Pinning
from settlement.engine.cycle_reading import OnRecord, Seats
from settlement.engine.cycle_sending import Sending
from settlement.engine.cycle_signing import Signing, Word
from settlement.engine.engine import Leading
from settlement.engine.settler import Answer, Beside, Settler
from settlement.engine.threads import on_thread
from settlement.netting import Terms
from settlement.node import ChainError
from settlement.stated import VenueEdge
from settlement.triggers import Thresholds, Watch, look


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
    _record: OnRecord = field(init=False)
    _pinning: Pinning = field(init=False)
    _signing: Signing = field(init=False)
    _sending: Sending = field(init=False)
    _watch: Watch | None = None
    _told: dict[str, State] = field(default_factory=dict)

    def __post_init__(self) -> None:
        venue, parties = self.edge.venue, tuple(self.seats.parties)
        self._record = OnRecord(self.settler, venue, self.seats, self.terms)
        self._pinning = Pinning(self.led, self.settler, venue, parties, tuple(self.instruments))
        self._signing = Signing(
            self.chain, self.edge, self.custodian, self._record, self._pinning, self.instruments
        )  # fmt: skip
        self._sending = Sending(self.chain, self._record)

    async def run(self) -> None:
        """Until cancelled. A node that does not answer is asked again.

        Raises ChainError once the client is of no use any more (see `reopening`), and what the database does.
        """
        await on_thread(self.settler.open, self.edge.venue, self.now_s())
        while True:
            self.chain.client.require_sound()
            with suppress(ChainError):
                await self.turn()
            await asyncio.sleep(self.pause_s)

    async def turn(self) -> None:
        """Hear the chain, let silence decide, and take each cycle's next step, the oldest first."""
        standings = await self.chain.standings()
        for cycle in await on_thread(self._record.cycles):
            if cycle.digest:
                await self._hear(cycle, standings.get(cycle.digest, Standing()))
        await on_thread(self.settler.tick, self.now_s())
        history = await on_thread(self._record.history)
        for cycle in history.cycles:
            self._show(cycle)
        for cycle in [cycle for cycle in history.cycles if cycle.state is State.FAILED and cycle.digest]:
            await self._send(cycle, standings.get(cycle.digest, Standing()))
        due = next((cycle for cycle in history.cycles if cycle.state not in ENDED), None)
        if due is not None:
            await self._step(due, history, standings.get(due.digest, Standing()))

    # -- the next step -------------------------------------------------------------------------------------------------

    async def _step(self, cycle: CycleRecord, history: History, standing: Standing) -> None:
        match cycle.state:
            case State.OPEN:
                await self._look(cycle, history)
            case State.CUT_OFF:
                await self._compute(cycle, history)
            case State.COMPUTED | State.DISPUTED:
                await self._said(cycle, await self._signing.proposed(cycle, history))
            case State.PROPOSED:
                await self._said(cycle, await self._signing.agreed(cycle, history, self.now_s()))
            case State.LATE if not cycle.is_held:
                await self._said(cycle, await self._signing.proposed(cycle, history))
            case State.PAID:
                await self._reconcile(cycle)
            case _:
                await self._send(cycle, standing)

    async def _look(self, cycle: CycleRecord, history: History) -> None:
        """Cut off where a trigger asks for it; the book is at rest meanwhile, and told to the chain so far."""
        last = max((one.cut_off_s for one in history.cycles), default=0)
        watch = self._watch or Watch(last or self.now_s())
        async with self.led.turn:
            purse = await on_thread(self._record.purse)
            seen = self._pinning.seen(cycle, history, purse, self.now_s(), is_demanded=self.demanded.is_set())
            self._watch, fired = look(watch, seen, self.thresholds)
            if fired is None or seen.at_s <= last:
                return
            self.demanded.clear()
            await self._pinning.pinned(cycle.id, Said(Act.CUT_OFF, Actor.OPERATOR, str(fired)), self.now_s())

    async def _compute(self, cycle: CycleRecord, history: History) -> None:
        pin = await on_thread(self._record.pin, cycle.id)
        if pin is None:  # silence has cut it off
            async with self.led.turn:
                pin = await self._pinning.pinned(cycle.id, None, self.now_s())
        dues = owed_now(pin.profit_units, cycle, history)
        said = Said(Act.COMPUTE, Actor.OPERATOR, fills_digest=f"{cycle.venue}#{pin.last}", marks_digest=pin.batch.hex())
        for late in await on_thread(self._record.late, pin, history.cycles, self.now_s()):
            await on_thread(self.settler.late_fill, late, self.now_s())
        await on_thread(self.settler.act, cycle.id, said, self.now_s(), gross_of(dues, cycle.id))

    async def _said(self, cycle: CycleRecord, word: Word) -> None:
        if word.report is not None:
            await on_thread(self.settler.dispute, cycle.id, word.report, self.now_s())
        elif word.said is not None:
            await self._act(cycle, word.said, word.beside)

    async def _send(self, cycle: CycleRecord, standing: Standing) -> None:
        said = await self._sending.sent(cycle, standing, self.now_s())
        if said is not None:
            await self._act(cycle, said)

    async def _hear(self, cycle: CycleRecord, standing: Standing) -> None:
        """All that the chain says of a cycle, act by act."""
        head, depth = self.chain.client.head.number, self.chain.client.depth
        while (said := heard(cycle, standing, head, depth)) is not None:
            beside = await self._advanced(cycle, standing) if said.act is Act.DEEPEN else None
            answer = await self._act(cycle, said, beside)
            if not answer.ok or answer.cycle is None:
                return
            cycle = answer.cycle

    async def _advanced(self, cycle: CycleRecord, standing: Standing) -> Beside:
        """What the venue's own compartment has paid for others, to be written where the cycle is posted."""
        events = await self.chain.shortfalls(self.edge.address, standing.block)
        advances = advances_in(cycle, events, self.seats.holders)
        return writing(cycle, advances, self.settler, self.now_s())

    async def _reconcile(self, cycle: CycleRecord) -> None:
        """Confirmed once the compartments on chain hold what the books say."""
        parties = [row.party for row in cycle.obligations]
        claims = await self.chain.claims(self.edge.address, [self.seats.holders[party] for party in parties])
        if claims == await on_thread(self._record.balances, parties):
            await self._act(cycle, Said(Act.RECONCILE, Actor.CUSTODIAN))

    async def _act(self, cycle: CycleRecord, said: Said, beside: Beside | None = None) -> Answer:
        answer = await on_thread(self.settler.act, cycle.id, said, self.now_s(), (), beside)
        if answer.cycle is not None:
            self._show(answer.cycle)
        return answer

    def _show(self, cycle: CycleRecord) -> None:
        if self._told.get(cycle.id) is not cycle.state:
            self._told[cycle.id] = cycle.state
            self.on_state(cycle)
