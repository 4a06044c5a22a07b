"""How much of an outcome each channel makes: Shapley values over all sets of channels, and how channels interact.

v(S) is a metric with the channels of S on and the same draws in every set, so that differences are the channels' alone.
A set is a number whose bit j says that player j is in it; arrays have sets along their first axis, and whatever else is
told (seeds, groups of accounts) along the others (specs/contagion.md §11).
"""

from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from margin.contagion.draws import Floats, uniforms
from margin.contagion.phase import student

RESAMPLES = 10_000


class GameError(ValueError):
    """Values that are no game: not one for every set of players."""


def players_of(values: Floats) -> int:
    """How many players there are. Raises GameError unless there is a value for every set of one or more."""
    count = len(values)
    players = count.bit_length() - 1
    if players < 1 or 1 << players != count:
        raise GameError(f"{count} values are not one for every set of players")
    return players


def shapley(values: Floats) -> Floats:
    """φ_j = Σ_{S without j} |S|! (n − |S| − 1)! / n! · (v(S + j) − v(S)), players along the first axis.

    Their sum is v(all) − v(nobody).
    """
    players = players_of(values)
    sets = np.arange(len(values))
    sizes = _sizes(sets)
    weight = np.array([factorial(k) * factorial(players - k - 1) / factorial(players) for k in range(players)])
    shares = []
    for player in range(players):
        without = sets[(sets >> player) & 1 == 0]
        gains = values[without | 1 << player] - values[without]
        shares.append(np.tensordot(weight[sizes[without]], gains, axes=(0, 0)))
    return np.array(shares)


def dividends(values: Floats) -> Floats:
    """Harsanyi's d(S) = Σ_{T in S} (−1)^{|S| − |T|} v(T): what a set makes beyond what its parts make."""
    found = np.array(values, np.float64)
    for player in range(players_of(values)):
        sets = np.arange(len(values))
        inside = sets[(sets >> player) & 1 == 1]
        found[inside] -= found[inside ^ 1 << player]
    return found


def first_in(values: Floats) -> Floats:
    """v({j}) − v(nobody): what each makes alone."""
    return np.array([values[1 << player] - values[0] for player in range(players_of(values))])


def last_in(values: Floats) -> Floats:
    """v(all) − v(all but j): what is missed without each."""
    whole = len(values) - 1
    return np.array([values[whole] - values[whole ^ 1 << player] for player in range(players_of(values))])


def pairs(values: Floats) -> dict[tuple[int, int], Floats]:
    """The dividends of pairs; below zero where two channels do the same work."""
    found, players = dividends(values), players_of(values)
    return {
        (one, two): np.asarray(found[1 << one | 1 << two]) for one in range(players) for two in range(one + 1, players)
    }


@dataclass(frozen=True, slots=True)
class Band:
    """Means and the ends of their 95% intervals, each by whatever was not resampled."""

    mean: Floats
    low: Floats
    high: Floats


def bootstrap(samples: Floats, seed: int, resamples: int = RESAMPLES) -> Band:
    """The mean along the last axis and its percentile interval, drawing that axis anew with replacement.

    Of few samples such an interval is too narrow: it is widened around the mean by √(n / (n − 1)) t / 1.96, what a
    normal sample's lacks (Hesterberg 2015, the idea; he moves the percentiles). One sample has no interval: its ends
    are infinite. Raises ValueError for none.
    """
    count = samples.shape[-1]
    if count == 0:
        raise ValueError("no samples")
    mean = samples.mean(axis=-1)
    if count == 1:
        return Band(mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf))
    draws = uniforms(seed, "bootstrap", np.arange(resamples * count, dtype=np.int64))
    chosen = np.minimum((draws * count).astype(np.int64), count - 1).reshape(resamples, count)
    times = np.zeros((resamples, count))
    np.add.at(times, (np.repeat(np.arange(resamples), count), chosen.ravel()), 1.0)
    means = samples @ times.T / count
    low, high = np.quantile(means, [0.025, 0.975], axis=-1)
    wider = (count / (count - 1)) ** 0.5 * student(count - 1) / 1.96
    return Band(mean, np.asarray(mean + wider * (low - mean)), np.asarray(mean + wider * (high - mean)))


def over_groups(shares: Floats, seed: int, resamples: int = RESAMPLES) -> Band:
    """Sums over random groups of accounts (the last axis) with intervals, groups drawn anew with replacement.

    Groups that were drawn at random stand for their accounts: as many of them, with their sums, vary as accounts do.
    """
    band, groups = bootstrap(shares, seed, resamples), shares.shape[-1]
    return Band(band.mean * groups, band.low * groups, band.high * groups)


def _sizes(sets: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([int(one).bit_count() for one in sets], np.int64)
