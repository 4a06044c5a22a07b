"""What the contracts refuse to be set to (specs/derive_margin.md §9, §11, §13): a slipped decimal point stops here."""

from margin.fixed import Fixed


def _range(least: str, most: str) -> tuple[Fixed, Fixed]:
    return Fixed.of(least), Fixed.of(most)


_SHARE, _UP_TO_TEN = _range("0", "1"), _range("0", "10")

LIMITS: dict[str, tuple[Fixed, Fixed]] = {
    # SRM
    "max_spot_req": _range("0", "1.2"),
    "min_spot_req": _range("0", "1.2"),
    "mm_call_spot_req": _SHARE,
    "mm_put_spot_req": _SHARE,
    "mm_put_mtm_req": _SHARE,
    "unpaired_im_scale": _range("1", "3"),
    "unpaired_mm_scale": _range("1", "3"),
    "mm_offset_scale": _range("1", "3"),
    "perp_threshold": _SHARE,
    "option_threshold": _SHARE,
    "base_threshold": _SHARE,
    "oc_factor": _SHARE,
    "threshold": _SHARE,
    "depeg_factor": _range("0", "3"),
    # The portfolio models
    "im_factor": _range("0.5", "10"),
    "mm_factor": _range("0.1", "10"),
    "base_static_discount": _range("0", "4"),
    "short_base_static_discount": _range("0", "4"),
    "long_base_static_discount": _range("0", "4"),
    "rate_mult_scale": _UP_TO_TEN,
    "rate_add_scale": _UP_TO_TEN,
    "short_rate_mult_scale": _UP_TO_TEN,
    "long_rate_mult_scale": _UP_TO_TEN,
    "short_rate_add_scale": _UP_TO_TEN,
    "long_rate_add_scale": _UP_TO_TEN,
    "short_term_power": _UP_TO_TEN,
    "long_term_power": _UP_TO_TEN,
    "dte_floor_sec": _range("1", str(400 * 86_400)),
    # The auction; its cutoff may not exceed its start, which two numbers say and one range does not
    "starting_mtm_percentage": _SHARE,
    "fast_auction_cutoff_percentage": _SHARE,
    "liquidator_fee_rate": _range("0", "0.1"),
    "buffer_margin_percentage": _range("0", "4"),
    "mtm_cutoff": _range("0", "1000"),
    # Funding
    "static_rate": _range("-0.001", "0.001"),
    "convergence_hours": _range("0.05", "240"),
}
"""The least and the most of a number by its name in the case schema; other numbers have no limit there."""
