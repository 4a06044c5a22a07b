"""A venue or a custodian fails: what is owed, what there is, and who bears the rest.

A venue in default closes everything at the mark. Pooled, all that its clients have there is a claim; in a compartment
only gains not settled yet are. Claims are paid in proportion, which is the greatest clearing vector where one debtor
owes all and nobody else hangs on it (Eisenberg and Noe 2001); a ring-fence that was the venue's promise ends here
(specs/contagion.md §6.2, §7). A custodian whose trust fails pays a part of what it holds.
"""

from dataclasses import dataclass, field

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.books import Books
from margin.contagion.closing import Flags
from margin.contagion.draws import Whole
from margin.contagion.path import Path
from margin.contagion.payers import Losses, Payer
from margin.contagion.population import Kind
from margin.contagion.regimes import Disruption, Regime
from margin.contagion.scan import Prices
from margin.contagion.winners import shared
from margin.estimates import BPS

FAILED_VENUE = FAILED_CUSTODIAN = 0
"""The largest."""


@dataclass(slots=True)
class Defaults:
    """What fails when (0: never); of a venue in default, what was claimed and what was paid but is frozen (µ$)."""

    a: Assumptions
    books: Books
    path: Path
    regime: Regime
    claims_units: int = 0
    frozen_units: int = 0
    _venue_at: int = field(init=False)
    _custodian_at: int = field(init=False)

    def __post_init__(self) -> None:
        part, steps = self.a["venue.default_at"], len(self.path.units) - 1
        self._venue_at = max(1, round(part * steps)) if part > 0 else 0
        fails = self.regime.disruption is Disruption.CUSTODIAN_DEFAULT and self.regime.is_segregated
        self._custodian_at = window(self.path)[0] if fails else 0

    def strike(self, step: int, prices: Prices, losses: Losses) -> bool:
        """Whether something failed in this step."""
        if step == self._venue_at:
            self._venue_fails(FAILED_VENUE, prices, losses)
        if step == self._custodian_at:
            self._custodian_fails(FAILED_CUSTODIAN, losses)
        return step in (self._venue_at, self._custodian_at)

    def _venue_fails(self, venue: int, prices: Prices, losses: Losses) -> None:
        books, rows = self.books, self.books.rows
        books.close_all(venue, prices)
        books.defaulted[venue] = True
        here = np.flatnonzero(rows.venue == venue)
        if self.regime.is_segregated:  # losers' compartments pay what they lost; winners' gains are claims
            owed = np.minimum(np.maximum(-rows.realised[here], 0), np.maximum(rows.principal[here], 0))
            rows.principal[here] -= owed
            rows.realised[here] += owed
        held = rows.realised[here] if self.regime.is_segregated else rows.principal[here] + rows.realised[here]
        paid = self._paid(venue, np.maximum(held, 0), books.number[here])
        rows.realised[here] += paid - held  # who owes more than it has pays nothing more: that is part of the hole
        books.gone_units += int((held - paid).sum())
        counted = self._counted(here)
        self.claims_units = int(np.maximum(held, 0)[counted].sum())
        self.frozen_units = 0 if self.regime.is_segregated else int(paid[counted].sum())
        losses.paid[Payer.VENUE_DEFAULT] += self.claims_units - int(paid[counted].sum())
        losses.bear(here[counted], (np.maximum(held, 0) - paid)[counted])

    def _paid(self, venue: int, claims: Whole, number: Whole) -> Whole:
        """What each claim gets: the stated recovery, and the venue's fund and capital on top."""
        books = self.books
        paid = _part(claims, round(self.a["venue.default_recovery"] * BPS))
        drawn = min(int(books.fund[venue] + books.capital[venue]), int((claims - paid).sum()))
        from_fund = min(drawn, int(books.fund[venue]))
        books.fund[venue] -= from_fund
        books.capital[venue] -= drawn - from_fund
        books.gone_units += drawn
        return np.asarray(paid + shared(drawn, claims - paid, number) if drawn else paid)

    def _custodian_fails(self, custodian: int, losses: Losses) -> None:
        """Custodian and venue have the same number; the trust holds where all is recovered, and pays later."""
        rows = self.books.rows
        here = np.flatnonzero(rows.venue == custodian)
        here = here[self._counted(here)]
        held = np.maximum(rows.principal[here], 0)
        lost = held - _part(held, round(self.a["custodian.recovery"] * BPS))
        rows.principal[here] -= lost
        self.books.gone_units += int(lost.sum())
        losses.paid[Payer.CUSTODIAN_DEFAULT] += int(lost.sum())
        losses.bear(here, lost)

    def _counted(self, accounts: Whole) -> Flags:
        """Unlevered holders of the rest are left out: what stands with them is not a client's choice of custody."""
        population = self.books.population
        return np.asarray(population.clients.kind[population.accounts.client[accounts]] != Kind.REST)


def _part(units: Whole, bps: int) -> Whole:
    """Rounded down, without leaving 64 bits."""
    return np.asarray(units // BPS * bps + units % BPS * bps // BPS)


def window(path: Path) -> tuple[int, int]:
    """First and last step of the fourteen hours around the low of the first instrument."""
    low, half = int(np.argmin(path.units[:, 0])), 7 * 3600 // path.step_s
    return max(1, low - half), low + half
