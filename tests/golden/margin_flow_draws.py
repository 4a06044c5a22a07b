"""Random auctions, interest, prices, surfaces, forwards and funding, answered by the plain reference."""

from tests.golden import margin_flows as flows
from tests.golden import margin_reference as plain
from tests.golden.margin_draws import DAY, near, pmrm, seconds, surface


def liquidation(draw, kind):
    """A short straddle that is sold in three bids, the last of which takes what is left to be sold."""
    params, sec = pmrm(draw, kind)[0]["params"], draw.choice([5 * DAY, 40 * DAY])
    options = [
        {"expiry": sec, "strike": near(draw, 1500, 0.05, 0), "is_call": is_call, "amount": -near(draw, 1)}
        for is_call in (True, False)
    ]
    start = {"time": 0, "feeds": auction_feeds(sec, options, 1500, 0.9)}
    held = {"cash": 0, "perp": near(draw, 0.2), "perp_unsettled_cash": 0, "base": near(draw, 0.1), "options": options}
    bare, _ = plain.pmrm(flows.at({"params": {"pmrm": params}}, start, held))
    # Worth something and below maintenance, so that it is sold: half of the requirement is there.
    start["portfolio"] = held | {"cash": round(-bare["mtm"] + 0.5 * (bare["mtm"] - bare["mm"]), 2)}
    auction = {
        "starting_mtm_percentage": near(draw, 0.96, 0.03), "fast_auction_cutoff_percentage": near(draw, 0.75, 0.1),
        "fast_auction_length_sec": 100, "slow_auction_length_sec": 14_400, "insolvent_auction_length_sec": 600,
        "liquidator_fee_rate": near(draw, 0.03), "buffer_margin_percentage": near(draw, 0.2), "mtm_cutoff": 0,
    }  # fmt: skip
    wanted = [round(draw.uniform(0.03, 0.2), 3), round(draw.uniform(0.03, 0.2), 3), 1]
    moments = [(40, 1500, 0.9), (2000, near(draw, 1430, 0.01, 2), 0.91), (7000, near(draw, 1560, 0.01, 2), 0.92)]
    actions = [
        {"time": time, "feeds": auction_feeds(sec, options, spot, vol), "percent_want": share}
        for (time, spot, vol), share in zip(moments, wanted, strict=True)
    ]
    both = {"pmrm": params, "auction": auction}
    case = {"model": "PMRM+DutchAuction", "params": both, "start": start, "actions": actions}
    return case, flows.liquidation(case)


def auction_feeds(sec, options, spot, vol):
    expiry = {
        "expiry": sec, "forward_fixed": 0, "forward_variable": round(spot * 1.001, 3), "forward_confidence": 1,
        "rate": 0.03, "rate_confidence": 1, "vol_confidence": 1,
        "vols": [{"strike": strike, "vol": vol} for strike in sorted({one["strike"] for one in options})],
    }  # fmt: skip
    sure = {"spot_confidence": 1, "stable_price": 1, "perp_confidence": 1}
    return sure | {"spot": spot, "perp_price": spot, "expiries": [expiry]}


def interest(draw, kind):
    balances = {"maker": -near(draw, 50_000), "taker": -near(draw, 20_000), "lender": near(draw, 120_000)}
    balances["SM"] = near(draw, 9000)
    params = {
        "min_rate": near(draw, 0.04), "rate_multiplier": near(draw, 0.2), "high_rate_multiplier": near(draw, 1.5),
        "optimal_util": near(draw, 0.4), "sm_fee": near(draw, 0.2),
    }  # fmt: skip
    events = [{"event": "START", "acc_a": "", "acc_b": "", "amount": 0, "days_passed": 0}]
    for _ in range(8):
        a, b = draw.sample(["maker", "taker", "lender"], 2)
        happens = draw.choice(["TRADE", "SETTLEMENT", "BORROW", "INSOLVENCY"])
        amount = near(draw, 8000, 0.9, 2)
        signed = {"SETTLEMENT": draw.choice([amount, -amount]), "BORROW": -amount}.get(happens, amount)
        events.append({
            "event": happens, "acc_a": a, "acc_b": b if happens == "TRADE" else "", "amount": signed,
            "days_passed": draw.randint(0, 60),
        })  # fmt: skip
    case = {"model": "CashAsset", "params": params, "start": {"balances": balances}, "events": events}
    return case, flows.interest(case)


def black76(draw, kind):
    given = {
        "sec_to_expiry": seconds(draw), "vol": draw.choice([0, near(draw, 0.8), near(draw, 9), near(draw, 60)]),
        "forward": draw.choice([0, near(draw, 2000), near(draw, 2000)]),
        "strike": draw.choice([0, near(draw, 2000, 0.9), near(draw, 2000, 0.9)]), "discount": near(draw, 0.9, 0.1),
    }  # fmt: skip
    sec, vol = given["sec_to_expiry"], given["vol"]
    call, put, delta = plain.black76(given["forward"], given["strike"], vol, sec, given["discount"])
    return {"model": "Black76", "input": given}, ({"call": call, "put": put, "undiscounted_call_delta": delta}, [])


def svi(draw, kind):
    given = surface(draw, draw.choice([3600, 7 * DAY, 90 * DAY]), 2000)["svi"] | {"strike": near(draw, 3000, 0.95, 1)}
    reach = 4 * (given["a"] + given["b"] * given["sigma"]) ** 0.5
    seen = ["clamped" if abs(plain.log(given["strike"] / given["fwd"])) > reach else "within reach"]
    return {"model": "SVI", "input": given}, ({"vol": plain.svi(**given)}, seen)


def forward(draw, kind):
    given = {
        "spot": near(draw, 2000), "difference": near(draw, 3, 3),
        "left_s": draw.choice([0, 1, 900, 1799, 1800, 1801, DAY]), "integral_start": near(draw, 10**6),
        "integral_now": near(draw, 4 * 10**6),
    }  # fmt: skip
    fixed, variable = flows.forward(**given)
    seen = ["in the window" if given["left_s"] < 1800 else "before the window"] + ([] if variable else ["all fixed"])
    return {"model": "Forward", "input": given}, ({"fixed": fixed, "variable": variable}, seen)


def funding(draw, kind):
    steps = []
    for _ in range(6):
        spot = near(draw, 2000, 0.1)
        bid = near(draw, spot, draw.choice([0.002, 0.1]))
        ask = round(bid + near(draw, 2), 4)
        steps.append([draw.randint(0, 20_000), spot, bid, ask, near(draw, spot, 0.05)])
    given = {"steps": steps, "size": near(draw, 2) * draw.choice([1, -1])}
    given |= {"static": 0.0000125, "most": 0.004, "hours": 8}
    return {"model": "Perpetual", "input": given}, ({"unsettled": flows.funding(**given)}, [])
