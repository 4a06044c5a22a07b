"""Late payments: with everything passed on they clear as Eisenberg and Noe's do; margin and buffers stop them."""

from fractions import Fraction

import numpy as np
import pytest

from margin.contagion.draws import Floats
from margin.contagion.theory.late_payment import LatePaymentError, late_payments

OWED = np.array([[0.0, 100.0, 0.0], [0.0, 0.0, 90.0], [20.0, 0.0, 0.0]])
"""Round a ring: the first owes most, and has the least."""


def paid(owed: Floats = OWED, margin: float = 0.0, buffers: tuple[float, ...] = (30.0, 10.0, 5.0), part: float = 1.0,
         ) -> Floats:  # fmt: skip
    count = len(owed)
    return late_payments(owed, np.full((count, count), margin), np.array(buffers), np.full(count, part)).paid


def test_everything_passed_on_is_the_clearing_vector() -> None:
    """p1 = min(100, 30 + p3), p2 = min(90, 10 + p1), p3 = min(20, 5 + p2), in exact numbers."""
    third = Fraction(20)
    first = min(Fraction(100), 30 + third)
    second = min(Fraction(90), 10 + first)
    assert third == min(Fraction(20), 5 + second)
    assert paid().sum(axis=1) == pytest.approx([float(first), float(second), float(third)])
    assert paid().sum(axis=1)[0] < 100.0


def test_nothing_passed_on_is_all_paid_and_stress_is_told() -> None:
    found = late_payments(OWED, np.zeros((3, 3)), np.array([30.0, 10.0, 5.0]), np.zeros(3))
    assert np.array_equal(found.paid, OWED)
    assert found.stress == pytest.approx([50.0, 0.0, 0.0])
    assert not found.late(OWED).any()


def test_more_margin_more_buffer_and_less_passed_on_never_pay_less() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        owed = rng.uniform(0.0, 100.0, (5, 5)) * (1 - np.eye(5))
        base = paid(owed, buffers=(5.0,) * 5, part=0.8)
        assert (base < owed - 1e-9).any(), "somebody is late"
        for other in (
            paid(owed, margin=10.0, buffers=(5.0,) * 5, part=0.8), paid(owed, buffers=(9.0,) * 5, part=0.8),
            paid(owed, buffers=(5.0,) * 5, part=0.5),
        ):  # fmt: skip
            assert (other >= base - 1e-9).all()


def test_what_are_no_debts_is_refused() -> None:
    for bad in (-OWED, OWED + np.eye(3)):
        with pytest.raises(LatePaymentError, match="debts"):
            paid(bad)
    with pytest.raises(LatePaymentError, match="part"):
        paid(part=1.5)
