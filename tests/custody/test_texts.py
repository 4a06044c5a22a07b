"""Texts that a database could not keep are refused on both, by every way in; whatever else there is to say is kept."""

from dataclasses import replace

import numpy as np
import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.columns import Columns, refusal_of
from custody.transfers import Kind, Reason, Refusal, Transfer

CHART = Chart("USDC")
VAULT, FUND = CHART.vault().id, CHART.available("fund").id
DEPOSIT = Transfer("deposit", VAULT, FUND, 5, Reason.DEPOSIT)
FINE = ["", " ", "wire é", "\N{PERSONAL COMPUTER}", "line\nline", "\x01", "'; --", "\\0", "x" * 10_000]
MALFORMED = ["\0", "wire\0", "\0wire", "\ud800", "a\udfffb", "\udcff"]


@pytest.mark.parametrize("reference", FINE, ids=lambda text: ascii(text[:9]))
def test_any_other_text_comes_back_as_it_went_in(books: Books, reference: str) -> None:
    one, two = replace(DEPOSIT, reference=reference), replace(DEPOSIT, id="other", reference=reference)
    assert books.post([one], 9)[0].ok
    assert books.post([two, replace(DEPOSIT, id="third")], 9)[0].ok
    assert [entry.transfer.reference for entry in books.transfers()] == [reference, reference, ""]
    assert books.post([one], 9)[0].repeated
    assert books.verify() == []


@pytest.mark.parametrize("reference", MALFORMED, ids=ascii)
def test_a_reference_that_cannot_be_kept_is_refused_by_every_way_in(books: Books, reference: str) -> None:
    bad, good = replace(DEPOSIT, reference=reference), replace(DEPOSIT, id="good")
    assert books.post([bad], 9)[0].refusal is Refusal.REFERENCE_IS_MALFORMED
    assert [one.refusal for one in books.post([bad, good], 9)] == [Refusal.REFERENCE_IS_MALFORMED, None]
    vault, fund = books.keys([VAULT, FUND])
    sides = np.array([vault, vault]), np.array([fund, fund]), np.array([1, 1])
    for references in (reference, ["", reference]):
        codes = books.post_columns(Columns(["c/1", "c/2"], *sides, Reason.DEPOSIT, references=references), 9)
        assert refusal_of(int(codes[-1])) is Refusal.REFERENCE_IS_MALFORMED
    assert [entry.transfer.id for entry in books.transfers()] == ["good", "c/1"]
    assert books.verify() == []


@pytest.mark.parametrize("name", MALFORMED, ids=ascii)
def test_what_no_account_and_no_transfer_can_be_called_is_not_found(books: Books, name: str) -> None:
    nobodys = [
        replace(DEPOSIT, debit_account=name),
        replace(DEPOSIT, credit_account=name),
        Transfer("end", "", "", 0, Reason.DEPOSIT, Kind.POST, name),
        replace(DEPOSIT, id=name),
    ]
    expected = [
        Refusal.DEBIT_ACCOUNT_NOT_FOUND,
        Refusal.CREDIT_ACCOUNT_NOT_FOUND,
        Refusal.PENDING_TRANSFER_NOT_FOUND,
        Refusal.ID_IS_MALFORMED,
    ]
    assert [books.post([one], 9)[0].refusal for one in nobodys] == expected
    assert [one.refusal for one in books.post(nobodys, 9)] == expected
