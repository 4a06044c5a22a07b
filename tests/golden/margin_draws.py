"""Random margin cases, drawn to reach what the public ones reach seldom; answered by the plain reference.

Every parameter is drawn, so that no two have one value: a coefficient that is swapped for another is seen.
"""

from tests.golden import margin_reference as plain

DAY = 86400


def near(draw, middle, reach=0.3, digits=4):
    """A number about a middle."""
    return round(middle * (1 + reach * (2 * draw.random() - 1)), digits)


def confidence(draw, threshold):
    """Mostly sure, sometimes at a threshold exactly, sometimes below it."""
    return draw.choice([1, 0.99, 0.9, threshold, round(threshold * draw.random(), 4)])


def stable(draw):
    return draw.choice([1, 1.004, 0.985, 0.96, 0.9])


def seconds(draw):
    return draw.choice([0, 600, 1500, 3 * 3600, 86400, 5 * DAY, 30 * DAY, 30 * DAY + 1, 61 * DAY, 200 * DAY, 380 * DAY])


def options_at(draw, sec, forward, wide=0.25, most=5):
    """Options of one expiry about its forward, sometimes call and put of one strike."""
    some = {}
    for _ in range(draw.randint(1, most)):
        strike = near(draw, forward, wide, 0)
        sides = draw.choice([(True,), (False,), (True, False)])
        for is_call in sides:
            amount = round(draw.uniform(-8, 8), 3) or 1.0
            some[strike, is_call] = {"sec_to_expiry": sec, "strike": strike, "is_call": is_call, "amount": amount}
    return list(some.values())


def quotes(draw, options):
    return [{"strike": strike, "vol": near(draw, 0.8, 0.6)} for strike in sorted({one["strike"] for one in options})]


# -- standard margin ---------------------------------------------------------------------------------------------------


def standard_market(draw):
    share = {key: near(draw, middle, 0.15) for key, middle in (
        ("max_spot_req", 0.17), ("min_spot_req", 0.11), ("mm_call_spot_req", 0.08), ("mm_put_spot_req", 0.07),
        ("mm_put_mtm_req", 0.09), ("unpaired_im_scale", 1.3), ("unpaired_mm_scale", 1.15), ("mm_offset_scale", 1.08),
    )}  # fmt: skip
    oracle = {"perp_threshold": draw.choice([0.55, 0.4, 0]), "option_threshold": draw.choice([0.5, 0.45, 0])}
    oracle |= {"base_threshold": draw.choice([0.6, 0.35, 0]), "oc_factor": near(draw, 0.7)}
    base = {"margin_factor": near(draw, 0.8, 0.15), "im_scale": draw.choice([0.93, 0.875, 1, 0])}
    return {
        "perp": {"mm_req": near(draw, 0.06), "im_req": near(draw, 0.12)}, "option": share,
        "oracle_contingency": oracle, "base": base,
    }  # fmt: skip


def standard(draw, kind):
    params = {"depeg": {"threshold": near(draw, 0.98, 0.01), "depeg_factor": near(draw, 1.6)}, "markets": {}}
    feeds, portfolio = {"stable_price": stable(draw), "markets": {}}, {"cash": near(draw, 1000, 2, 2), "markets": {}}
    for name, level in (("ETH", 2000), ("BTC", 60_000))[: draw.randint(1, 2)]:
        spot = near(draw, level, 0.3, 2)
        away = {"far": 1.0, "deep": 0.6}.get(kind, 0.05)
        options, expiries = [], []
        for sec in draw.sample(
            [0, 900, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY], draw.randint(0 if kind == "any" else 1, 3)
        ):
            forward = near(draw, spot, away, 3) if kind != "far" else near(draw, spot, 0.8, 3)
            some = options_at(draw, sec, forward, 0.9 if kind != "any" else 0.3)
            if kind == "deep":
                some = [{**one, "amount": -abs(one["amount"])} for one in some]
            options += some
            expiries.append({
                "sec_to_expiry": sec, "forward": forward, "forward_confidence": confidence(draw, 0.5),
                "vol_confidence": confidence(draw, 0.45), "vols": quotes(draw, some),
            })  # fmt: skip
        params["markets"][name] = standard_market(draw)
        feeds["markets"][name] = {
            "spot": spot, "spot_confidence": confidence(draw, 0.6), "perp_price": near(draw, spot, 0.05, 2),
            "perp_confidence": confidence(draw, 0.55), "expiries": expiries,
        }  # fmt: skip
        portfolio["markets"][name] = {
            "perp": draw.choice([0, near(draw, 3), -near(draw, 4)]), "perp_unsettled_cash": near(draw, 50, 3, 2),
            "base": draw.choice([0, near(draw, 2)]), "options": options,
        }  # fmt: skip
    case = {"model": "SRM", "params": params, "feeds": feeds, "portfolio": portfolio}
    if not all(one["perp"] for one in portfolio["markets"].values()):
        # What is unsettled counts for nothing without a position; the engine has to see that for itself.
        settled = {name: {**one, "perp_unsettled_cash": one["perp_unsettled_cash"] if one["perp"] else 0}
                   for name, one in portfolio["markets"].items()}  # fmt: skip
        return case, plain.srm({**case, "portfolio": {**portfolio, "markets": settled}})
    return case, plain.srm(case)


# -- the portfolio models ----------------------------------------------------------------------------------------------


def shocks(draw, kind, skews):
    shown = [(round(draw.uniform(0.8, 1.2), 3), side) for side in ("up", "none", "down") for _ in range(3)]
    if kind == "basis":
        shown = [(1, "none"), (1.01, "none")]
    if kind == "skew":
        shown = [(0.999, "down")]
    some = [{"spot_shock": k, "vol_shock": side} for k, side in [*shown, (1, "none")]]
    if skews:
        # A tilt or a bend binds where neither a move nor a tail does.
        tails = () if kind == "skew" else (0.34, 2, 4)
        some += [{"spot_shock": 1, "vol_shock": side} for side in ("linear", "abs")]
        some += [{"spot_shock": k, "vol_shock": "up"} for k in tails]
        some = [one | {"dampening_factor": near(draw, 0.15, 0.9) if one["spot_shock"] in tails else 1} for one in some]
    draw.shuffle(some)
    return some


def common(draw, kind):
    return {
        "basis_contingency": {
            "scenario_spot_up": near(draw, 1.05, 0.03), "scenario_spot_down": near(draw, 0.95, 0.03),
            "add_factor": near(draw, {"basis": 2.5, "skew": 0.01}.get(kind, 0.3)),
            "mult_factor": near(draw, 0.02 if kind == "skew" else 1.2),
        },
        "vol_shock": {
            "vol_range_up": near(draw, 0.5), "vol_range_down": near(draw, 0.05 if kind == "skew" else 0.3, 0.9),
            "short_term_power": near(draw, 0.3), "long_term_power": near(draw, 0.13),
            "dte_floor_sec": draw.choice([86400, 43200]),
        },
    }  # fmt: skip


def doubts(draw):
    return {
        "peg_loss_threshold": near(draw, 0.98, 0.01), "peg_loss_factor": near(draw, 3),
        "conf_threshold": draw.choice([0.6, 0.55]), "conf_margin": near(draw, 0.6),
    }  # fmt: skip


def live(draw, kind, surfaces):
    """Feeds of one underlying and options on it."""
    spot, options, expiries = near(draw, 2000, 0.3, 2), [], []
    many = draw.randint(0, 3) if kind == "any" else draw.randint(1, 2)
    for sec in sorted({seconds(draw) for _ in range(many)}):
        forward = near(draw, spot, 0.05, 3)
        fixed = near(draw, forward, 0.02, 3) * (1 - sec / 1800) if sec < 1800 else 0
        some = options_at(draw, sec, forward)
        if kind == "skew":
            some = [{**one, "amount": -one["amount"] if one["strike"] > forward else one["amount"]} for one in some]
        options += some
        expiry = {
            "sec_to_expiry": sec, "forward_fixed": fixed, "forward_variable": forward * min(1, sec / 1800),
            "forward_confidence": confidence(draw, 0.55), "rate": round(draw.uniform(-0.03, 0.12), 4),
            "rate_confidence": confidence(draw, 0.6), "vol_confidence": confidence(draw, 0.55),
        }  # fmt: skip
        expiries.append(expiry | (surface(draw, sec, forward) if surfaces else {"vols": quotes(draw, some)}))
    feeds = {
        "spot": spot, "spot_confidence": confidence(draw, 0.6), "stable_price": stable(draw),
        "perp_price": near(draw, spot, 0.05, 2), "perp_confidence": confidence(draw, 0.55), "expiries": expiries,
    }  # fmt: skip
    portfolio = {
        "cash": near(draw, 1000, 2, 2), "perp_unsettled_cash": 0, "options": options,
        "perp": 0 if kind == "skew" else draw.choice([0, near(draw, 3), -near(draw, 4)]),
    }  # fmt: skip
    if portfolio["perp"]:
        portfolio["perp_unsettled_cash"] = near(draw, 50, 3, 2)
    return feeds, portfolio


def surface(draw, sec, forward):
    time = max(sec, 3600) / plain.YEAR
    return {"svi": {
        "a": round(0.3 * time, 9), "b": near(draw, 0.4 * time, 0.5, 9), "rho": round(draw.uniform(-0.4, 0.3), 4),
        "m": round(draw.uniform(-0.05, 0.05), 5), "sigma": near(draw, 0.1, 0.5, 6), "fwd": near(draw, forward, 0.02, 3),
        "tau": round(time, 9),
    }}  # fmt: skip


def pmrm(draw, kind):
    params = {"scenarios": shocks(draw, kind, skews=False), **common(draw, kind)}
    params["other_contingency"] = doubts(draw) | {
        "base_percent": near(draw, 0.025), "perp_percent": near(draw, 0.03), "option_percent": near(draw, 0.015),
    }  # fmt: skip
    params["margin"] = {
        "im_factor": near(draw, 1.3, 0.1), "base_static_discount": near(draw, 0.93, 0.05),
        "rate_mult_scale": near(draw, 3), "rate_add_scale": near(draw, 0.09),
    }  # fmt: skip
    feeds, portfolio = live(draw, kind, surfaces=draw.random() < 0.2)
    portfolio["base"] = draw.choice([0, near(draw, 2)])
    case = {"model": "PMRM", "params": params, "feeds": feeds, "portfolio": portfolio}
    return case, plain.pmrm(case)


def pmrm2(draw, kind):
    params = {"scenarios": shocks(draw, kind, skews=True), **common(draw, kind)}
    params["vol_shock"]["min_vol_up_shock"] = near(draw, 1.6 if kind == "floor" else 0.45)
    params["other_contingency"] = doubts(draw) | {
        "mm_perp_percent": near(draw, 0.02), "im_perp_percent": near(draw, 0.012),
        "mm_option_percent": near(draw, 0.005), "im_option_percent": near(draw, 0.003),
    }  # fmt: skip
    long, short = near(draw, 0.94, 0.04), near(draw, 1.05, 0.03)
    swapped = kind == "swapped"
    params["margin"] = {
        "im_factor": near(draw, 1.1, 0.1), "mm_factor": near(draw, 0.8, 0.1), "short_rate_mult_scale": near(draw, 0.5),
        "long_rate_mult_scale": near(draw, 1), "short_rate_add_scale": near(draw, 0.07),
        "long_rate_add_scale": near(draw, 0.1), "short_base_static_discount": long if swapped else short,
        "long_base_static_discount": short if swapped else long,
    }  # fmt: skip
    strong = kind == "skew"
    params["skew_shock"] = {
        "linear_base_cap": near(draw, 0.6 if strong else 0.2),
        "abs_base_cap": near(draw, {"skew": 0.6, "negative": 0.02}.get(kind, 0.2)),
        "linear_c_base": near(draw, -0.08), "abs_c_base": near(draw, -0.3 if kind == "negative" else -0.06),
        "min_k_star": draw.choice([0.01, near(draw, 0.2)]), "width_scale": near(draw, 3),
        "vol_param_static": near(draw, 0.5), "vol_param_scale": near(draw, -0.1),
    }  # fmt: skip
    feeds, portfolio = live(draw, kind, surfaces=draw.random() < 0.5)
    portfolio["collaterals"] = [
        {"name": name, "amount": near(draw, 2), "price": near(draw, price, 0.3, 2),
         "confidence": confidence(draw, 0.55), "risk_cancelling": name != "BTC", "mm_haircut": near(draw, 0.05),
         "im_haircut": near(draw, 0.03)}
        for name, price in draw.sample([("ETH", 2000), ("WSTETH", 2300), ("BTC", 60_000)], draw.randint(0, 2))
    ]  # fmt: skip
    case = {"model": "PMRM_2", "params": params, "feeds": feeds, "portfolio": portfolio}
    return case, plain.pmrm2(case)
