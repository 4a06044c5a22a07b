"""The file in which a custodian says whom it serves and how: venues, assets with haircuts, waits, and the first keys.

Strict JSON, every number a text, as in an instruction. `admissions` are those of `custody.governance.genesis`: the
custodian itself and whoever was there before anybody could sign; all that came later is in the ledger.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from custody.answers import Agreement
from custody.collateral import Eligible
from custody.custodian import Custodian
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database
from custody.delegation import Standing
from custody.governance import ApprovalState, genesis
from custody.governance import Terms as GovernanceTerms
from custody.instructions import Admit
from custody.money import Asset
from custody.movements import Terms
from custody.register import Register
from custody.shapes import shaped
from custody.strict_json import parse_json
from custody.typed_data import DOMAIN_NAME, Domain
from settlement.commands.fields import InputError
from settlement.commands.running import looked_at, opened

SCHEMAS = (LEDGER, CUSTODIAN)
"""A ledger with its custodian's record in it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An asset that the custodian keeps; a haircut of 10000 bps is one that is no collateral."""

    symbol: str
    scale: int
    chain_decimals: int
    haircut_bps: int


@dataclass(frozen=True, slots=True)
class CustodySetting:
    """The file, field by field. Times are UTC seconds."""

    chain_id: int
    contract: str
    opened_at_s: int
    standing: Standing
    venues: tuple[str, ...]
    assets: tuple[Kept, ...]
    terms: Terms
    admissions: tuple[Admit, ...]

    @property
    def domain(self) -> Domain:
        """Where what is signed for this custodian is good."""
        return Domain(DOMAIN_NAME, self.chain_id, self.contract)

    def asset(self, symbol: str) -> Asset:
        """One that is kept, by its symbol."""
        return next(_asset(kept) for kept in self.assets if kept.symbol == symbol)

    def agreement(self) -> Agreement:
        """What the custodian serves."""
        schedule = {kept.symbol: Eligible(_asset(kept), kept.haircut_bps) for kept in self.assets}
        return Agreement(schedule, frozenset(self.venues), self.standing, self.terms)

    def genesis(self) -> ApprovalState:
        """Who could instruct what before anything was instructed."""
        terms = GovernanceTerms(self.domain, tuple(_asset(kept) for kept in self.assets))
        return genesis(terms, self.admissions, self.opened_at_s)


def setting_in(file: Path) -> CustodySetting:
    """The setting in a file; InputError names the field that is wrong."""
    try:
        found: CustodySetting = shaped(CustodySetting, parse_json(text_of(file)))
        found.agreement()
        found.genesis()
    except ValueError as why:  # also a FieldError, and what assets, policies and keys object to
        raise InputError(f"{file}: {why}") from why
    return found


def text_of(file: Path) -> str:
    """A text file; InputError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise InputError(f"{file}: expected a readable text file, found {why}") from why


@contextmanager
def register_at(place: str, setting: Path | None = None) -> Iterator[Register]:
    """What is on record, whoever writes it meanwhile."""
    agreement = setting_in(setting).agreement() if setting else Agreement({}, frozenset())
    with looked_at(place, SCHEMAS) as (database, _):
        yield Register(database, agreement)


@contextmanager
def custodian_at(place: str, file: Path) -> Iterator[tuple[Database, Custodian]]:
    """The custodian of a ledger, which is made where there is none, and the ledger."""
    setting = setting_in(file)
    with opened(place, create=True, schemas=SCHEMAS) as (database, books):
        yield database, Custodian(database, books, setting.agreement(), setting.genesis())


def _asset(kept: Kept) -> Asset:
    return Asset(kept.symbol, kept.scale, kept.chain_decimals)
