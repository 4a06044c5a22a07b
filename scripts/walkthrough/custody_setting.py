"""The setting of a desk's custodian as a file, so that `bulkhead custody` can look at what the day has left."""

import json

from custody.shapes import plain
from settlement.commands.custody_setting import CustodySetting, Kept
from settlement.desk.instructing import OPENED_AT_S, Instructing


def setting_of(instructing: Instructing) -> str:
    """The file's text."""
    agreement, terms = instructing.agreement, instructing.terms
    haircuts = {symbol: eligible.haircut_bps for symbol, eligible in agreement.schedule.items()}
    assets = tuple(Kept(one.symbol, one.scale, one.chain_decimals, haircuts[one.symbol]) for one in terms.assets)
    setting = CustodySetting(
        terms.domain.chain_id,
        terms.domain.contract,
        OPENED_AT_S,
        agreement.standing,
        tuple(sorted(agreement.venues)),
        assets,
        agreement.terms,
        instructing.first,
    )
    return json.dumps(plain(setting), indent=1) + "\n"
