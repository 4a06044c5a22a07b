"""`bulkhead drill`: the books as they stand, or stood, under the rules of an insolvency; told, and nothing written.

What is held for a movement that has not ended is in nobody's reach here: it is that movement's to end.
"""

from collections.abc import Collection, Sequence

from custody.accounts import Code
from custody.money import MAX_UNITS
from margin.insolvency.client_default import ClientDefault, client_default
from margin.insolvency.custodian_default import CustodianDefault, custodian_default
from margin.insolvency.distribution import Distribution
from margin.insolvency.hedges import OpenHedge
from margin.insolvency.pooled_default import PooledDefault, pooled_default
from margin.insolvency.venue_default import VenueDefault, venue_default
from settlement.commands.drill_books import Standing, standing
from settlement.commands.drill_hedges import hedges_in, told_hedges, written_hedges
from settlement.commands.fields import InputError
from settlement.commands.json_file import object_in
from settlement.commands.printing import print_json, print_line, print_rows, printable
from settlement.commands.running import DONE


def client(
    place: str, asset: str, who: tuple[str, str], files: tuple[str, str], stand_in: tuple[int, int | None],
    as_of_s: int | None, as_json: bool,
) -> int:  # fmt: skip
    """`who` are the client and the venue, `stand_in` the client's top-up and the venue's capital (None: all of it).

    `files` say what is owed to whom, and who holds which positions ("": nobody says).
    """
    books, (name, venue_), (top_up, capital) = standing(place, asset, as_of_s).segregated(), who, stand_in
    owed, positions = files
    compartments = books.compartments(venue_)
    if name not in compartments:
        raise InputError(f"--client, --venue: expected a client with a compartment, found no {name!a} at {venue_!a}")
    owed_units = _units_by_name(owed, compartments, signed=False)
    hedges = hedges_in(positions, name, venue_) if positions else None
    if name in owed_units:
        raise InputError(f"{owed}: {name}: expected creditors, found the client itself")
    own = books.within_reach(books.chart.venue_collateral(venue_))
    facts = ClientDefault(
        client=name,
        venue=venue_,
        declared_at_s=books.at_s,
        owed_units=owed_units,
        delegated_units=compartments[name],
        top_up_units=min(top_up, books.within_reach(books.chart.available(name))),
        guarantee_units=books.within_reach(books.chart.guarantee(venue_)),
        capital_units=own if capital is None else min(capital, own),
    )
    return _tell(books, client_default(books.chart, facts), as_json, hedges)


def venue(
    place: str, asset: str, name: str, unsettled: str, terms: tuple[int, int | None], as_of_s: int | None, as_json: bool
) -> int:
    """Every compartment at the venue goes home, or its pool is shared; `unsettled` is the file with profit and loss.

    `terms` are the seconds until anything is released, and what is found of a pool (None: all of it).
    """
    books, (release_s, found) = standing(place, asset, as_of_s), terms
    if books.is_pooled:
        return _tell(books, pooled_default(books.chart, _pool(books, name, unsettled, terms)), as_json)
    if found is not None:
        raise InputError("--found: expected a pooled ledger, found a segregated one")
    delegated = books.compartments(name)
    if not delegated:
        raise InputError(f"--venue: expected a venue with compartments of {asset}, found none at {name}")
    facts = VenueDefault(
        venue=name,
        declared_at_s=books.at_s,
        release_s=release_s,
        unsettled_units=_units_by_name(unsettled, delegated, signed=True),
        delegated_units=delegated,
        collateral_units=books.within_reach(books.chart.venue_collateral(name)),
        guarantee_units=books.within_reach(books.chart.guarantee(name)),
    )
    return _tell(books, venue_default(books.chart, facts), as_json)


def _pool(books: Standing, venue: str, unsettled: str, terms: tuple[int, int | None]) -> PooledDefault:
    claims, (release_s, found) = books.claims(venue), terms
    if not claims:
        raise InputError(f"--venue: expected a venue with claims on {books.chart.asset}, found none at {venue}")
    omnibus = books.within_reach(books.chart.omnibus(venue))
    return PooledDefault(
        venue=venue,
        declared_at_s=books.at_s,
        release_s=release_s,
        unsettled_units=_units_by_name(unsettled, claims, signed=True),
        claim_units=claims,
        omnibus_units=omnibus if found is None else min(found, omnibus),
        fund_units=books.within_reach(books.chart.insurance(venue)),
        capital_units=books.within_reach(books.chart.venue_collateral(venue)),
    )


def custodian(
    place: str, asset: str, found: int | None, trust_fails: bool, terms: tuple[int, int], as_of_s: int | None,
    as_json: bool,
) -> int:  # fmt: skip
    """`terms` are what the custodian owes elsewhere, and the seconds until anything is delivered."""
    books, (elsewhere, delay_s) = standing(place, asset, as_of_s).segregated(), terms
    own = (Code.VAULT, Code.FEES)  # what it holds, and what it has earned: neither is owed to anybody
    owed = {
        account: books.totals[account.id].balance
        for account in books.accounts.values()
        if account.code not in own and books.totals[account.id].balance > 0
    }
    held = -books.totals[books.chart.vault().id].balance
    facts = CustodianDefault(
        declared_at_s=books.at_s,
        delay_s=delay_s,
        trust_holds=not trust_fails,
        owed_units=owed,
        found_units=held if found is None else found,
        other_creditors_units=elsewhere,
    )
    return _tell(books, custodian_default(books.chart, facts), as_json)


def _units_by_name(file: str, known: Collection[str], *, signed: bool) -> dict[str, int]:
    """Ledger units by client, each with collateral at the venue."""
    fields = object_in(file)
    units = {name: fields.units(name) for name in fields.values}
    for name, amount in units.items():
        if name not in known:
            raise InputError(f"{fields.place}: {name!a}: expected clients with collateral at the venue")
        if not -MAX_UNITS * signed <= amount <= MAX_UNITS:
            raise fields.unexpected(name, f"{'signed ' if signed else ''}ledger units in 64 bits", amount)
    return units


def _tell(books: Standing, found: Distribution, as_json: bool, hedges: Sequence[OpenHedge] | None = None) -> int:
    """What is paid, what stays unpaid, and the hedges left open where somebody has said who holds what."""
    payments = [
        {
            "at_s": one.at_s,
            "from": one.payer.id,
            "to": one.payee.id,
            "units": one.units,
            "reason": one.reason.name.lower(),
        }
        for one in found.payments
    ]
    unpaid = [{"debtor": one.debtor, "creditor": one.creditor, "units": one.units} for one in found.unpaid]
    if as_json:
        spelt = {"payments": payments, "unpaid": unpaid}
        told = {name: [row | {"units": str(row["units"])} for row in rows] for name, rows in spelt.items()}
        more = {} if hedges is None else {"hedges": written_hedges(hedges)}
        print_json({"asset": books.chart.asset, "at_s": books.at_s, **told, **more})
        return DONE
    print_rows(("at_s", "from", "to", "units", "reason"), payments, amounts=("units",), times=("at_s",), as_json=False)
    for claim in found.unpaid:
        print_line(printable(f"{claim.debtor} still owes {claim.creditor} {claim.units}"))
    if not found.unpaid:
        print_line("nobody is owed anything")
    for line in told_hedges(hedges or ()):
        print_line(line)
    return DONE
