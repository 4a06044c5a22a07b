"""Linear equations in whole numbers, solved exactly: Gauss's elimination without fractions (Bareiss, 1968).

Every division on the way is exact, so numbers stay as small as the determinants that they are.
"""

from collections.abc import Sequence
from fractions import Fraction


def solve(matrix: Sequence[Sequence[int]], right: Sequence[int]) -> list[Fraction]:
    """x with matrix · x = right. Raises ZeroDivisionError where there is none, or more than one."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size, last = len(rows), 1
    for step in range(size):
        _bring_up_a_pivot(rows, step)
        pivot = rows[step]
        for row in rows[step + 1 :]:
            factor = row[step]
            for column in range(step, size + 1):
                row[column] = (row[column] * pivot[step] - factor * pivot[column]) // last
        last = pivot[step]
    return _substituted(rows)


def _bring_up_a_pivot(rows: list[list[int]], step: int) -> None:
    for index in range(step, len(rows)):
        if rows[index][step]:
            rows[step], rows[index] = rows[index], rows[step]
            return
    raise ZeroDivisionError("the equations have no solution, or more than one")


def _substituted(rows: Sequence[Sequence[int]]) -> list[Fraction]:
    solution: list[Fraction] = []
    for index in reversed(range(len(rows))):
        row = rows[index]
        known = sum((a * x for a, x in zip(row[index + 1 : -1], solution, strict=True)), Fraction(0))
        solution.insert(0, Fraction(row[-1] - known, row[index]))
    return solution
