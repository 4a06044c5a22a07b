"""`bulkhead drill client-default`: a client of a venue fails, and its losses go down the venue's waterfall."""

from margin.insolvency.client_default import ClientDefault, client_default
from margin.insolvency.distribution import Distribution
from margin.insolvency.pooled_client_default import PooledClientDefault, pooled_client_default
from settlement.commands.drill_amounts import units_by_client
from settlement.commands.drill_books import Standing, standing
from settlement.commands.drill_hedges import hedges_in
from settlement.commands.drill_options import ClientDefaults
from settlement.commands.drill_telling import tell
from settlement.commands.fields import InputError


def told(asked: ClientDefaults) -> int:
    """By the rules of the standing in which the ledger is."""
    books = standing(asked.database, asked.asset, asked.as_of)
    found = _pooled(books, asked) if books.is_pooled else _segregated(books, asked)
    hedges = hedges_in(asked.positions, asked.client, asked.venue) if asked.positions else None
    return tell(books, found, asked.json, hedges)


def _segregated(books: Standing, asked: ClientDefaults) -> Distribution:
    books.require_segregated({"--adl": asked.adl, "--found": asked.found, "--release-s": asked.release_s})
    compartments = books.compartments(asked.venue)
    facts = ClientDefault(
        client=asked.client,
        venue=asked.venue,
        declared_at_s=books.at_s,
        owed_units=_owed(asked, compartments, "a compartment"),
        delegated_units=compartments[asked.client],
        top_up_units=_top_up(books, asked),
        guarantee_units=books.within_reach(books.chart.guarantee(asked.venue)),
        capital_units=_capital(books, asked),
    )
    return client_default(books.chart, facts)


def _pooled(books: Standing, asked: ClientDefaults) -> Distribution:
    claims = books.claims(asked.venue)
    facts = PooledClientDefault(
        client=asked.client,
        venue=asked.venue,
        declared_at_s=books.at_s,
        release_s=asked.release_s or 0,
        owed_units=_owed(asked, claims, "a claim"),
        claim_units=claims,
        top_up_units=_top_up(books, asked),
        fund_units=books.within_reach(books.chart.insurance(asked.venue)),
        capital_units=_capital(books, asked),
        adl_units=units_by_client(asked.adl, claims) if asked.adl else {},
        omnibus_units=books.omnibus_units(asked.venue, asked.found),
    )
    return pooled_client_default(books.chart, facts)


def _owed(asked: ClientDefaults, collateral: dict[str, int], what: str) -> dict[str, int]:
    """What is owed to whom; InputError where the client has nothing at the venue, or is among its creditors."""
    if asked.client not in collateral:
        where = f"no {asked.client!a} at {asked.venue!a}"
        raise InputError(f"--client, --venue: expected a client with {what}, found {where}")
    owed_units = units_by_client(asked.owed, collateral)
    if asked.client in owed_units:
        raise InputError(f"{asked.owed}: {asked.client}: expected creditors, found the client itself")
    return owed_units


def _top_up(books: Standing, asked: ClientDefaults) -> int:
    return min(asked.top_up, books.within_reach(books.chart.available(asked.client)))


def _capital(books: Standing, asked: ClientDefaults) -> int:
    own = books.within_reach(books.chart.venue_collateral(asked.venue))
    return own if asked.capital is None else min(asked.capital, own)
