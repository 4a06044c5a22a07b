// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PerpMargin} from "../src/PerpMargin.sol";
import {DepegTerms, IPerpMargin, PerpTerms} from "../src/interfaces/IPerpMargin.sol";
import {PerpMarginBase} from "./PerpMarginBase.sol";

contract PerpMarginTermsTest is PerpMarginBase {
    event PerpTermsChanged(uint32 indexed instrument, uint32 spot, PerpTerms terms);
    event InstrumentRefused(uint32 indexed instrument);
    event DepegTermsChanged(DepegTerms terms);

    uint64 internal constant ONE = 1e18;

    function test_what_it_looks_at_is_fixed() public view {
        vm.assertEq(address(margin.book()), address(book), "book");
        vm.assertEq(address(margin.feed()), address(feed), "feed");
        (uint32 stable, uint64 threshold, uint64 factor) = margin.depegTerms();
        vm.assertEq(stable, STABLE, "stable");
        vm.assertEq(threshold, 0.98e18, "threshold");
        vm.assertEq(factor, 1.2e18, "factor");
        for (uint32 i; i < LISTED; ++i) {
            vm.assertEq(margin.instruments()[i], i + 1, "in the order in which they were named");
        }
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_setPerpTerms_refuses_in_order_of_precedence() public {
        PerpTerms memory wish = PerpTerms(ONE + 1, ONE + 2, ONE + 3, ONE + 4);
        _expectUnauthorized(stranger, 0);
        vm.prank(stranger);
        margin.setPerpTerms(LISTED + 1, 0, wish);
        vm.startPrank(admin);
        _refused(LISTED + 1, wish, abi.encodeWithSelector(IPerpMargin.InstrumentNotListed.selector, LISTED + 1));
        _refused(0, wish, abi.encodeWithSelector(IPerpMargin.InstrumentNotListed.selector, 0));
        _refused(OPTION, wish, abi.encodeWithSelector(IPerpMargin.NotAPerpetual.selector, OPTION, SUB_ID));
        _refused(ETH, wish, _tooLarge(ONE, ONE + 1));
        wish.initialE18 = ONE - 1;
        _refused(ETH, wish, _tooLarge(ONE, ONE + 2));
        wish.maintenanceE18 = ONE;
        _refused(ETH, wish, _tooLarge(ONE, ONE + 3));
        wish.confidenceThresholdE18 = ONE;
        _refused(ETH, wish, _tooLarge(ONE, ONE + 4));
        wish.contingencyE18 = ONE;
        _refused(ETH, wish, abi.encodeWithSelector(IPerpMargin.MaintenanceAboveInitial.selector, ONE - 1, ONE));
        wish.initialE18 = ONE;
        margin.setPerpTerms(ETH, 0, wish);
    }

    function test_setDepegTerms_refuses_in_order_of_precedence() public {
        DepegTerms memory wish = DepegTerms(0, ONE + 1, 3 * ONE + 1);
        _expectUnauthorized(stranger, 0);
        vm.prank(stranger);
        margin.setDepegTerms(wish);
        vm.startPrank(admin);
        vm.expectRevert(_tooLarge(ONE, ONE + 1));
        margin.setDepegTerms(wish);
        wish.thresholdE18 = ONE;
        vm.expectRevert(_tooLarge(3 * ONE, 3 * ONE + 1));
        margin.setDepegTerms(wish);
        vm.expectRevert(_tooLarge(3 * ONE, 3 * ONE + 1));
        new PerpMargin(admin, book, feed, wish);
        wish.factorE18 = 3 * ONE;
        margin.setDepegTerms(wish);
    }

    function test_refuse_refuses_in_order_of_precedence() public {
        _expectUnauthorized(stranger, 0);
        vm.prank(stranger);
        margin.refuse(LISTED + 1);
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPerpMargin.InstrumentNotListed.selector, LISTED + 1));
        margin.refuse(LISTED + 1);
        margin.refuse(OPTION);
    }

    /// A deployment of its own: nothing is named there yet.
    function test_an_instrument_that_nobody_named_is_not_seen() public {
        PerpMargin other = new PerpMargin(admin, book, feed, DepegTerms(STABLE, 0, 0));
        _trade(ETH, 1000);
        vm.assertEq(other.instruments().length, 0, "none");
        vm.assertEq(other.requirementOf(CLIENT).initialMargin, 0, "which is what the manual warns of");
        vm.prank(admin);
        other.refuse(ETH);
        vm.expectRevert(abi.encodeWithSelector(IPerpMargin.NoTerms.selector, ETH, int64(1000)));
        other.requirementOf(CLIENT);
    }

    // -- any terms ----------------------------------------------------------------------------------------------------

    function test_terms_are_kept_as_they_are_given_or_refused(uint8 which, uint32 spot, PerpTerms memory terms) public {
        uint32 instrument = uint32(_bound(which, 0, LISTED + 1));
        if (which % 2 == 0) _cure(terms);
        bool isPerp = instrument != 0 && instrument != OPTION && instrument <= LISTED;
        vm.startPrank(admin);
        if (isPerp && _areGood(terms)) {
            vm.expectEmit();
            emit PerpTermsChanged(instrument, spot, terms);
            margin.setPerpTerms(instrument, spot, terms);
            _has(instrument, spot, terms, isPerp);
            vm.expectEmit();
            emit InstrumentRefused(instrument);
            margin.refuse(instrument);
            _has(instrument, 0, PerpTerms(0, 0, 0, 0), false);
            return;
        }
        (PerpTerms memory before, uint32 spotBefore, uint128 lotSize) = margin.termsOf(instrument);
        (bool ok,) = address(margin).call(abi.encodeCall(margin.setPerpTerms, (instrument, spot, terms)));
        vm.assertFalse(ok, "refused");
        _has(instrument, spotBefore, before, lotSize != 0);
    }

    function test_depeg_terms_are_kept_as_they_are_given_or_refused(DepegTerms memory terms) public {
        // As many below the limits as above them.
        terms.thresholdE18 %= 2 * ONE;
        terms.factorE18 %= 6 * ONE;
        bool isGood = terms.thresholdE18 <= ONE && terms.factorE18 <= 3 * ONE;
        if (isGood) {
            vm.expectEmit();
            emit DepegTermsChanged(terms);
        } else if (terms.thresholdE18 > ONE) {
            vm.expectRevert(_tooLarge(ONE, terms.thresholdE18));
        } else {
            vm.expectRevert(_tooLarge(3 * ONE, terms.factorE18));
        }
        vm.prank(admin);
        margin.setDepegTerms(terms);
        (uint32 stable, uint64 threshold, uint64 factor) = margin.depegTerms();
        if (isGood) {
            bytes32 kept = keccak256(abi.encode(stable, threshold, factor));
            vm.assertEq(kept, keccak256(abi.encode(terms)), "kept");
        } else {
            vm.assertEq(stable, STABLE, "unchanged");
        }
    }

    function test_nobody_but_the_admin_changes_terms(address caller, uint32 instrument, PerpTerms memory terms) public {
        vm.assume(caller != admin);
        vm.startPrank(caller);
        _expectUnauthorized(caller, 0);
        margin.setPerpTerms(instrument, 0, terms);
        _expectUnauthorized(caller, 0);
        margin.refuse(instrument);
        _expectUnauthorized(caller, 0);
        margin.setDepegTerms(DepegTerms(instrument, terms.initialE18, terms.maintenanceE18));
    }

    function _cure(PerpTerms memory terms) private pure {
        terms.initialE18 %= ONE + 1;
        terms.maintenanceE18 %= terms.initialE18 + 1;
        terms.confidenceThresholdE18 %= ONE + 1;
        terms.contingencyE18 %= ONE + 1;
    }

    function _areGood(PerpTerms memory terms) private pure returns (bool) {
        return terms.initialE18 <= ONE && terms.maintenanceE18 <= terms.initialE18
            && terms.confidenceThresholdE18 <= ONE && terms.contingencyE18 <= ONE;
    }

    function _has(uint32 instrument, uint32 spot, PerpTerms memory terms, bool isTaken) private view {
        (PerpTerms memory found, uint32 foundSpot, uint128 lotSize) = margin.termsOf(instrument);
        vm.assertEq(keccak256(abi.encode(found)), keccak256(abi.encode(terms)), "terms");
        vm.assertEq(foundSpot, spot, "spot");
        vm.assertEq(lotSize, isTaken ? book.instrumentAt(instrument).lotSizeE18 : 0, "lot size");
    }

    function _refused(uint32 instrument, PerpTerms memory wish, bytes memory reason) private {
        vm.expectRevert(reason);
        margin.setPerpTerms(instrument, 0, wish);
    }

    function _tooLarge(uint64 most, uint64 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPerpMargin.FractionTooLarge.selector, most, given);
    }
}
