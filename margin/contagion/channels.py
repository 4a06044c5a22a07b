"""The seven ways in which one loss makes another, each of which can be turned off (specs/contagion.md §6.1)."""

from enum import IntFlag


class Channels(IntFlag):
    """What is on. Off means, in order: prices follow the exogenous path exactly; depth stays as at the start; margins
    stay at the first schedule; the test is on all of a client's venues, its transfers free and at once; an outside
    sponsor pays every shortfall, and the amount is recorded; everything is up and the fastest delay is everybody's;
    external calls are met from outside cash.
    """

    NONE = 0
    IMPACT = 1
    DEPTH = 2
    PROCYCLICALITY = 4
    TRAPPED = 8
    MUTUALISATION = 16
    OUTAGE = 32
    CARRY = 64
    ALL = 127


CUSTODY_CHANNELS = Channels.TRAPPED | Channels.MUTUALISATION | Channels.OUTAGE
"""The ones through which the form of custody can matter."""
