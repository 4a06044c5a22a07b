"""How forced orders move prices, how books thin and margins rise: floats, which estimate and never are money.

Depth 𝔻 = 𝔻⁰ · max(d_min, exp(−κ (s/s⁰ − 1))) · (E^MM/E^MM⁰)^ξ; impact G = 0.01 Q/𝔻 in log price, or Y σ √(Q/V) of the
run's flow, a share of it for good, the rest decaying; margins times min(1 + slope (s/s⁰ − 1), cap), or as an exchange
has announced (specs/contagion.md §5.2, §5.3, §5.6, §16).
"""

import math
from dataclasses import dataclass, field

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.draws import Floats, Whole
from margin.contagion.scan import PPM

MINUTES_A_DAY = 1440
LINEAR = 0.0
"""`market.impact_law`: anything else is the square-root law."""
MOST_DISPLACED = 3.0
"""Beyond a factor of twenty no displacement is added: such a run has long been called supercritical."""


@dataclass(slots=True)
class Pressure:
    """The state of all markets; every array is by instrument. `step_s` is the time of one step."""

    a: Assumptions
    channels: Channels
    step_s: int
    lasting: Floats = field(init=False)
    passing: Floats = field(init=False)
    variance: Floats = field(init=False)
    ordinary: Floats = field(init=False)
    lowest: Floats = field(init=False)
    _pressed: Floats = field(init=False)
    _flow: Floats = field(init=False)
    _daily: Floats = field(init=False)
    _volume: Floats = field(init=False)

    def __post_init__(self) -> None:
        daily = np.array([one.daily_volatility for one in self.a.instruments])
        self.ordinary = self.a["market.ordinary_scale"] * daily * math.sqrt(self.step_s / 60 / MINUTES_A_DAY)
        self.variance = self.ordinary**2
        self.lasting, self.passing = np.zeros(len(daily)), np.zeros(len(daily))
        self.lowest, self._pressed, self._flow = np.zeros(len(daily)), np.zeros(len(daily)), np.zeros(len(daily))
        self._daily, self._volume = daily, np.array([one.volume_usd for one in self.a.instruments])

    @property
    def displacement(self) -> Floats:
        """y, what forced orders have added to the log price."""
        return self.lasting + self.passing

    @property
    def stress(self) -> Floats:
        """s/s⁰: volatility now over the ordinary one."""
        return np.asarray(np.sqrt(self.variance) / self.ordinary)

    def pass_time(self, exogenous_returns: Floats, part_s: float) -> None:
        """Time goes by, a step or a part of one: displacement decays, and volatility, that of a whole step, follows the
        exogenous return and what was displaced.
        """
        fading = math.exp(-math.log(2.0) * part_s / self.a["market.half_life_s"])
        before = self.displacement
        self.passing = self.passing * fading
        moved = exogenous_returns + self.displacement - before + self._pressed
        keep = self.a["market.ewma"] ** (part_s / 60)
        self.variance = keep * self.variance + (1.0 - keep) * (moved**2 * (self.step_s / part_s))
        self._pressed = np.zeros(len(moved))

    def depth_usd(self, maker_health: float) -> Floats:
        """One-sided notional that moves each price by 1%; `maker_health` is their equity over that at the start."""
        ordinary = np.array([one.depth_usd for one in self.a.instruments])
        if Channels.DEPTH not in self.channels:
            return ordinary
        thinned = np.exp(-self.a["market.depth_sensitivity"] * (self.stress - 1.0))
        health = max(maker_health, 1e-3) ** self.a["market.equity_exponent"]
        return np.asarray(ordinary * np.clip(thinned, self.a["market.least_depth"], 1.0) * min(health, 1.0))

    def rate_ppm(self, first: Whole, owed_bps: Whole) -> Whole:
        """Maintenance rates now, parts per million, rounded up, of those at the start by venue, instrument and tier.

        `owed_bps` is what an exchange asked at the start and asks now, by instrument, 0 where none announces it: rates
        are the start's times now over then, exactly, and where there is none times what volatility makes of them.
        """
        if Channels.PROCYCLICALITY not in self.channels:
            return first
        multiple = 1.0 + self.a["market.margin_slope"] * (self.stress - 1.0)
        multiple = np.clip(multiple, 1.0, self.a["market.margin_cap"])[:, None]
        followed = np.minimum(np.ceil(first * multiple), PPM).astype(np.int64)
        then, now = owed_bps[:, :, None]
        stepped = np.minimum(-(-first * now // np.maximum(then, 1)), PPM)
        return np.where(then > 0, stepped, followed)

    def press(self, flow_usd: Floats, depth_usd: Floats) -> Floats:
        """Take net forced flow ($, + bought); the log moves that it makes."""
        if Channels.IMPACT not in self.channels:
            return np.zeros(len(flow_usd))
        room = np.sign(flow_usd) * MOST_DISPLACED - self.displacement
        move = np.clip(self._law(flow_usd, depth_usd), np.minimum(room, 0.0), np.maximum(room, 0.0))
        lasting = self.a["market.permanent_share"]
        self.lasting += lasting * move
        self.passing += (1.0 - lasting) * move
        self._pressed = self._pressed + move
        self.lowest = np.minimum(self.lowest, self.displacement)
        return np.asarray(move)

    def _law(self, flow_usd: Floats, depth_usd: Floats) -> Floats:
        """G of a flow: linear in depth; or, as a square root must be, what it adds to that of the flow so far."""
        if self.a["market.impact_law"] == LINEAR:
            return np.asarray(0.01 * flow_usd / depth_usd)
        before = _rooted(self._flow, self._volume)
        self._flow = self._flow + flow_usd
        return np.asarray(self.a["market.impact_factor"] * self._daily * (_rooted(self._flow, self._volume) - before))


def _rooted(flow_usd: Floats, volume_usd: Floats) -> Floats:
    return np.asarray(np.sign(flow_usd) * np.sqrt(np.abs(flow_usd) / volume_usd))


def displaced(path_units: Whole, displacement: Floats) -> Whole:
    """Prices in µ$ a lot: the exogenous ones exactly where nothing is displaced, else to the nearest, at least one."""
    moved = np.maximum(np.rint(path_units * np.exp(displacement)), 1).astype(np.int64)
    return np.where(displacement == 0.0, path_units, moved)
