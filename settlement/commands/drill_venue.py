"""`bulkhead drill venue-default`: a venue fails; every compartment there goes home, or its pool is shared."""

from margin.insolvency.distribution import Distribution
from margin.insolvency.pooled_default import PooledDefault, pooled_default
from margin.insolvency.venue_default import VenueDefault, venue_default
from settlement.commands.drill_amounts import units_by_client
from settlement.commands.drill_books import Standing, standing
from settlement.commands.drill_options import VenueDefaults
from settlement.commands.drill_telling import tell
from settlement.commands.fields import InputError


def told(asked: VenueDefaults) -> int:
    """By the rules of the standing in which the ledger is."""
    books = standing(asked.database, asked.asset, asked.as_of)
    found = _pooled(books, asked) if books.is_pooled else _segregated(books, asked)
    return tell(books, found, asked.json)


def _segregated(books: Standing, asked: VenueDefaults) -> Distribution:
    books.require_segregated({"--found": asked.found})
    delegated = books.compartments(asked.venue)
    if not delegated:
        raise InputError(f"--venue: expected a venue with compartments of {asked.asset}, found none at {asked.venue}")
    facts = VenueDefault(
        venue=asked.venue,
        declared_at_s=books.at_s,
        release_s=asked.release_s,
        unsettled_units=units_by_client(asked.unsettled, delegated, signed=True),
        delegated_units=delegated,
        collateral_units=books.within_reach(books.chart.venue_collateral(asked.venue)),
        guarantee_units=books.within_reach(books.chart.guarantee(asked.venue)),
    )
    return venue_default(books.chart, facts)


def _pooled(books: Standing, asked: VenueDefaults) -> Distribution:
    claims = books.claims(asked.venue)
    if not claims:
        raise InputError(f"--venue: expected a venue with claims on {asked.asset}, found none at {asked.venue}")
    facts = PooledDefault(
        venue=asked.venue,
        declared_at_s=books.at_s,
        release_s=asked.release_s,
        unsettled_units=units_by_client(asked.unsettled, claims, signed=True),
        claim_units=claims,
        omnibus_units=books.omnibus_units(asked.venue, asked.found),
        fund_units=books.within_reach(books.chart.insurance(asked.venue)),
        capital_units=books.within_reach(books.chart.venue_collateral(asked.venue)),
    )
    return pooled_default(books.chart, facts)
