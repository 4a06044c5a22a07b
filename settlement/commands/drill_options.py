"""What each drill is asked: its options, with those that all of them take in one place."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from settlement.commands.options import Json, Ledger, Position, Time, utc_s

_Units = Annotated[Position | None, Parameter()]
_Moment = Annotated[int, Parameter(converter=utc_s)]
_File = Annotated[str, Parameter(allow_leading_hyphen=True)]
_Flag = Annotated[bool, Parameter(negative="")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """Over which ledger, and how it is told."""

    database: Ledger
    json: Json = False
    """Print JSON instead of tables."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class OverBooks(Drill):
    """Over the accounts of one asset at one moment."""

    asset: str
    """The asset's symbol: of a client's or a venue's default, the settlement asset's."""
    as_of: Time = None
    """The books as they were at this time, UTC seconds or ISO 8601; as they are, if left out."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDefaults(OverBooks):
    """A client defaults."""

    client: str
    """Its name, as it stands in its accounts."""
    venue: str
    """Where its positions are closed."""
    owed: _File
    """A JSON object, ledger units by creditor: what each winner is still to receive for the client's losses."""
    positions: _File = ""
    """A JSON object with a list "positions" of {"party", "venue", "instrument", "underlying", "units"}: who holds what,
    signed, in the underlying's smallest unit. The hedges that lose what they hedged are listed."""
    top_up: Position = 0
    """Ledger units of what is available to the client that may be drawn on."""
    capital: _Units = None
    """Ledger units of the venue's own collateral that stand in; all of it, if left out."""
    adl: _File = ""
    """Of a pool: a JSON object in the queue's order, ledger units by creditor: what each gives up at most when it is
    auto-deleveraged at the client's bankruptcy price."""
    found: _Units = None
    """Of a pool: ledger units that are found in the omnibus; all that is booked there, if left out. Where it is less
    than the claims on it, the venue fails too."""
    release_s: _Units = None
    """Of a pool whose venue fails too: seconds from the declaration to the pool's paying out."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDefaults(OverBooks):
    """A venue defaults."""

    venue: str
    """Its name, as it stands in its accounts."""
    unsettled: _File
    """A JSON object, signed ledger units by client: unsettled profit and loss at the declared marks."""
    release_s: Position = 0
    """Seconds from the declaration to the release of the compartments, or to the pool's paying out."""
    found: _Units = None
    """Of a pool: ledger units that are found in the omnibus; all that is booked there, if left out."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class CustodianDefaults(OverBooks):
    """The custodian defaults."""

    found: _Units = None
    """Ledger units that are found of the asset; what the vault should hold, if left out."""
    trust_fails: _Flag = False
    """The custodian's other creditors share in what is found."""
    other_creditors: Position = 0
    """Ledger units that the custodian owes elsewhere."""
    delay_s: Position = 0
    """Seconds from the declaration until anything is delivered."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class CannotSign(Drill):
    """The custodian cannot sign."""

    began: _Moment
    """The first second without signatures, UTC seconds or ISO 8601."""
    ended: _Moment
    """The first second with signatures again."""
    run_on: _Flag = False
    """The agreement lets calls run on: the client bears what it cannot act on."""
    bearer: str = "custodian"
    """Who bears it where calls pause: client, venue or custodian."""
    longest_s: Position = 86_400
    """The longest pause that the agreement grants."""
