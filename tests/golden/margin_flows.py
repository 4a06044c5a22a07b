"""What happens over time, straight from specs/derive_margin.md in floats: auctions, interest, funding, forwards."""

from math import exp

from tests.golden.margin_reference import YEAR, pmrm, up

# -- auctions, §9 and §14 ----------------------------------------------------------------------------------------------


def liquidation(case):
    """Expected figures of each action in turn."""
    rules, start, seen = case["params"]["auction"], case["start"], []
    held = start["portfolio"]
    ids = [pmrm(at(case, start, held, only=i))[0]["mm"] for i in range(len(case["params"]["pmrm"]["scenarios"]))]
    stored = ids.index(min(ids))
    first, _ = pmrm(at(case, start, held))
    fee = rules["liquidator_fee_rate"] * first["mtm"] * f_max(rules, first, 1.0, 0.0)
    held = {**held, "cash": held["cash"] - fee}
    reserved, answers = 0.0, []
    for action in case["actions"]:
        elapsed = action["time"] - start["time"]
        d = discount(rules, elapsed)
        seen.append("fast" if elapsed < rules["fast_auction_length_sec"] else "slow")
        pre, _ = pmrm(at(case, action, held))
        kept, _ = pmrm(at(case, action, held, only=stored))
        seen += ["stored scenario is not the worst"] if kept["mm"] > pre["mm"] + 1e-9 else []
        most = f_max(rules, kept, d, reserved)
        p = min(action["percent_want"], most)
        price = (kept["mtm"] - reserved) * d * p
        answer = {**figures("pre", rules, pre, d, reserved), "cash_from_bidder": price, "final_percentage": p}
        held = {
            "cash": held["cash"] - (held["cash"] - reserved) * p + price,
            "perp": held["perp"] * (1 - p),
            "perp_unsettled_cash": 0,
            "base": held["base"] * (1 - p),
            "options": [{**one, "amount": one["amount"] * (1 - p)} for one in held["options"]],
        }
        reserved += price
        post, _ = pmrm(at(case, action, held))
        seen += ["sold in part" if p < most else "sold to the buffer"]
        answers.append({**answer, **figures("post", rules, post, d, reserved)})
    return answers, seen


def at(case, moment, held, only=None):
    """A case of PMRM at a moment; under all scenarios, or one."""
    time, params = moment["time"], case["params"]["pmrm"]
    params = params if only is None else {**params, "scenarios": [params["scenarios"][only]]}

    def live(one):
        return {**one, "sec_to_expiry": max(0, one["expiry"] - time)}

    feeds = {**moment["feeds"], "expiries": [live(one) for one in moment["feeds"]["expiries"]]}
    return {"params": params, "feeds": feeds, "portfolio": {**held, "options": [live(one) for one in held["options"]]}}


def buffer(rules, margin):
    return margin["mm"] + rules["buffer_margin_percentage"] * (margin["mm"] - margin["mtm"])


def f_max(rules, margin, d, reserved):
    if margin["mtm"] < rules["mtm_cutoff"]:
        return 1.0
    missing = min(buffer(rules, margin), 0.0)
    return missing / (missing - margin["mtm"] * d - reserved * (1 - d)) if missing else 0.0


def discount(rules, elapsed):
    start, cutoff = rules["starting_mtm_percentage"], rules["fast_auction_cutoff_percentage"]
    fast, slow = rules["fast_auction_length_sec"], rules["slow_auction_length_sec"]
    if elapsed < fast:
        return start - (start - cutoff) * elapsed / fast
    return cutoff * (1 - (elapsed - fast) / slow) if elapsed < fast + slow else 0.0


def figures(when, rules, margin, d, reserved):
    return {
        f"{when}_mtm": margin["mtm"], f"{when}_mm": margin["mm"], f"{when}_bm": buffer(rules, margin),
        f"{when}_fmax": f_max(rules, margin, d, reserved),
    }  # fmt: skip


def insolvent(rules, margin, share, elapsed):
    """What a bidder is paid."""
    if margin["mm"] >= 0:
        return 0.0
    worth = min(margin["mtm"], 0.0)
    return -(worth + (margin["mm"] - worth) * min(elapsed / rules["insolvent_auction_length_sec"], 1)) * share


# -- interest, §10 and §14 ---------------------------------------------------------------------------------------------


class Book:
    """Supply, borrow, settled cash, fees, stablecoins and the two indexes; balances in a table beside their index."""

    def __init__(self, p, balances):
        self.p, self.rows, self.seen = p, {name: [float(balance), 1.0] for name, balance in balances.items()}, []
        self.supply = sum(up(row[0]) for row in self.rows.values())
        self.borrow = sum(up(-row[0]) for row in self.rows.values())
        self.net, self.fees, self.stable, self.supplied, self.borrowed = 0.0, 0.0, self.supply - self.borrow, 1.0, 1.0

    def utilisation(self):
        if self.borrow == 0 or self.supply == 0:
            return 0.0
        return min(self.borrow / (self.supply + up(-self.net)), 1.0)

    def accrue(self, seconds):
        if seconds == 0 or self.borrow == 0:
            return
        p, u = self.p, self.utilisation()
        if u <= p["optimal_util"]:
            rate = p["min_rate"] + p["rate_multiplier"] * u
        else:
            self.seen.append("above the kink")
            rate = p["min_rate"] + p["rate_multiplier"] * p["optimal_util"]
            rate += p["high_rate_multiplier"] * (u - p["optimal_util"])
        i = self.borrow * (exp(rate * seconds / YEAR) - 1)
        fee = i * p["sm_fee"]
        self.borrowed *= (self.borrow + i) / self.borrow
        self.supplied *= (self.supply + i - fee) / self.supply
        self.borrow, self.supply, self.fees = self.borrow + i, self.supply + i - fee, self.fees + fee

    def touch(self, name, x):
        balance, index = self.rows[name]
        balance *= (self.borrowed if balance < 0 else self.supplied) / index
        new = balance + x
        self.supply += up(new) - up(balance)
        self.borrow += up(-new) - up(-balance)
        self.rows[name] = [new, self.borrowed if new < 0 else self.supplied]

    def insolvency(self, name, x):
        paid = min(self.rows["SM"][0], x)
        self.touch("SM", -paid)
        self.touch(name, paid)
        rest = x - paid
        if rest > 0:
            self.fees = self.fees - rest if rest <= self.fees else 0.0
            self.touch(name, rest)
            self.seen.append("socialised")
            # While cash is worth less than a stablecoin, all interest goes to closing the gap; a float's dust is none.
            if self.stable / (self.supply + self.fees - self.borrow - self.net) < 1 - 1e-9:
                self.p = {**self.p, "sm_fee": 1.0}
                self.seen.append("all interest kept")

    def event(self, kind, a, b, x):
        if kind == "START":
            return
        if kind == "INSOLVENCY":
            self.insolvency(a, x)
        else:
            self.touch(a, x)
        if kind == "TRADE":
            self.touch(b, -x)
        elif kind == "SETTLEMENT":
            self.net += x
            self.seen += ["more cash settled away than made"] if self.net < 0 else []
        elif kind == "BORROW":
            self.stable += x
        fees, self.fees = self.fees, 0.0
        self.touch("SM", fees)


def interest(case):
    """Expected figures of each event."""
    book, answers = Book(case["params"], case["start"]["balances"]), []
    for one in case["events"]:
        book.accrue(one["days_passed"] * 86400)
        book.event(one["event"], one["acc_a"], one["acc_b"], one["amount"])
        answers.append({
            "total_supply": book.supply, "total_borrow": book.borrow, "stable_balance": book.stable,
            "util": book.utilisation(),
        })  # fmt: skip
    return answers, book.seen


# -- perpetuals §11, forwards §3, settlement §12 -----------------------------------------------------------------------


def funding(steps, size, static, most, hours):
    """USD that a position of a size has gained by marks and funding, over (seconds, spot, bid, ask, mark)."""
    index = gained = 0.0
    last = None
    for seconds, spot, bid, ask, mark in steps:
        premium = (up(bid - spot) - up(spot - ask)) / spot
        rate = max(-most, min(most, premium / hours + static))
        index += rate * seconds / 3600 * spot
        gained += 0 if last is None else size * (mark - last)
        last = mark
    return gained - size * index


def forward(spot, difference, left_s, integral_start, integral_now):
    """(fixed, variable): the part that has gone into the average, and the part that still moves."""
    if left_s >= 1800:
        return 0.0, spot + difference
    return (integral_now - integral_start) / 1800, (spot + difference) * left_s / 1800
