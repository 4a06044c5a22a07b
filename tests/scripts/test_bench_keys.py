"""The measures of signing and approving, small: that all is approved that is timed, and what is left out is said."""

from dataclasses import replace

import pytest

from custody.policies import Quorum
from scripts.bench import keys
from scripts.softhsm import missing


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "SIZES", {"signatures": 3, "approvals": 2})


def test_both_measures_with_their_baselines() -> None:
    if why := missing():
        pytest.skip(why)
    said: list[str] = []
    told = {measure.measure: measure for measure in keys.measures(said.append)}
    assert list(told) == said == ["approvals_per_s", "pkcs11_signs_per_s"]
    assert told["approvals_per_s"].baseline == "eth-account, three recoveries"
    assert told["pkcs11_signs_per_s"].baseline == "a key in memory"
    assert all(measure.value > 0 and measure.baseline_value > 0 for measure in told.values())


def test_without_a_token_the_rest_is_measured_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "missing", lambda: "Debian's package softhsm2 is not installed")
    said: list[str] = []
    assert [measure.measure for measure in keys.measures(said.append)] == ["approvals_per_s"]
    assert said[-1] == "pkcs11_signs_per_s is left out: Debian's package softhsm2 is not installed"


def test_what_is_not_approved_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = replace(keys.POLICY.rules[0], quorums=(Quorum(3, "treasury"),))
    monkeypatch.setattr(keys, "POLICY", replace(keys.POLICY, rules=(rule,)))
    assert keys.approvals().value == 0
