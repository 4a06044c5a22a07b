"""Parameter sets: those of the package are the specification's, a user's own is refused where it is wrong."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from margin.fixed import Fixed
from margin.parameter_file import parameter_names, read_parameters
from margin.parameter_set import ParameterSet
from margin.portfolio_parameters import VolShock
from margin.reading import DocumentError, Place, read
from margin.standard_parameters import StandardMarket

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "derive_margin.json"

Own = Callable[[str], ParameterSet]

MINIMAL = """\
[SRM]
depeg = { threshold = 0.99, depeg_factor = 2 }
[SRM.each_market]
oracle_contingency = { perp_threshold = 0.5, option_threshold = 0.5, base_threshold = 0.5, oc_factor = 1 }
[SRM.markets.ETH]
perp = { mm_req = 0.05, im_req = 0.1 }
"""


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """A file with this text, read."""

    def read(text: str) -> ParameterSet:
        file = tmp_path / "own.toml"
        file.write_text(text)
        return read_parameters(str(file))

    return read


def eth(name: str) -> StandardMarket:
    numbers = read_parameters(name).srm
    assert numbers is not None
    return numbers.markets["ETH"]


def test_every_set_of_the_package_can_be_read() -> None:
    assert parameter_names() == ["mainnet", "portfolio-tests", "tests"]
    for name in parameter_names():
        assert read_parameters(name).srm


def test_mainnet_has_the_numbers_of_the_scripts() -> None:
    found = read_parameters("mainnet")
    assert None not in (found.srm, found.pmrm, found.pmrm_2, found.auction, found.cash, found.funding)
    assert len(found.srm.markets) == 39
    assert [len(found.pmrm.scenarios), len(found.pmrm_2.scenarios)] == [23, 33]
    assert [one.vol_shock for one in found.pmrm_2.scenarios[-2:]] == [VolShock.LINEAR, VolShock.ABS]
    assert found.pmrm_2.margin.long_base_static_discount == Fixed.of("1.05")  # as written there
    assert sum((one.dampening_factor for one in found.pmrm_2.scenarios), Fixed(0)) == Fixed.of("26.22367")
    assert found.srm.markets["SNX"].perp is None
    assert found.srm.markets["SOL"].option is None
    taken = [one for one in found.srm.markets.values() if one.perp]
    assert len(taken) == 25
    assert len([one for one in found.srm.markets.values() if one.base]) == 16


def test_each_market_is_what_a_market_has_unless_it_says_otherwise(own: Own) -> None:
    found = own(MINIMAL + "[SRM.markets.BTC.oracle_contingency]\n" + "".join(
        f"{name} = 0.4\n" for name in ("perp_threshold", "option_threshold", "base_threshold", "oc_factor")
    ))  # fmt: skip
    assert found.srm
    thresholds = {name: one.oracle_contingency.perp_threshold for name, one in found.srm.markets.items()}
    assert thresholds == {"ETH": Fixed.of("0.5"), "BTC": Fixed.of("0.4")}


def test_numbers_are_read_from_their_text(own: Own) -> None:
    found = own(MINIMAL.replace("0.05", "0.050000000000000001"))
    assert found.srm
    perp = found.srm.markets["ETH"].perp
    assert perp
    assert perp.mm_req.units == 50_000_000_000_000_001


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[SRM]", "[SRMM]\nx = 1\n[SRM]", "SRMM is not known; there are SRM, PMRM, PMRM_2, auction, cash, funding"),
        ("mm_req", "mm_rec", "SRM.markets.ETH.perp.mm_rec is not known; there are mm_req, im_req"),
        (", im_req = 0.1", "", "SRM.markets.ETH.perp.im_req is missing"),
        ("0.05", '"much"', "SRM.markets.ETH.perp.mm_req is a number: 'much' is no decimal number"),
        ("0.05", "nan", "SRM.markets.ETH.perp.mm_req is a number: 'NaN' is not a finite number below 1e60"),
        ("0.99", "99", "SRM.depeg.threshold is from 0 to 1, not 99"),
        ("oc_factor = 1", "oc_factor = 1.5", "SRM.each_market.oracle_contingency.oc_factor is from 0 to 1, not 1.5"),
        ("[SRM.markets.ETH]\n", "[SRM.markets.ETH]\nmood = 1\n", "SRM.markets.ETH.mood is not known; there are "),
        ("[SRM]", "[SRM", "Expected ']' at the end of a table declaration"),
    ],
)
def test_a_wrong_file_is_refused_at_its_field(own: Own, old: str, new: str, complaint: str) -> None:
    assert own(MINIMAL)  # or the complaint would be about something else
    with pytest.raises(DocumentError) as raised:
        own(MINIMAL.replace(old, new, 1))
    assert str(raised.value).partition("own.toml: ")[2].startswith(complaint)


def test_an_auction_does_not_fall_to_above_its_start(own: Own) -> None:
    auction = {
        "starting_mtm_percentage": "0.8", "fast_auction_cutoff_percentage": "0.9", "fast_auction_length_sec": "1",
        "slow_auction_length_sec": "1", "insolvent_auction_length_sec": "1", "liquidator_fee_rate": "0.1",
        "buffer_margin_percentage": "0.1", "mtm_cutoff": "0",
    }  # fmt: skip
    text = "[auction]\n" + "".join(f"{name} = {value}\n" for name, value in auction.items())
    with pytest.raises(DocumentError, match=r"auction\.fast_auction_cutoff_percentage is at most"):
        own(text)
    assert own(text.replace("0.9", "0.8")).auction


def test_a_file_that_is_not_there_is_said_with_the_names_that_are() -> None:
    with pytest.raises(DocumentError, match="nowhere: expected mainnet, portfolio-tests, tests, or a readable TOML"):
        read_parameters("nowhere")


# -- against the public vectors ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vectors() -> list[Any]:
    if not VECTORS.is_file():
        pytest.skip("the shared margin vectors are not beside this checkout")
    cases: list[Any] = json.loads(VECTORS.read_text(), parse_float=Decimal)["cases"]
    return cases


def parameters_of(vectors: list[Any], family: str, kind: Any, section: str = "") -> list[Any]:
    """The parameters that the cases of a family bring."""
    params = [Place(case)["params"] for case in vectors if case["family"] == family]
    return [read(kind, one[section] if section else one) for one in params]


@pytest.mark.parametrize(
    ("family", "section", "name", "field"),
    [
        ("srm_cases", "", "tests", "srm"),
        ("srm_portfolio", "", "portfolio-tests", "srm"),
        ("pmrm_verify", "", "tests", "pmrm"),
        ("pmrm_portfolio", "", "portfolio-tests", "pmrm"),
        ("liquidation", "pmrm", "tests", "pmrm"),
        ("liquidation", "auction", "tests", "auction"),
        ("cash_interest", "", "tests", "cash"),
    ],
)
def test_the_test_sets_are_those_of_the_public_vectors(
    vectors: list[Any], family: str, section: str, name: str, field: str
) -> None:
    wanted = getattr(read_parameters(name), field)
    found = parameters_of(vectors, family, type(wanted), section)
    assert found
    assert [one for one in found if one != wanted] == []


def test_most_vectors_of_pmrm_2_have_the_numbers_of_tests(vectors: list[Any]) -> None:
    """They carry doubles such as 0.8200000000000001: alike to 1e-12."""
    wanted = read_parameters("tests").pmrm_2
    alike = [
        one for one in parameters_of(vectors, "pmrm2_portfolio", type(wanted)) if picounits(one) == picounits(wanted)
    ]
    assert len(alike) >= 43


def picounits(value: object) -> list[int]:
    return [round(int(units), -6) for units in re.findall(r"units=(-?\d+)", str(value))]
