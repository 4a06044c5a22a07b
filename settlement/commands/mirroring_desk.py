"""`bulkhead mirror --settings FILE`: a desk of real venues, with keys from keystores or tokens, until a signal."""

import asyncio
import signal
from contextlib import AsyncExitStack, ExitStack, closing, suppress
from pathlib import Path

from custody.collateral import Eligible
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from custody.money import Asset
from custody.signers import Signer
from settlement.commands.desk_settings import DeskSettings, VenueSettings, read_settings
from settlement.commands.fields import InputError
from settlement.commands.key_opening import opened_key, with_key
from settlement.commands.mirroring_words import now_ms, say, say_batch, say_cycle
from settlement.commands.running import DONE, now_s
from settlement.commands.serving_work import master_in
from settlement.engine.api import Api
from settlement.engine.api_reading import Reading
from settlement.engine.desk import Desk
from settlement.engine.desk_parts import Venue
from settlement.engine.presenting import Presenter
from settlement.engine.recorded_feed import RecordedFeed
from settlement.engine.roster import RosterError
from settlement.engine.serving import serve
from settlement.netting import Terms
from settlement.records import DESK
from settlement.venues.venue_client import NetworkVenue

SCHEMAS = (LEDGER, CUSTODIAN, DESK)


def desk_run(place: str, file: Path, port: int | None, seconds: int) -> int:
    """Run until SIGINT or SIGTERM, or for so many seconds."""
    settings = read_settings(file)

    def work() -> int:
        with ExitStack() as keys:
            signers = {role: keys.enter_context(opened_key(chosen)) for role, chosen in settings.keys.items()}
            open_database(place, schemas=SCHEMAS).close()
            try:
                asyncio.run(_run(settings, place, signers, port, seconds))
            except RosterError as why:
                raise InputError(f"{file.name}: {why}") from why
        say("stopped")
        return DONE

    return with_key("mirror", work)


async def _run(
    settings: DeskSettings, place: str, signers: dict[str, Signer], port: int | None, seconds: int
) -> None:  # fmt: skip
    stopped = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    async with AsyncExitStack() as lines:
        desk = _desk(settings, place, signers, lines)
        engine = desk.engine()
        tasks = [asyncio.create_task(engine.run()), asyncio.create_task(_tell_who_leads(engine.leads))]
        if port is not None:
            asset = Asset(settings.asset, settings.scale, settings.scale)
            tasks.append(asyncio.create_task(served(place, asset, port, stopped)))
        await until_any(tasks, stopped, seconds)


async def until_any(tasks: "list[asyncio.Task[None]]", stopped: asyncio.Event, seconds: int) -> None:
    """Until a task ends by itself, `stopped`, or the time is up; then the end of all of them. Raises what ended one."""
    stopping = asyncio.create_task(stopped.wait())
    working = set(tasks)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds or None):
                while working and not stopping.done():
                    done, _ = await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
                    for task in done & working:
                        working.discard(task)
                        await task
    finally:
        stopped.set()
        await stopping
        for task in working:
            task.cancel()
        ended = await asyncio.gather(*working, return_exceptions=True)
    for fault in ended:
        if isinstance(fault, Exception):
            raise fault


async def served(place: str, asset: Asset, port: int, stopped: asyncio.Event) -> None:
    """The API for reading, by a connection of its own beside whoever writes."""
    with closing(open_database(place, read_only=True, schemas=SCHEMAS)) as database:
        reading = Reading(database, Presenter({asset.symbol: asset}))
        await serve(Api(reading, now_s), "127.0.0.1", port, lambda at: say(f"listening on {at}"), stopped)


def _desk(settings: DeskSettings, place: str, signers: dict[str, Signer], lines: AsyncExitStack) -> Desk:
    asset = Asset(settings.asset, settings.scale, settings.scale)
    terms = Terms({asset.symbol: Eligible(asset, 0)}, asset.symbol, 0, 0)
    return Desk(
        place, settings.node, settings.addresses, [_venue(one, lines) for one in settings.venues], terms,
        signers["operator"], signers["payer"], signers["custodian"], now_ms, settings.name,
        settings.thresholds, settings.terms, say_cycle, say_batch,
        b"" if settings.webhook_key is None else master_in(settings.webhook_key),
    )  # fmt: skip


def _venue(told: VenueSettings, lines: AsyncExitStack) -> Venue:
    if told.folder:
        return Venue(RecordedFeed(told.name, Path(told.folder)), told.seats, told.signer, told.instruments)
    venue = NetworkVenue(told.name, told.signer, told.url.rstrip("/"))
    lines.push_async_callback(venue.close)
    return Venue(venue, told.seats, told.signer, told.instruments, venue)


async def _tell_who_leads(leads: asyncio.Event) -> None:
    await leads.wait()
    say("leads")
