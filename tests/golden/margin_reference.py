"""Margin straight from specs/derive_margin.md in floats and plain dictionaries; it shares nothing with the engine.

Each function answers the figures that a case expects, and the names of the branches that decided them. Where the engine
has one rule with parameters, this has the specification's formulas one after the other.
"""

from collections.abc import Iterator
from itertools import groupby
from math import erfc, exp, log, sqrt

YEAR = 365 * 86400
DAYS30 = 30 * 86400


def up(x):
    return max(x, 0.0)


def normal(x):
    return 0.5 * erfc(-x / sqrt(2))


def black76(forward, strike, vol, sec, discount=1.0):
    """(call, put, undiscounted call delta), §2.1."""
    if strike == 0:
        return forward * discount, 0.0, 1.0
    if forward == 0:
        return 0.0, strike * discount, 0.0
    v = vol * sqrt(sec / YEAR)
    if v >= 24:
        return forward * discount, strike * discount, 1.0
    v = max(v, 1e-18)
    m = strike / forward
    d1 = -log(max(m, 1e-18)) / v + v / 2
    c = up(normal(d1) - m * normal(d1 - v))
    p = up(c + m - 1)
    return min(c, 1) * forward * discount, min(p * forward * discount, strike * discount), normal(d1)


def svi(strike, a, b, rho, m, sigma, fwd, tau):
    """§2.2."""
    if strike == 0:
        return 0.0
    reach = 4 * sqrt(a + b * sigma)
    k = max(-reach, min(reach, log(strike / fwd)))
    w = a + b * (rho * (k - m) + sqrt((k - m) ** 2 + sigma**2))
    if w < 0:
        raise ValueError("invalid parameters")
    return sqrt(min(w, 144.0) / tau)


def vol_of(expiry, strike):
    if "svi" in expiry:
        return svi(strike, **expiry["svi"])
    return next(one["vol"] for one in expiry["vols"] if one["strike"] == strike)


def groups(options, feeds) -> Iterator:
    """(the expiry's feed, its options), expiry after expiry."""
    by = {one["sec_to_expiry"]: one for one in feeds["expiries"]}
    ordered = sorted(options, key=lambda one: one["sec_to_expiry"])
    for sec, some in groupby(ordered, key=lambda one: one["sec_to_expiry"]):
        yield by[sec], list(some)


def pays(option, x):
    return up(x - option["strike"]) if option["is_call"] else up(option["strike"] - x)


# -- standard margin, §4 -----------------------------------------------------------------------------------------------


def srm(case):
    p, feeds = case["params"], case["feeds"]
    stable, seen = feeds["stable_price"], []
    im = mm = mtm = case["portfolio"]["cash"]
    for name, held in case["portfolio"]["markets"].items():
        feed, rules = feeds["markets"][name], p["markets"][name]
        parts = [srm_perp(rules, feed, held, seen), srm_base(rules, feed, held, stable, seen)]
        hedged = abs(held["perp"])
        for expiry, options in groups(held["options"], feed):
            *part, shorts = srm_expiry(rules["option"], feed["spot"], expiry, options, seen)
            c = min(feed["spot_confidence"], expiry["forward_confidence"], expiry["vol_confidence"])
            part[0] -= srm_doubt(rules, "option", c, feed["spot"] * shorts, seen)
            parts.append(part)
            hedged += shorts
        fallen = up(p["depeg"]["threshold"] - stable)
        if fallen and hedged:
            seen.append("depeg")
        parts.append((-fallen * p["depeg"]["depeg_factor"] * feed["spot"] * hedged, 0.0, 0.0))
        im, mm, mtm = (so_far + sum(more) for so_far, more in zip((im, mm, mtm), zip(*parts, strict=True), strict=True))
    return {"im": im, "mm": mm, "mtm": mtm}, seen


def srm_doubt(rules, which, c, q, seen):
    oracle = rules["oracle_contingency"]
    if oracle[f"{which}_threshold"] == 0 or c >= oracle[f"{which}_threshold"]:
        return 0.0
    seen.append(f"{which} doubted")
    return (1 - c) * oracle["oc_factor"] * q


def srm_perp(rules, feed, held, seen):
    n, unsettled = abs(held["perp"]), held["perp_unsettled_cash"]
    if n == 0:
        return 0.0, 0.0, 0.0
    c = min(feed["spot_confidence"], feed["perp_confidence"])
    doubted = srm_doubt(rules, "perp", c, feed["spot"] * n, seen)
    im, mm = (n * feed["perp_price"] * rules["perp"][key] for key in ("im_req", "mm_req"))
    return unsettled - im - doubted, unsettled - mm, unsettled


def srm_base(rules, feed, held, stable, seen):
    if held["base"] == 0:
        return 0.0, 0.0, 0.0
    worth = held["base"] * feed["spot"]
    mm = worth * rules["base"]["margin_factor"]
    im = mm * rules["base"]["im_scale"]
    if im != 0:
        im -= srm_doubt(rules, "base", feed["spot_confidence"], worth, seen)
    return im, mm, worth / stable


def srm_expiry(rules, spot, expiry, options, seen):
    forward = expiry["forward"]
    iso_im = iso_mm = mtm = shorts = 0.0
    for one in options:
        strike, a = one["strike"], one["amount"]
        call, put, _ = black76(forward, strike, vol_of(expiry, strike), expiry["sec_to_expiry"])
        worth = a * (call if one["is_call"] else put)
        mtm += worth
        if a >= 0:
            continue
        shorts += -a
        otm = up(strike - spot) / spot if one["is_call"] else up(spot - strike) / spot
        r = max(rules["max_spot_req"] - otm, rules["min_spot_req"])
        if one["is_call"]:
            iso_mm += worth + rules["mm_call_spot_req"] * spot * a
            iso_im += worth + r * spot * a
        else:
            m = worth + min(rules["mm_put_spot_req"] * spot * a, rules["mm_put_mtm_req"] * worth)
            iso_mm += m
            iso_im += min(worth + r * spot * a, rules["mm_offset_scale"] * m)
            seen.append("put by offset" if rules["mm_offset_scale"] * m < worth + r * spot * a else "put by spot")
            seen.append(
                "put by value"
                if rules["mm_put_mtm_req"] * worth < rules["mm_put_spot_req"] * spot * a
                else "put by share of spot"
            )
    at = [0.0] + [one["strike"] for one in options]
    loss = min(min(0.0, sum(one["amount"] * pays(one, x) for one in options)) for x in at)
    unpaired = sum(one["amount"] for one in options if one["is_call"])
    loss_im = loss + (rules["unpaired_im_scale"] * forward * unpaired if unpaired < 0 else 0)
    loss_mm = loss + (rules["unpaired_mm_scale"] * forward * unpaired if unpaired < 0 else 0)
    if loss_im > iso_im:
        seen.append("worst settlement")
        if unpaired < 0:
            seen.append("worst settlement with unpaired calls")
    return max(iso_im, loss_im), max(iso_mm, loss_mm), mtm, shorts


# -- what the portfolio models share, §5 -------------------------------------------------------------------------------


def value(expiry, options, k=1.0, g=lambda vol, strike: vol, discount=1.0):
    forward = expiry["forward_fixed"] + expiry["forward_variable"] * k
    worth = 0.0
    for one in options:
        vol = g(vol_of(expiry, one["strike"]), one["strike"])
        call, put, _ = black76(forward, one["strike"], vol, expiry["sec_to_expiry"], discount)
        worth += one["amount"] * (call if one["is_call"] else put)
    return worth


def ranges(p, sec):
    x = (DAYS30 / max(sec, p["dte_floor_sec"])) ** (p["short_term_power"] if sec <= DAYS30 else p["long_term_power"])
    return 1 + p["vol_range_up"] * x, up(1 - p["vol_range_down"] * x)


def naked(options):
    count = 0.0
    for strike in {one["strike"] for one in options}:
        sizes = [one["amount"] for one in options if one["strike"] == strike]
        if len(sizes) == 1:
            count += up(-sizes[0])
        elif sizes[0] < 0 and sizes[1] < 0:
            count += -sizes[0] - sizes[1]
        elif min(sizes) < 0:
            count += up(-min(sizes) - max(sizes))
    return count


def doubt(p, c, q):
    return (1 - c) * p["conf_margin"] * q if c < p["conf_threshold"] else 0.0


def confidences(feeds, n):
    return min(feeds["spot_confidence"], feeds["perp_confidence"]) if n != 0 else feeds["spot_confidence"]


def gross(options):
    return sum(abs(one["amount"]) for one in options)


def basis_of(p, expiry, options, mark, discount=1.0):
    t = expiry["sec_to_expiry"] / YEAR
    moved = [
        value(expiry, options, p[key], discount=discount) - mark for key in ("scenario_spot_up", "scenario_spot_down")
    ]
    return min(*moved, 0.0) * (p["add_factor"] + p["mult_factor"] * t)


# -- PMRM, §6 ----------------------------------------------------------------------------------------------------------


def pmrm(case):
    p, feeds, held = case["params"], case["feeds"], case["portfolio"]
    spot, stable, mark, n, b = feeds["spot"], feeds["stable_price"], feeds["perp_price"], held["perp"], held["base"]
    oc, seen = p["other_contingency"], []
    unsettled = held["perp_unsettled_cash"] if n != 0 else 0.0
    base = b * spot / stable
    marks, pnl, basis = (
        0.0,
        [base * (one["spot_shock"] - 1) + n * mark * (one["spot_shock"] - 1) for one in p["scenarios"]],
        0.0,
    )
    c0 = confidences(feeds, n)
    static, conf = abs(n) * oc["perp_percent"] + b * oc["base_percent"], doubt(oc, c0, (abs(n) + b) * spot)
    for expiry, options in groups(held["options"], feeds):
        t, r = expiry["sec_to_expiry"] / YEAR, up(expiry["rate"])
        m = value(expiry, options)
        marks += m
        f = p["margin"]
        sd = f["base_static_discount"] * exp(-t * (r * f["rate_mult_scale"] + f["rate_add_scale"]))
        higher, lower = ranges(p["vol_shock"], expiry["sec_to_expiry"])
        for i, one in enumerate(p["scenarios"]):
            by = {"up": higher, "down": lower, "none": 1.0}[one["vol_shock"]]
            v = value(expiry, options, one["spot_shock"], lambda vol, strike, by=by: vol * by)
            pnl[i] += (v * sd if v > 0 else v) - m
        basis += basis_of(p["basis_contingency"], expiry, options, m)
        static += naked(options) * oc["option_percent"]
        c = min(c0, expiry["forward_confidence"], expiry["rate_confidence"], expiry["vol_confidence"])
        conf += doubt(oc, c, spot * gross(options))
    static *= spot
    f = p["margin"]["im_factor"] + up(oc["peg_loss_threshold"] - stable) * oc["peg_loss_factor"]
    span, mtm = min(basis, *pnl), held["cash"] + base + unsettled + marks
    seen += told(p, span, basis, pnl, conf, oc, stable)
    figures = {
        "im": (span - static) * f - conf + mtm, "mm": span - static + mtm, "mtm": mtm, "basis_contingency": basis,
        "static_contingency": static, "confidence_contingency": conf, "scenario_pnl": pnl,
    }  # fmt: skip
    return figures, seen


def told(p, span, basis, pnl, conf, oc, stable):
    worst = p["scenarios"][pnl.index(min(pnl))]
    seen = ["basis binds" if basis < min(pnl) else f"{worst['vol_shock']} binds"]
    seen += ["tail binds"] if worst.get("dampening_factor", 1) != 1 and basis >= min(pnl) and span < 0 else []
    seen += ["doubted"] if conf else []
    return seen + (["peg lost"] if stable < oc["peg_loss_threshold"] else [])


# -- PMRM_2, §7 --------------------------------------------------------------------------------------------------------


def pmrm2(case):
    p, feeds, held = case["params"], case["feeds"], case["portfolio"]
    spot, stable, mark, n = feeds["spot"], feeds["stable_price"], feeds["perp_price"], held["perp"]
    oc, f, seen = p["other_contingency"], p["margin"], []
    unsettled = held["perp_unsettled_cash"] if n != 0 else 0.0
    c0 = confidences(feeds, n)
    worths = [one["amount"] * one["price"] / stable for one in held["collaterals"]]
    cancels = sum(w for one, w in zip(held["collaterals"], worths, strict=True) if one["risk_cancelling"])
    mmc = abs(n) * spot * oc["mm_perp_percent"]
    imc = abs(n) * spot * oc["im_perp_percent"] + doubt(oc, c0, abs(n) * spot)
    doubted = doubt(oc, c0, abs(n) * spot)
    for one, w in zip(held["collaterals"], worths, strict=True):
        mmc += w * one["mm_haircut"]
        more = doubt(oc, min(one["confidence"], feeds["spot_confidence"]), w)
        imc, doubted = imc + w * one["im_haircut"] + more, doubted + more
    some = list(groups(held["options"], feeds))
    marks = basis = 0.0
    parts = [[] for _ in p["scenarios"]]
    for expiry, options in some:
        t, r = expiry["sec_to_expiry"] / YEAR, up(expiry["rate"])
        discount = exp(-r * t)
        m = value(expiry, options, discount=discount)
        marks += m
        pos = f["long_base_static_discount"] * exp(-t * (r * f["long_rate_mult_scale"] + f["long_rate_add_scale"]))
        wanted = f["short_base_static_discount"] * exp(t * (r * f["short_rate_mult_scale"] + f["short_rate_add_scale"]))
        neg = min(1 / discount, wanted)
        seen.append("short discount capped" if 1 / discount < wanted else "short discount free")
        for i, one in enumerate(p["scenarios"]):
            v = value(expiry, options, one["spot_shock"], vol_map(p, one, expiry, seen), discount)
            parts[i].append((v * pos if v >= 0 else v * neg) - m)
        basis += basis_of(p["basis_contingency"], expiry, options, m, discount)
        mmc += naked(options) * spot * oc["mm_option_percent"]
        c = min(c0, expiry["forward_confidence"], expiry["rate_confidence"], expiry["vol_confidence"])
        more = doubt(oc, c, spot * gross(options))
        imc, doubted = imc + naked(options) * spot * oc["im_option_percent"] + more, doubted + more
    pnl = []
    for one, each in zip(p["scenarios"], parts, strict=True):
        k, damp = one["spot_shock"], one["dampening_factor"]
        if one["vol_shock"] in ("linear", "abs"):
            pnl.append(-sum(abs(damp * x) for x in each))
        else:
            pnl.append(damp * (n * mark * (k - 1) + sum(each) + cancels * (k - 1)))
    factor = f["im_factor"] + up(oc["peg_loss_threshold"] - stable) * oc["peg_loss_factor"]
    span, collateral = min(basis, *pnl), sum(worths)
    mtm = held["cash"] + unsettled + marks + collateral
    seen += told(p, span, basis, pnl, doubted, oc, stable) + (["collateral cancels risk"] if cancels and n else [])
    figures = {
        "im": span * factor - imc - mmc + mtm, "mm": span * f["mm_factor"] - mmc + mtm, "mtm": mtm, "option_mtm": marks,
        "collateral_mtm": collateral, "basis_contingency": basis, "mm_contingency": mmc, "im_contingency": imc,
        "scenario_pnl": pnl,
    }  # fmt: skip
    return figures, seen


def vol_map(p, scenario, expiry, seen):
    higher, lower = ranges(p["vol_shock"], expiry["sec_to_expiry"])
    kind, least = scenario["vol_shock"], p["vol_shock"]["min_vol_up_shock"]
    if kind == "none":
        return lambda vol, strike: vol
    if kind == "down":
        return lambda vol, strike: vol * lower
    if kind == "up":
        if any(vol_of(expiry, one["strike"]) * higher < least for one in expiry.get("vols", [])):
            seen.append("upward volatility at its floor")
        return lambda vol, strike: max(least, vol * higher)
    q, root_t = p["skew_shock"], sqrt(expiry["sec_to_expiry"] / YEAR)
    cap = q[f"{kind}_base_cap"] + q[f"{kind}_c_base"] * root_t
    width = root_t * q["width_scale"] * (q["vol_param_static"] + root_t * q["vol_param_scale"])
    star = max(q["min_k_star"], width)
    seen.append("skew at its least width" if width < q["min_k_star"] else "skew at its own width")
    seen += ["negative skew cap"] if cap < 0 else []
    forward = expiry["forward_fixed"] + expiry["forward_variable"]

    def skewed(vol, strike):
        kappa = log(strike / forward) if kind == "linear" else abs(log(strike / forward))
        delta = min(cap, kappa * cap / star) if kappa >= 0 else max(-cap, kappa * cap / star)
        return vol * up(1 + delta)

    return skewed
