"""Who can pay for a loss, what each has paid, and who bore it that had done nothing."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from margin.contagion.draws import Whole
from margin.contagion.population import Indexes


class Payer(StrEnum):
    """Whose money it was."""

    OWN_MARGIN = "own_margin"
    OWN_TOP_UP = "own_top_up"
    INSURANCE_FUND = "insurance_fund"
    VENUE_CAPITAL = "venue_capital"
    GUARANTEE_LINE = "guarantee_line"
    ADL = "adl"
    SOCIALISED = "socialised"
    SPONSOR = "sponsor"
    UNPAID = "unpaid"
    VENUE_DEFAULT = "venue_default"
    CUSTODIAN_DEFAULT = "custodian_default"


INNOCENT = (Payer.ADL, Payer.SOCIALISED, Payer.UNPAID, Payer.VENUE_DEFAULT, Payer.CUSTODIAN_DEFAULT)
"""Who had done nothing but to be there."""


@dataclass(slots=True)
class Losses:
    """What has been paid so far, by payer, in µ$, beyond `own_margin_units`: what the owners of accounts that ended
    below zero had put in, which went first. `deleveraged` are the positions that were closed for others,
    `rehedging_units` what hedgers among them need to replace a leg. `borne_units` is by account what it lost for
    others; who comes after its end has lost nothing.
    """

    rehedge_bps: int = 0
    paid: Counter[Payer] = field(default_factory=Counter)
    deleveraged: int = 0
    rehedging_units: int = 0
    own_margin_units: int = 0
    borne_units: Whole = field(default_factory=lambda: np.zeros(0, np.int64))

    def bear(self, accounts: Indexes | Whole, units: Whole) -> None:
        """Accounts lose for others; who is named twice loses twice."""
        more = int(accounts.max(initial=-1)) + 1 - len(self.borne_units)
        if more > 0:
            self.borne_units = np.append(self.borne_units, np.zeros(more, np.int64))
        np.add.at(self.borne_units, accounts, units)
