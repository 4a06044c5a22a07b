"""A statement leads from its opening to its closing balance, line by line, or is refused."""

import csv
import io
import json
from dataclasses import replace

import pytest

from custody.accounts import Chart, Totals
from custody.journal import GENESIS, Recorded
from custody.money import Asset
from custody.statement import COLUMNS, StatementError, as_csv, as_json, draw
from custody.transfers import Kind, Reason, Transfer

CHART = Chart("USDC")
USDC = Asset("USDC", scale=6, chain_decimals=6)
VAULT, FUND, VENUE = CHART.vault().id, CHART.available("fund").id, CHART.delegated("fund", "venue").id

OPENING = Totals(debits_posted=1_000_000, credits_posted=3_500_000)
CLOSING = Totals(debits_posted=1_300_000, debits_pending=9, credits_posted=4_500_000)
JOURNAL = (
    Recorded(5, Transfer("deposit", VAULT, FUND, 1_000_000, Reason.DEPOSIT, reference='wire "7", late'), 60, GENESIS),
    Recorded(6, Transfer("hold", FUND, VENUE, 400_000, Reason.DELEGATION, Kind.PENDING), 61, GENESIS),
    Recorded(8, Transfer("take", FUND, VENUE, 300_000, Reason.DELEGATION, Kind.POST, "hold"), 62, GENESIS),
    Recorded(9, Transfer("hold-2", FUND, VENUE, 9, Reason.DELEGATION, Kind.PENDING), 63, GENESIS),
    Recorded(10, Transfer("gone", FUND, VENUE, 9, Reason.DELEGATION, Kind.VOID, "x"), 63, GENESIS),
)
STATEMENT = draw(CHART.available("fund"), 60, 64, OPENING, CLOSING, JOURNAL)

CSV = """\
position,transfer_id,recorded_at_s,counter_account,debit,credit,balance,reason,reference
,,,,,,2.500000,opening,
5,deposit,60,USDC/vault,0.000000,1.000000,3.500000,deposit,"wire ""7"", late"
8,take,62,USDC/client/fund/delegated/venue,0.300000,0.000000,3.200000,delegation,
,,,,0.300000,1.000000,3.200000,closing,
"""


def test_only_what_was_posted_is_an_entry_and_each_carries_the_balance_after_it() -> None:
    told = [(entry.position, entry.debit, entry.credit, entry.balance) for entry in STATEMENT.entries]
    assert told == [(5, 0, 1_000_000, 3_500_000), (8, 300_000, 0, 3_200_000)]
    assert [entry.counter_account for entry in STATEMENT.entries] == [VAULT, VENUE]
    assert (STATEMENT.debits, STATEMENT.credits) == (300_000, 1_000_000)


def test_the_csv_is_exact_and_reads_back() -> None:
    text = as_csv(STATEMENT, USDC)
    assert text == CSV.replace("\n", "\r\n")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[1]["reference"] == 'wire "7", late'
    assert USDC.parse(rows[-1]["balance"]) == CLOSING.balance


def test_the_json_says_the_same_with_amounts_as_strings() -> None:
    told = json.loads(as_json(STATEMENT, USDC))
    entries = told.pop("entries")
    assert told == {
        "account": FUND,
        "asset": "USDC",
        "scale": 6,
        "from_s": 60,
        "to_s": 64,
        "opening_balance": "2.500000",
        "debits": "0.300000",
        "credits": "1.000000",
        "closing_balance": "3.200000",
    }
    assert tuple(entries[0]) == COLUMNS
    assert entries[1] == {
        "position": 8,
        "transfer_id": "take",
        "recorded_at_s": 62,
        "counter_account": VENUE,
        "debit": "0.300000",
        "credit": "0.000000",
        "balance": "3.200000",
        "reason": "delegation",
        "reference": "",
    }


def test_without_an_asset_amounts_are_ledger_units() -> None:
    told = json.loads(as_json(STATEMENT))
    assert (told["scale"], told["closing_balance"]) == (None, "3200000")
    assert as_csv(STATEMENT).splitlines()[-1] == ",,,,300000,1000000,3200000,closing,"


def test_the_vaults_balance_is_negative_for_it_holds_what_others_are_owed() -> None:
    vault = draw(CHART.vault(), 60, 64, Totals(), Totals(debits_posted=1_234_000_000), [
        replace(JOURNAL[0], transfer=replace(JOURNAL[0].transfer, amount=1_234_000_000))
    ])  # fmt: skip
    assert as_csv(vault, USDC).splitlines()[-1] == ",,,,1234.000000,0.000000,-1234.000000,closing,"


@pytest.mark.parametrize("closing", [Totals(), replace(CLOSING, debits_posted=1), replace(CLOSING, credits_posted=1)])
def test_entries_that_do_not_lead_to_the_closing_totals_are_refused(closing: Totals) -> None:
    with pytest.raises(StatementError, match="sum to 300000 debited and 1000000 credited, the totals differ by"):
        draw(CHART.available("fund"), 60, 64, OPENING, closing, JOURNAL)


def test_offsetting_faults_on_both_sides_do_not_hide_each_other() -> None:
    skewed = replace(CLOSING, debits_posted=CLOSING.debits_posted + 5, credits_posted=CLOSING.credits_posted + 5)
    assert skewed.balance == CLOSING.balance
    with pytest.raises(StatementError, match="the totals differ by 300005 and 1000005"):
        draw(CHART.available("fund"), 60, 64, OPENING, skewed, JOURNAL)


def test_a_strangers_transfer_is_refused() -> None:
    with pytest.raises(StatementError, match="position 5 \\(deposit\\) does not touch USDC/fees"):
        draw(CHART.fees(), 60, 64, Totals(), Totals(), JOURNAL)


def test_another_assets_scale_is_refused() -> None:
    for told in (as_csv, as_json):
        with pytest.raises(StatementError, match="holds USDC; it cannot be told in BTC"):
            told(STATEMENT, Asset("BTC", 8, 8))
