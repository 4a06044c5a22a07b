// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkFeed} from "../src/interfaces/IMarkFeed.sol";
import {DepegTerms, IPerpMargin, Margin, PerpTerms, Requirement, Statement} from "../src/interfaces/IPerpMargin.sol";
import {PerpMarginBase} from "./PerpMarginBase.sol";

contract PerpMarginTest is PerpMarginBase {
    // -- numbers ------------------------------------------------------------------------------------------------------

    function test_who_has_no_position_has_its_cash_and_owes_nothing() public view {
        _is(margin.marginOf(CLIENT, _told(-7)), -7, -7, -7);
        Requirement memory positions = margin.requirementOf(CLIENT);
        vm.assertEq(positions.value, int256(0), "value");
        vm.assertEq(positions.initialMargin + positions.maintenanceMargin, 0, "nothing is asked");
    }

    /// Derive's srm_cases/Test17: one coin at 1,505 that lost 20.
    function test_a_long_of_one_coin() public {
        _trade(ETH, 1000);
        _is(margin.marginOf(CLIENT, _told(-20e18 - 1505e18)), -20e18, -117.825e18, -95.25e18);
    }

    /// Derive's srm_portfolio/test_short_ITM_perp.
    function test_a_short_of_one_coin() public {
        _market(ETH, 2_000 * USD, 2_001 * USD);
        _trade(ETH, -1000);
        _is(margin.marginOf(CLIENT, _told(199e18 + 2001e18)), 199e18, 68.935e18, 98.95e18);
    }

    function test_positions_are_summed_and_nothing_is_netted() public {
        _trade(ETH, 1000);
        Requirement memory one = margin.requirementOf(CLIENT);
        _trade(BTC, -1000);
        Requirement memory both = margin.requirementOf(CLIENT);
        vm.assertEq(both.value, one.value - 27_990e18, "value");
        vm.assertEq(both.initialMargin, one.initialMargin + 1_819.35e18, "initial");
        vm.assertEq(both.maintenanceMargin, one.maintenanceMargin + 1_399.5e18, "maintenance");
    }

    function test_an_instrument_is_looked_at_once_however_often_its_terms_change() public {
        _trade(ETH, 1000);
        _setTerms(ETH, PerpTerms(1e18, 0.5e18, 0, 0));
        vm.assertEq(margin.instruments().length, LISTED, "none twice");
        Requirement memory positions = margin.requirementOf(CLIENT);
        vm.assertEq(positions.initialMargin, 1_505e18, "the last terms, once");
        vm.assertEq(positions.maintenanceMargin, 752.5e18, "half");
    }

    /// 3e-18 coins at 1.5 USD are 4 units, a share of 1/2 is 2; of 1 coin in 1e18 at 0.5 USD nothing is left.
    function test_every_product_is_cut_toward_zero() public {
        _setTerms(SMALL, PerpTerms(0.5e18, 0.2e18, 0, 0));
        _mark(SMALL, 1_500_000);
        _trade(SMALL, 3);
        Requirement memory positions = margin.requirementOf(CLIENT);
        vm.assertEq(positions.value, int256(4), "4.5");
        vm.assertEq(positions.initialMargin, 2, "half of 4");
        vm.assertEq(positions.maintenanceMargin, 0, "a fifth of 4");
        _trade(SMALL, -6);
        vm.assertEq(margin.requirementOf(CLIENT).value, int256(-4), "-4.5, toward zero");
        _trade(SMALL, 4);
        _mark(SMALL, 500_000);
        vm.assertEq(margin.requirementOf(CLIENT).value, int256(0), "0.5");
    }

    /// 0.3 at 7 USD is 2.1, of 11 units 23; 0.3 of 11 units, cut to 3, at 7 USD would be 21.
    function test_doubt_is_taken_of_spot_before_it_is_taken_of_the_size() public {
        _setTerms(SMALL, PerpTerms(0, 0, 1e18, 0.3e18));
        _sure(SPOT + SMALL, 7 * USD, 0);
        _trade(SMALL, 11);
        vm.assertEq(margin.requirementOf(CLIENT).initialMargin, 23, "23.1");
    }

    function test_a_depeg_is_taken_of_spot_before_it_is_taken_of_the_size() public {
        _setTerms(SMALL, PerpTerms(0, 0, 0, 0));
        vm.prank(admin);
        margin.setDepegTerms(DepegTerms(STABLE, 1e18, 3e18));
        _mark(STABLE, 900_000);
        _mark(SPOT + SMALL, 7 * USD);
        _trade(SMALL, -11);
        vm.assertEq(margin.requirementOf(CLIENT).initialMargin, 23, "23.1");
    }

    // -- doubt --------------------------------------------------------------------------------------------------------

    function test_little_confidence_in_the_mark_asks_more_for_initial_margin_only() public {
        _trade(ETH, -1000);
        Requirement memory sure = margin.requirementOf(CLIENT);
        _sure(ETH, 1_505 * USD, 100_000);
        _asksMore(sure, 540e18); // (1 − 0.1) · 0.4 of 1,500 at spot
    }

    function test_little_confidence_in_spot_does_the_same_and_the_lower_of_the_two_counts() public {
        _trade(ETH, 1000);
        Requirement memory sure = margin.requirementOf(CLIENT);
        _sure(SPOT + ETH, 1_500 * USD, 300_000);
        _asksMore(sure, 420e18);
        _sure(ETH, 1_505 * USD, 200_000);
        _asksMore(sure, 480e18);
        _sure(ETH, 1_505 * USD, 350_000);
        _asksMore(sure, 420e18);
    }

    function test_confidence_at_the_threshold_is_enough() public {
        _trade(ETH, 1000);
        Requirement memory sure = margin.requirementOf(CLIENT);
        _sure(ETH, 1_505 * USD, 400_000);
        _asksMore(sure, 0);
        _sure(ETH, 1_505 * USD, 399_999);
        _asksMore(sure, 360.0006e18);
    }

    function test_a_threshold_of_zero_asks_for_no_confidence() public {
        _trade(ETH, 1000);
        Requirement memory sure = margin.requirementOf(CLIENT);
        _setTerms(ETH, PerpTerms(0.065e18, 0.05e18, 0, 1e18));
        _sure(ETH, 1_505 * USD, 0);
        _asksMore(sure, 0);
    }

    function test_a_stablecoin_below_its_threshold_asks_more_for_initial_margin_only() public {
        _trade(ETH, -2000);
        Requirement memory sure = margin.requirementOf(CLIENT);
        _mark(STABLE, 980_000);
        _asksMore(sure, 0);
        _mark(STABLE, 979_999);
        _asksMore(sure, 0.0036e18); // 1e-6 · 1.2 of 3,000
        _mark(STABLE, 100_000);
        _asksMore(sure, 3_168e18);
    }

    function test_doubt_and_depeg_are_both_asked() public {
        _trade(ETH, 1000);
        Requirement memory sure = margin.requirementOf(CLIENT);
        _mark(STABLE, 100_000);
        _sure(ETH, 1_505 * USD, 100_000);
        _asksMore(sure, 540e18 + 1_584e18);
    }

    function test_terms_for_the_stablecoin_can_be_changed() public {
        _trade(ETH, 1000);
        Requirement memory sure = margin.requirementOf(CLIENT);
        vm.prank(admin);
        margin.setDepegTerms(DepegTerms(ETH, 1e18, 3e18));
        _asksMore(sure, 0); // priced at 1,505 now
        vm.prank(admin);
        margin.setDepegTerms(DepegTerms(SPOT + SMALL, 1e18, 3e18));
        _mark(SPOT + SMALL, 1);
        _asksMore(sure, 4_499.9955e18);
    }

    // -- what is refused, in order ------------------------------------------------------------------------------------

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_requireMargin_refuses_in_order_of_precedence() public {
        _trade(OPTION, 1);
        _trade(ETH, -1000);
        vm.prank(admin);
        margin.setDepegTerms(DepegTerms(STABLE + 1, 0, 0));
        vm.prank(admin);
        margin.setPerpTerms(ETH, STABLE + 2, usual);
        Statement memory told = _told(0);
        _trade(LARGE, 1);
        (, bytes32 head) = book.head();

        _refused(told, abi.encodeWithSelector(IPerpMargin.WrongHead.selector, head, told.head));
        told = _told(0);
        _refused(told, abi.encodeWithSelector(IMarkFeed.NoMark.selector, STABLE + 1));
        _stale(told, STABLE + 1);
        _refused(told, abi.encodeWithSelector(IMarkFeed.NoMark.selector, STABLE + 2));
        _stale(told, STABLE + 2);
        vm.warp(block.timestamp + HEARTBEAT);
        _mark(STABLE + 1, USD);
        _mark(STABLE + 2, USD);
        _refused(told, _staleReason(ETH));
        _mark(ETH, 3_000 * USD);
        _refused(told, abi.encodeWithSelector(IPerpMargin.NoTerms.selector, OPTION, int64(1)));
        _setTerms(LARGE, usual);
        _trade(OPTION, -1);
        told = _told(0);
        _refused(told, _staleReason(SPOT + LARGE));
        _mark(SPOT + LARGE, USD);
        _refused(told, _staleReason(LARGE));
        _mark(LARGE, USD);
        _trade(LARGE, -1);
        _refused(_told(3_195e18 - 1), _below(true, -1));
        margin.requireMargin(CLIENT, _told(3_195e18), true);
    }

    function test_of_two_instruments_at_fault_the_first_one_named_is_told() public {
        _trade(ETH, 1);
        _trade(OPTION, -3);
        vm.prank(admin);
        margin.refuse(ETH);
        vm.expectRevert(abi.encodeWithSelector(IPerpMargin.NoTerms.selector, ETH, int64(1)));
        margin.requirementOf(CLIENT);
        _setTerms(ETH, usual);
        vm.expectRevert(abi.encodeWithSelector(IPerpMargin.NoTerms.selector, OPTION, int64(-3)));
        margin.requirementOf(CLIENT);
    }

    function test_maintenance_is_met_where_initial_is_not() public {
        _trade(ETH, -1000);
        Statement memory told = _told(1_505e18 + 75.25e18);
        margin.requireMargin(CLIENT, told, false);
        vm.expectRevert(_below(true, -22.575e18));
        margin.requireMargin(CLIENT, told, true);
        told.cash -= 1;
        vm.expectRevert(_below(false, -1));
        margin.requireMargin(CLIENT, told, false);
    }

    function test_a_batch_makes_every_statement_before_it_old() public {
        Statement memory told = _told(1e18);
        margin.marginOf(CLIENT, told);
        _trade(ETH, 1);
        (, bytes32 head) = book.head();
        vm.expectRevert(abi.encodeWithSelector(IPerpMargin.WrongHead.selector, head, bytes32(0)));
        margin.marginOf(CLIENT, told);
        margin.marginOf(CLIENT, _told(1e18));
    }

    /// Whose position it is not, hears nothing of it.
    function test_a_mark_that_is_missing_stops_only_those_who_need_it() public {
        _trade(ETH, 1000);
        vm.warp(block.timestamp + HEARTBEAT);
        _mark(STABLE, USD);
        vm.assertEq(margin.marginOf(stranger, _told(5)).initialMargin, int256(5), "no position");
        vm.expectRevert(_staleReason(SPOT + ETH));
        margin.requirementOf(CLIENT);
    }

    // -- helpers ------------------------------------------------------------------------------------------------------

    function _is(Margin memory found, int256 worth, int256 initialMargin, int256 maintenanceMargin) private pure {
        vm.assertEq(found.markToMarket, worth, "worth");
        vm.assertEq(found.initialMargin, initialMargin, "initial");
        vm.assertEq(found.maintenanceMargin, maintenanceMargin, "maintenance");
    }

    function _asksMore(Requirement memory before, uint256 more) private view {
        Requirement memory positions = margin.requirementOf(CLIENT);
        vm.assertEq(positions.initialMargin, before.initialMargin + more, "initial");
        vm.assertEq(positions.maintenanceMargin, before.maintenanceMargin, "maintenance");
        vm.assertEq(positions.value, before.value, "value");
    }

    function _refused(Statement memory told, bytes memory reason) private {
        vm.expectRevert(reason);
        margin.requireMargin(CLIENT, told, true);
    }

    /// A first mark, too old by a second; then a fresh one.
    function _stale(Statement memory told, uint32 instrument) private {
        _mark(instrument, USD, SURE, uint64(block.timestamp) - HEARTBEAT - 1);
        _refused(told, _staleReason(instrument));
        _mark(instrument, USD);
    }

    function _staleReason(uint32 instrument) private view returns (bytes memory) {
        uint40 asOf = feed.latestOf(instrument).asOf;
        return abi.encodeWithSelector(IMarkFeed.StaleMark.selector, instrument, asOf, HEARTBEAT, block.timestamp);
    }

    function _below(bool isInitial, int256 left) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPerpMargin.BelowMargin.selector, CLIENT, isInitial, left);
    }
}
