"""What the books and the custodian's own tables say about a movement at this moment, read in its transaction."""

from sqlalchemy import Connection, func, select

from custody import liens
from custody.accounts import Code, Totals
from custody.collateral import BPS, Schedule
from custody.coverage import Coverage
from custody.custodian_tables import MOVEMENT
from custody.delegation import collateral_account
from custody.intents import Intent
from custody.movements import Facts
from custody.rows import totals_of
from custody.states import Lifecycle, State
from custody.steps import LEAVES, LEAVING
from custody.tables import ACCOUNT

_COMPARTMENTS = frozenset({Code.DELEGATED, Code.CLAIM, Code.VENUE_COLLATERAL})


def facts_of(tx: Connection, intent: Intent, schedule: Schedule) -> Facts:
    """Everything that `steps.step` asks for."""
    coverage = coverage_of(tx, intent.party, intent.asset, schedule)
    if intent.lifecycle in {Lifecycle.DEPOSIT, Lifecycle.WITHDRAWAL, Lifecycle.EXIT}:
        return Facts(coverage)
    entered = intent.to_venue if intent.lifecycle is Lifecycle.MOVE else intent.venue
    if intent.lifecycle is Lifecycle.DELEGATION:
        return Facts(coverage, is_halted=liens.is_halted(tx, entered))
    return Facts(
        coverage,
        compartment_units(tx, intent),
        liens.kept_units(tx, intent.party, intent.venue, intent.asset),
        liens.is_halted(tx, entered),
    )


def coverage_of(tx: Connection, party: str, asset: str, schedule: Schedule) -> Coverage:
    """What a party has of an asset, free and delegated to all venues, in ledger units.

    A compartment counts with what is on its way into it: the ledger's pending credits are those of delegations.
    """
    available, delegated = 0, 0
    for code, totals in _accounts_of(tx, party, asset):
        if code is Code.AVAILABLE:
            available += totals.spendable
        elif code in _COMPARTMENTS:
            delegated += totals.balance + totals.credits_pending
    eligible = schedule.get(asset)
    return Coverage(available, delegated, BPS if eligible is None else eligible.haircut_bps)


def compartment_units(tx: Connection, intent: Intent) -> int:
    """What stands in the compartment at `intent.venue` less what movements hold to leave it, in ledger units.

    What a settlement holds is still in it, and is a lien besides: what is recalled waits for the payment, or for its
    end, instead of being refused for good. 0 where there is no compartment.
    """
    if intent.is_venues_own:
        account = intent.chart.venue_collateral(intent.name)
    else:
        account = collateral_account(intent.standing, intent.chart, intent.name, intent.venue)
    row = tx.execute(select(ACCOUNT).where(ACCOUNT.c.id == account.id)).first()
    return 0 if row is None else totals_of(row).balance - _leaving_units(tx, intent)


def _leaving_units(tx: Connection, intent: Intent) -> int:
    is_here = (
        MOVEMENT.c.party == intent.party,
        MOVEMENT.c.venue == intent.venue,
        MOVEMENT.c.asset == intent.asset,
        MOVEMENT.c.lifecycle.in_([lifecycle.value for lifecycle in (*LEAVES, Lifecycle.EXIT)]),
        MOVEMENT.c.state.in_([state.value for state in (*LEAVING, State.OBSERVED)]),
    )
    return int(tx.scalar(select(func.sum(MOVEMENT.c.units)).where(*is_here)) or 0)


def _accounts_of(tx: Connection, party: str, asset: str) -> list[tuple[Code, Totals]]:
    """A party's accounts lie together in the index over ids: `0` is the character behind `/`."""
    place = f"{asset}/{party}"
    rows = tx.execute(select(ACCOUNT).where(ACCOUNT.c.id > f"{place}/", ACCOUNT.c.id < f"{place}0"))
    return [(Code(row.code), totals_of(row)) for row in rows]
