"""Documents of cases for tests: the short call of specs/derive_margin.md §16, and accounts made from it."""

import copy
import json
from decimal import Decimal
from typing import Any

SPOT, FORWARD, STRIKE, SECONDS = 1500, "1500.833279310994", 1500, 500_400
VOLATILITY = "1.0478844940849863"

Document = dict[str, Any]

SHORT_CALL = {"sec_to_expiry": SECONDS, "strike": STRIKE, "is_call": True, "amount": -1}
SCENARIOS = [
    {"spot_shock": shock, "vol_shock": direction}
    for shock in ("1.15", "1.10", "1.05", 1, "0.95", "0.90", "0.85")
    for direction in ("up", "none", "down")
]
PLAIN: Document = {
    "scenarios": SCENARIOS,
    "basis_contingency": {
        "scenario_spot_up": "1.05", "scenario_spot_down": "0.95", "add_factor": "0.25", "mult_factor": "0.01",
    },
    "other_contingency": {
        "peg_loss_threshold": "0.98", "peg_loss_factor": 2, "conf_threshold": "0.6", "conf_margin": "0.5",
        "base_percent": "0.02", "perp_percent": "0.02", "option_percent": "0.01",
    },
    "margin": {"im_factor": "1.3", "base_static_discount": "0.95", "rate_mult_scale": 4, "rate_add_scale": "0.05"},
    "vol_shock": {
        "vol_range_up": "0.45", "vol_range_down": "0.3", "short_term_power": "0.3", "long_term_power": "0.13",
        "dte_floor_sec": 86400,
    },
}  # fmt: skip


def expiry(**changed: Any) -> Document:
    """The expiry of the call, in the form of the portfolio models."""
    return {
        "sec_to_expiry": SECONDS, "forward_fixed": 0, "forward_variable": FORWARD, "forward_confidence": 1,
        "rate": "0.03", "rate_confidence": 1, "vol_confidence": 1, "vols": [{"strike": STRIKE, "vol": VOLATILITY}],
        **changed,
    }  # fmt: skip


def feeds(**changed: Any) -> Document:
    return {
        "spot": SPOT, "spot_confidence": 1, "stable_price": 1, "perp_price": 1505, "perp_confidence": 1,
        "expiries": [expiry()], **changed,
    }  # fmt: skip


def plain(**portfolio: Any) -> Document:
    """PMRM with its parameters of the public tests."""
    held = {"cash": 0, "perp": 0, "perp_unsettled_cash": 0, "base": 0, "options": [SHORT_CALL], **portfolio}
    return copy.deepcopy({"id": "plain", "model": "PMRM", "params": PLAIN, "feeds": feeds(), "portfolio": held})


def bare(model: str, **portfolio: Any) -> Document:
    """A portfolio model without parameters of its own."""
    document = plain(**portfolio) | {"id": "bare", "model": model}
    del document["params"]
    if model != "PMRM":
        del document["portfolio"]["base"]
    return document


def standard(**portfolio: Any) -> Document:
    """SRM without parameters of its own, in ETH."""
    one = {"sec_to_expiry": SECONDS, "forward": FORWARD, "forward_confidence": 1, "vol_confidence": 1}
    live = {key: value for key, value in feeds().items() if key != "stable_price"}
    live["expiries"] = [{**one, "vols": expiry()["vols"]}]
    cash = portfolio.pop("cash", 0)
    held = {"perp": 0, "perp_unsettled_cash": 0, "base": 0, "options": [SHORT_CALL], **portfolio}
    return copy.deepcopy({
        "id": "standard", "model": "SRM", "feeds": {"stable_price": 1, "markets": {"ETH": live}},
        "portfolio": {"cash": cash, "markets": {"ETH": held}},
    })  # fmt: skip


def as_read(document: Any) -> Any:
    """A document as the reader of JSON gives it."""
    return json.loads(json.dumps(document), parse_float=Decimal)


def line(document: Any) -> str:
    return json.dumps(document) + "\n"
