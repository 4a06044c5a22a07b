"""Reports: what is no report, what a signature covers, and entries as they travel."""

from dataclasses import replace

import numpy as np
import pytest

from custody.signers import LocalSigner
from settlement.reports import ENTRY, Cause, EntryKind, Report, ReportError, reporting_domain

DOMAIN = reporting_domain(31_337, "0x" + "11" * 20)
VENUE = LocalSigner.for_demonstration("venue")


def report() -> Report:
    entries = np.zeros(3, ENTRY)
    entries["kind"], entries["cause"] = EntryKind.FILL, Cause.TRADE
    entries["lots"], entries["price_e6"] = (1, 2, 3), 60_000_000_000
    return Report("venue", 5, entries.tobytes())


def test_a_report_says_its_entries_by_number() -> None:
    said = report()
    assert (said.first, said.last, said.count) == (5, 7, 3)
    assert said.entries()["lots"].tolist() == [1, 2, 3]
    assert ENTRY.itemsize == 48


def test_what_was_heard_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        report().entries()["lots"] = 7


def test_only_the_venue_signs_for_it_and_only_what_it_said() -> None:
    said = report().signed(DOMAIN, VENUE)
    assert said.is_signed_by(DOMAIN, VENUE.address)
    body = bytearray(said.body)
    body[16] ^= 1
    for other in (
        replace(said, venue="another"), replace(said, first=6), replace(said, body=bytes(body)),
        replace(said, body=said.body[48:]),
    ):  # fmt: skip
        assert not other.is_signed_by(DOMAIN, VENUE.address)
    assert not said.is_signed_by(reporting_domain(1, "0x" + "11" * 20), VENUE.address)
    assert not said.is_signed_by(DOMAIN, LocalSigner.for_demonstration("custodian").address)


@pytest.mark.parametrize("body", [b"", bytes(47), bytes(49)])
def test_bytes_that_are_no_entries(body: bytes) -> None:
    with pytest.raises(ReportError, match="no whole entries"):
        Report("venue", 1, body)


@pytest.mark.parametrize("first", [0, -1, 1 << 63])
def test_numbers_that_no_venue_has(first: int) -> None:
    with pytest.raises(ReportError, match="has the number"):
        Report("venue", first, bytes(48))
