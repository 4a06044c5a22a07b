"""Payments that are late rather than lost: stress, and how it is passed on (Paddrik, Rajan and Young 2020).

Stress is what a member owes beyond what it is paid (or holds as margin) and its buffer; a part τ of it is passed on
to those that it owes, each its share: s_k = [Σ_j p̄_kj − Σ_j received_jk − b_k]⁺, p_kj = [p̄_kj − τ_k a_kj s_k]⁺. With
τ = 1 and no margin these are Eisenberg and Noe's payments as long as nothing is cut to zero.
"""

from dataclasses import dataclass

import numpy as np

from margin.contagion.draws import Floats

ROUNDS = 10_000
EXACT = 1e-12
"""Of the largest debt: where payments no longer move."""


@dataclass(frozen=True, slots=True)
class Late:
    """`paid[k, j]` is what k pays j now; `stress` by member."""

    paid: Floats
    stress: Floats

    def late(self, owed: Floats) -> Floats:
        """What is still to come, by payer and payee."""
        return owed - self.paid


class LatePaymentError(ValueError):
    """Debts that are none, or payments that do not settle; the text says which."""


def late_payments(owed: Floats, margin: Floats, buffers: Floats, passed_on: Floats) -> Late:
    """The greatest payments, by going down from all that is owed; $ or any one unit.

    `owed[k, j]` is what k owes j, `margin[j, k]` what k holds of j and may take for what j does not pay; `passed_on`
    is τ_k in [0, 1], the part of stress that is passed on and not borne by what a member can find elsewhere. a_kj is
    j's share of what k owes. Raises LatePaymentError.
    """
    if (
        owed.min() < 0.0
        or margin.min() < 0.0
        or np.any(np.diag(owed))
        or not np.all((passed_on >= 0) & (passed_on <= 1))
    ):
        raise LatePaymentError("debts and margins are not below zero, none to oneself, and a part is from 0 to 1")
    total = owed.sum(axis=1)
    shares = np.divide(owed, total[:, None], out=np.zeros_like(owed), where=total[:, None] > 0.0)
    paid = owed.astype(np.float64)
    for _ in range(ROUNDS):
        received = np.minimum(paid + margin, owed).sum(axis=0)
        stress = np.maximum(total - received - buffers, 0.0)
        after = np.maximum(owed - (passed_on * stress)[:, None] * shares, 0.0)
        if np.abs(after - paid).max() <= EXACT * max(float(owed.max()), 1.0):
            return Late(after, stress)
        paid = after
    raise LatePaymentError(f"payments still move after {ROUNDS} rounds")
