"""What the method makes of nothing: labels of custody that are shuffled, and what is then told as an effect.

Between runs: either of two matched runs is called segregated. Within a run: half of its clients are, though all were
treated alike. Each time the interval has to cover zero as often as it promises (specs/contagion.md §12).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from margin.contagion.decompose import Band, bootstrap
from margin.contagion.draws import Floats, uniforms
from margin.contagion.phase import student


@dataclass(frozen=True, slots=True)
class Placebo:
    """The effect of labels that mean nothing: one shuffling with its interval, by metric; the part of all shufflings
    whose interval covers zero (95% is what an interval promises), and the part that is as far from zero as the labels
    as they are."""

    once: Band
    covered: Floats
    as_far: Floats


def placebo(differences: Floats, seed: int, *, shuffles: int = 200, resamples: int = 1_000) -> Placebo:
    """Shuffle which of two matched cells is called segregated: `differences` by (pair, metric, seed of a run).

    Within a pair and a seed both runs have the same accounts, prices and draws, so that without an effect of custody
    either could bear either label.
    """
    pairs, metrics, seeds = differences.shape
    draws = uniforms(seed, "placebo", np.arange(shuffles * pairs * seeds, dtype=np.int64))
    signs = np.where(draws < 0.5, -1.0, 1.0).reshape(shuffles, pairs, seeds)
    shuffled = np.einsum("kps,pms->kms", signs, differences) / pairs
    band = bootstrap(shuffled.reshape(shuffles * metrics, seeds), seed, resamples)
    low, mean, high = (one.reshape(shuffles, metrics) for one in (band.low, band.mean, band.high))
    actual = np.abs(differences.mean(axis=(0, 2)))
    return Placebo(
        Band(mean[0], low[0], high[0]),
        np.asarray(((low <= 0.0) & (high >= 0.0)).mean(axis=0)),
        np.asarray((np.abs(mean) >= actual).mean(axis=0)),
    )


@dataclass(frozen=True, slots=True)
class Within:
    """Half of the clients of one run labelled, by metric: one labelling with its interval, and the part of all
    labellings whose interval covers zero."""

    once: Band
    covered: Floats


def placebo_within(groups: Floats, seed: int, *, shuffles: int = 200) -> Within:
    """Label half of the random groups of clients of one run, again and again: `groups` by (metric, group).

    There is no run in which venues differ in custody, and four unequal venues could not be shuffled: clients can.
    Raises ValueError for fewer than four groups.
    """
    count = groups.shape[-1]
    draws = uniforms(seed, "placebo within", np.arange(shuffles * count, dtype=np.int64)).reshape(shuffles, count)
    every = [label_effect(groups, np.argsort(np.argsort(row)) < count // 2) for row in draws]
    covered = np.array([(one.low <= 0.0) & (one.high >= 0.0) for one in every])
    return Within(every[0], np.asarray(covered.mean(axis=0)))


def label_effect(groups: Floats, labelled: NDArray[np.bool_]) -> Band:
    """Had all been as the labelled are, less had all been as the others: sums over all groups, by (metric, group).

    The interval is of two samples' means by Student's t with their common variance. ValueError where a side has fewer
    than two groups.
    """
    one, other = groups[..., labelled], groups[..., ~labelled]
    count, here, there = groups.shape[-1], one.shape[-1], other.shape[-1]
    if min(here, there) < 2:
        raise ValueError(f"{here} groups with a label and {there} without are no two samples")
    squares = one.var(axis=-1) * here + other.var(axis=-1) * there
    freedom = count - 2
    half = student(freedom) * np.sqrt(squares / freedom * (1.0 / here + 1.0 / there)) * count
    mean = (one.mean(axis=-1) - other.mean(axis=-1)) * count
    return Band(np.asarray(mean), np.asarray(mean - half), np.asarray(mean + half))
