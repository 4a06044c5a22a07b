// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Margin, PerpTerms, Requirement, Statement} from "../src/interfaces/IPerpMargin.sol";
import {PerpMarginBase} from "./PerpMarginBase.sol";

/// What a market is drawn as: any terms that are taken, any marks.
struct Drawn {
    PerpTerms terms;
    uint64 stable;
    uint64 spot;
    uint64 price;
    uint24 spotConfidence;
    uint24 confidence;
}

contract PerpMarginProperties is PerpMarginBase {
    uint256 private constant ONE = 1e18;

    /// The formula once more, in plain 256 bits: a lot here is a coin's 1e-18 or 1e-15, so nothing comes near them.
    function test_what_is_asked_is_what_the_manual_says(Drawn memory drawn, int64 lots, bool isSmall) public {
        uint32 instrument = isSmall ? SMALL : ETH;
        lots = _set(instrument, drawn, lots);
        uint256 coins = _size(lots) * (isSmall ? 1 : 1e15);
        uint256 spot = uint256(drawn.spot) * 1e12;
        uint256 notional = coins * drawn.price * 1e12 / ONE;
        uint256 asked = notional * drawn.terms.initialE18 / ONE;
        uint256 sure = uint256(drawn.confidence < drawn.spotConfidence ? drawn.confidence : drawn.spotConfidence) * 1e12;
        if (sure < drawn.terms.confidenceThresholdE18) {
            asked += (ONE - sure) * drawn.terms.contingencyE18 / ONE * spot / ONE * coins / ONE;
        }
        if (drawn.stable < 980_000) {
            asked += (0.98e18 - uint256(drawn.stable) * 1e12) * 1.2e18 / ONE * spot / ONE * coins / ONE;
        }
        Requirement memory found = margin.requirementOf(CLIENT);
        vm.assertEq(found.value, lots < 0 ? -int256(notional) : int256(notional), "value");
        vm.assertEq(found.initialMargin, asked, "initial");
        vm.assertEq(found.maintenanceMargin, notional * drawn.terms.maintenanceE18 / ONE, "maintenance");
    }

    /// Nor is there a panic: the largest lots, at any price, under any terms, with any cash.
    function test_no_position_is_too_large(Drawn memory drawn, int64 lots, int128 cash, address other) public {
        _set(LARGE, drawn, lots);
        _trade(BTC, type(int64).max);
        Statement memory told = _told(cash);
        Margin memory found = margin.marginOf(CLIENT, told);
        Requirement memory positions = margin.requirementOf(CLIENT);
        vm.assertEq(found.markToMarket, cash + positions.value, "worth");
        vm.assertEq(found.initialMargin, found.markToMarket - int256(positions.initialMargin), "initial");
        vm.assertEq(found.maintenanceMargin, found.markToMarket - int256(positions.maintenanceMargin), "maintenance");
        vm.assertTrue(found.initialMargin <= found.maintenanceMargin, "initial asks no less");
        vm.assume(other != CLIENT && other != VENUE);
        vm.assertEq(margin.marginOf(other, told).maintenanceMargin, cash, "and nobody else is asked for anything");
    }

    function test_requireMargin_says_yes_exactly_where_nothing_is_missing(
        Drawn memory drawn,
        int32 lots,
        int128 cash,
        bool isInitial
    ) public {
        _set(ETH, drawn, lots);
        // Near the edge, on which it turns.
        int256 edge = -_left(_told(0), isInitial);
        Statement memory told = _told(int128(edge) + cash % 3);
        int256 left = _left(told, isInitial);
        vm.assertEq(left, int256(cash % 3), "to the unit");
        (bool ok,) = address(margin).call(abi.encodeCall(margin.requireMargin, (CLIENT, told, isInitial)));
        vm.assertTrue(ok == (left >= 0), "met");
    }

    function test_a_long_and_a_short_of_one_size_are_asked_for_the_same(Drawn memory drawn, int64 lots) public {
        lots = _set(LARGE, drawn, lots);
        Requirement memory client = margin.requirementOf(CLIENT);
        Requirement memory venue = margin.requirementOf(VENUE);
        vm.assertEq(client.value, -venue.value, "value");
        vm.assertEq(client.initialMargin, venue.initialMargin, "initial");
        vm.assertEq(client.maintenanceMargin, venue.maintenanceMargin, "maintenance");
    }

    function test_a_larger_position_is_asked_for_no_less(Drawn memory drawn, int64 lots, int64 more) public {
        lots = _set(LARGE, drawn, lots);
        Requirement memory before = margin.requirementOf(CLIENT);
        more = int64(uint64(_bound(uint64(more), 0, uint64(type(int64).max) - _size(lots))));
        _trade(LARGE, lots < 0 ? -more : more);
        _asksNoLess(before);
    }

    function test_a_higher_mark_is_asked_for_no_less(Drawn memory drawn, int64 lots, uint64 higher) public {
        _set(LARGE, drawn, lots);
        Requirement memory before = margin.requirementOf(CLIENT);
        _sure(LARGE, uint64(_bound(higher, drawn.price, type(uint64).max)), drawn.confidence);
        _asksNoLess(before);
    }

    function test_less_confidence_asks_no_less_for_initial_and_the_same_for_maintenance(
        Drawn memory drawn,
        int64 lots,
        uint24 lower,
        bool ofSpot
    ) public {
        _set(LARGE, drawn, lots);
        Requirement memory before = margin.requirementOf(CLIENT);
        if (ofSpot) _sure(SPOT + LARGE, drawn.spot, uint24(_bound(lower, 0, drawn.spotConfidence)));
        else _sure(LARGE, drawn.price, uint24(_bound(lower, 0, drawn.confidence)));
        _asksNoLess(before);
        vm.assertEq(margin.requirementOf(CLIENT).maintenanceMargin, before.maintenanceMargin, "maintenance");
    }

    function test_a_cheaper_stablecoin_asks_no_less_for_initial_and_the_same_for_maintenance(
        Drawn memory drawn,
        int64 lots,
        uint64 lower
    ) public {
        _set(LARGE, drawn, lots);
        Requirement memory before = margin.requirementOf(CLIENT);
        _mark(STABLE, uint64(_bound(lower, 1, drawn.stable)));
        _asksNoLess(before);
        vm.assertEq(margin.requirementOf(CLIENT).maintenanceMargin, before.maintenanceMargin, "maintenance");
    }

    /// Terms, marks and a position; answers the lots, which are not the least int64: the venue could not take them.
    function _set(uint32 instrument, Drawn memory drawn, int64 lots) private returns (int64) {
        PerpTerms memory terms = drawn.terms;
        terms.initialE18 %= uint64(ONE) + 1;
        terms.maintenanceE18 %= terms.initialE18 + 1;
        terms.confidenceThresholdE18 %= uint64(ONE) + 1;
        terms.contingencyE18 %= uint64(ONE) + 1;
        _setTerms(instrument, terms);
        drawn.stable = uint64(_bound(drawn.stable, 1, 1_100_000));
        drawn.spot = uint64(_bound(drawn.spot, 1, type(uint64).max));
        drawn.price = uint64(_bound(drawn.price, 1, type(uint64).max));
        drawn.spotConfidence = uint24(_bound(drawn.spotConfidence, 0, SURE));
        drawn.confidence = uint24(_bound(drawn.confidence, 0, SURE));
        _mark(STABLE, drawn.stable);
        _sure(SPOT + instrument, drawn.spot, drawn.spotConfidence);
        _sure(instrument, drawn.price, drawn.confidence);
        if (lots == type(int64).min) ++lots;
        _trade(instrument, lots);
        return lots;
    }

    function _asksNoLess(Requirement memory before) private view {
        Requirement memory positions = margin.requirementOf(CLIENT);
        vm.assertTrue(positions.initialMargin >= before.initialMargin, "initial");
        vm.assertTrue(positions.maintenanceMargin >= before.maintenanceMargin, "maintenance");
    }

    function _left(Statement memory told, bool isInitial) private view returns (int256) {
        Margin memory found = margin.marginOf(CLIENT, told);
        return isInitial ? found.initialMargin : found.maintenanceMargin;
    }

    function _size(int64 lots) private pure returns (uint256) {
        return uint64(lots < 0 ? -lots : lots);
    }
}
