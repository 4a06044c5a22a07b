"""The chart spells every account's place, and no party's name can spell another's."""

import pytest

from custody.accounts import AccountError, Chart, Code, Limit, Totals

CHART = Chart("USDC")
PLACES = """
account                         id                               code              limit
vault                           USDC/vault                       VAULT             CREDITS_WITHIN_DEBITS
available(fund)                 USDC/client/fund/available       AVAILABLE         DEBITS_WITHIN_CREDITS
delegated(fund,north)           USDC/client/fund/delegated/north DELEGATED         DEBITS_WITHIN_CREDITS
venue_collateral(north)         USDC/venue/north/collateral      VENUE_COLLATERAL  DEBITS_WITHIN_CREDITS
venue_settlement(north)         USDC/venue/north/settlement      VENUE_SETTLEMENT  DEBITS_WITHIN_CREDITS
insurance(north)                USDC/insurance/north             INSURANCE         DEBITS_WITHIN_CREDITS
guarantee(north)                USDC/guarantee/north             GUARANTEE         DEBITS_WITHIN_CREDITS
fees                            USDC/fees                        FEES              DEBITS_WITHIN_CREDITS
suspense                        USDC/suspense                    SUSPENSE          NONE
omnibus(north)                  USDC/venue/north/omnibus         OMNIBUS           DEBITS_WITHIN_CREDITS
pool(north)                     USDC/venue/north/pool            POOL              CREDITS_WITHIN_DEBITS
claim(fund,north)               USDC/client/fund/claim/north     CLAIM             DEBITS_WITHIN_CREDITS
"""


@pytest.mark.parametrize("row", PLACES.strip().splitlines()[1:], ids=lambda row: row.split()[0])
def test_every_place_of_the_chart(row: str) -> None:
    call, account_id, code, limit = row.split()
    name, _, parties = call.rstrip(")").partition("(")
    account = getattr(CHART, name)(*filter(None, parties.split(",")))
    assert (account.id, account.asset, account.code, account.limit) == (account_id, "USDC", Code[code], Limit[limit])


@pytest.mark.parametrize("name", ["", "fund/available", "a b", "x" * 33, "é"])
def test_a_name_that_could_spell_another_account_is_refused(name: str) -> None:
    with pytest.raises(AccountError):
        CHART.available(name)
    with pytest.raises(AccountError):
        CHART.claim("fund", name)
    with pytest.raises(AccountError):
        Chart(name)


def test_spendable_leaves_out_what_is_reserved_and_what_has_not_arrived() -> None:
    totals = Totals(debits_pending=5, debits_posted=20, credits_pending=7, credits_posted=100)
    assert (totals.balance, totals.spendable) == (80, 75)
