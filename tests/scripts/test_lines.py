"""Two desks' happenings become lines: once if alike, side by side if not, joined if one, in sum if small."""

from custody.delegation import Standing
from scripts.walkthrough.lines import SMALL_ELSEWHERE_UNITS, SMALL_UNITS, Line, Quiet, lines_of
from settlement.happenings import Happening

USD = 10**6
POOLED, SEGREGATED = Standing


def quiet() -> dict[Standing, Quiet]:
    return {standing: Quiet() for standing in Standing}


def told(
    pooled: list[Happening], segregated: list[Happening], state: dict[Standing, Quiet] | None = None
) -> list[Line]:
    return lines_of({POOLED: tuple(pooled), SEGREGATED: tuple(segregated)}, state or quiet())


def call(dollars: int, client: str = "fund") -> Happening:
    facts: dict[str, int | str] = {"amount_units": dollars * USD, "deadline_s": 3_600, "equity_units": 1 * USD,
                                   "maintenance_units": 2 * USD}  # fmt: skip
    return Happening(0, "call_opened", client, "harbour", facts)


def met(client: str = "fund") -> Happening:
    return Happening(0, "call_met", client, "harbour", {})


def expired(client: str = "fund") -> Happening:
    return Happening(0, "call_expired", client, "harbour", {})


def began(dollars: int, client: str = "fund") -> Happening:
    facts: dict[str, int | str] = {"why": "expired", "equity_units": 1 * USD, "maintenance_units": dollars * USD}
    return Happening(0, "liquidation_started", client, "harbour", facts)


def sold(lots: int, price: int, instrument: str = "BTC-PERP", client: str = "fund") -> Happening:
    facts: dict[str, int | str] = {
        "instrument": instrument, "lots": -lots, "price_e6": price * USD, "before_e6": (price + 10) * USD,
        "worth_units": lots * price * USD // 1_000, "penalty_units": 100 * USD, "lots_per_coin": 1_000,
    }  # fmt: skip
    return Happening(0, "liquidation_slice", client, "harbour", facts)


def closed(client: str = "fund") -> Happening:
    return Happening(0, "liquidation_closed", client, "harbour", {"ended": "healthy", "equity_units": 0})


def elsewhere(units: int) -> Happening:
    facts: dict[str, int | str] = {"why": "XAG", "units": units, "from_reserve_units": units, "from_coins_units": 0,
                                   "from_venues_units": 0, "unmet_units": 0}  # fmt: skip
    return Happening(0, "external_call", "fund", "", facts)


# -- merging -----------------------------------------------------------------------------------------------------------


def test_what_both_did_is_one_line_with_both_proofs() -> None:
    (line,) = told([call(500_000)], [call(500_000)])
    assert set(line.proofs) == set(Standing)
    assert not line.nearly


def test_figures_within_a_hundredth_are_one_line_that_says_nearly() -> None:
    (line,) = told([call(500_000)], [call(500_100)])
    assert line.nearly
    assert "$500,000" in line.text  # the pooled figures
    assert line.proofs[SEGREGATED].facts["amount_units"] == 500_100 * USD


def test_figures_further_apart_stand_side_by_side() -> None:
    lines = told([call(500_000)], [call(506_000)])
    assert [set(line.proofs) for line in lines] == [{POOLED}, {SEGREGATED}]


def test_what_one_alone_did_stands_between_what_both_did_in_order() -> None:
    lines = told([call(500_000), call(600_000, "miner"), met()], [call(500_000), met(), met("maker")])
    assert [(line.text.split("'")[0].split(" ")[0], set(line.proofs)) for line in lines] == [
        ("fund", set(Standing)), ("miner", {POOLED}), ("fund", set(Standing)), ("maker", {SEGREGATED}),
    ]  # fmt: skip


def test_another_client_s_like_sentence_is_not_merged() -> None:
    assert [set(line.proofs) for line in told([met("fund")], [met("miner")])] == [{POOLED}, {SEGREGATED}]


# -- joining -----------------------------------------------------------------------------------------------------------


def test_slices_that_follow_one_another_are_one_with_their_sums() -> None:
    (line,) = told([sold(1_000, 90_000), sold(2_000, 89_000), sold(500, 88_500)], [])
    happening = line.proofs[POOLED]
    assert happening.facts["lots"] == -3_500
    assert happening.facts["penalty_units"] == 300 * USD
    assert happening.facts["worth_units"] == (90_000 + 2 * 89_000 + 44_250) * USD
    assert "3.50 BTC of BTC-PERP sold for fund: $90,010.00 → $88,500.00" in line.text


def test_slices_of_another_instrument_or_client_are_not_joined() -> None:
    alternating = [sold(1, 90_000), sold(1, 3_000, "ETH-PERP"), sold(1, 90_000), sold(1, 90_000, client="miner")]
    assert len(told(alternating, [])) == 4


# -- trifles -----------------------------------------------------------------------------------------------------------


def test_a_small_call_is_counted_and_hidden_until_it_is_met() -> None:
    state = quiet()
    assert told([call(249_999)], [], state) == []
    assert told([met()], [], state) == []
    assert state[POOLED].calls == 1
    assert state[SEGREGATED].calls == 0
    (line,) = told([call(250_000)], [], state)  # the next one is told again
    assert "is called for $250,000" in line.text
    assert len(told([met()], [], state)) == 1


def test_a_small_call_s_liquidation_is_hidden_to_its_end_and_no_other_s() -> None:
    state = quiet()
    episode = [call(1_000), expired(), began(1_000), sold(1, 90_000), closed()]
    assert told(episode, [], state) == []
    assert len(told([sold(1, 90_000)], [], state)) == 1
    told([call(1_000)], [], state)
    assert len(told([met("miner")], [], state)) == 1


def test_a_liquidation_that_is_small_by_itself_is_hidden() -> None:
    assert told([began(249_999), sold(1, 90_000), closed()], []) == []
    assert len(told([began(250_000), sold(1, 90_000), closed()], [])) == 3


def test_losses_to_others_are_told_however_small_the_call_was() -> None:
    paid = Happening(0, "shortfall_paid", "fund", "harbour", {"debtor": "x", "units": 1 * USD})
    assert len(told([call(1_000), paid], [])) == 1


def test_cycles_are_summed_until_the_day_is_over() -> None:
    state = quiet()
    settled = [Happening(0, "cycle_settled", "", "harbour", {"paid_units": n * USD}, tx_hash=f"0x{n}") for n in (3, 4)]
    assert told(settled, [], state) == []
    assert (state[POOLED].cycles, state[POOLED].paid_units, state[POOLED].last_tx) == (2, 7 * USD, "0x4")
    state[POOLED].new_day()
    assert (state[POOLED].cycles, state[POOLED].paid_units, state[POOLED].calls) == (0, 0, 0)


def test_routine_calls_elsewhere_are_left_out() -> None:
    assert told([elsewhere(SMALL_ELSEWHERE_UNITS - 1)], []) == []
    assert len(told([elsewhere(SMALL_ELSEWHERE_UNITS)], [])) == 1
    assert SMALL_UNITS < SMALL_ELSEWHERE_UNITS
