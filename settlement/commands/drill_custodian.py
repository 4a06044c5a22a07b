"""`bulkhead drill custodian-default`: the custodian fails, and all that it holds of an asset is delivered or shared."""

from custody.accounts import Code
from margin.insolvency.custodian_default import CustodianDefault, custodian_default
from settlement.commands.drill_books import Standing, standing
from settlement.commands.drill_options import CustodianDefaults
from settlement.commands.drill_telling import tell

_NOT_OWED = (Code.VAULT, Code.FEES, Code.POOL, Code.CLAIM)
"""What it holds, what it has earned, and what a venue owes its own clients: nobody's claim on the custodian."""


def told(asked: CustodianDefaults) -> int:
    """What every account recovers, and of a pool everyone behind it. Holds do not matter: what is held is owed too."""
    books = standing(asked.database, asked.asset, asked.as_of)
    facts = CustodianDefault(
        declared_at_s=books.at_s,
        delay_s=asked.delay_s,
        trust_holds=not asked.trust_fails,
        owed_units={
            account: books.totals[account.id].balance
            for account in books.accounts.values()
            if account.code not in _NOT_OWED and books.totals[account.id].balance > 0
        },
        found_units=-books.totals[books.chart.vault().id].balance if asked.found is None else asked.found,
        other_creditors_units=asked.other_creditors,
        claim_units=_claims(books),
    )
    return tell(books, custodian_default(books.chart, facts), asked.json)


def _claims(books: Standing) -> dict[str, dict[str, int]]:
    """By venue and client, what each has a claim on in the venue's pool."""
    claims: dict[str, dict[str, int]] = {}
    for account in books.of(Code.CLAIM):
        _, _, client, _, venue = account.id.split("/")
        if books.totals[account.id].balance > 0:
            claims.setdefault(venue, {})[client] = books.totals[account.id].balance
    return claims
