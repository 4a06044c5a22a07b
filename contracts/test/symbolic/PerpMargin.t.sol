// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarkFeed} from "../../src/MarkFeed.sol";
import {PerpMargin} from "../../src/PerpMargin.sol";
import {PositionBook} from "../../src/PositionBook.sol";
import {DepegTerms, PerpTerms} from "../../src/interfaces/IPerpMargin.sol";
import {PerpMarginLib} from "../../src/libraries/PerpMarginLib.sol";
import {Symbolic} from "./Symbolic.sol";

/// One call of a margin contract in any state, beside a book in any state, by anybody, with any arguments; and which
/// prices and confidences are asked nothing more for. Bounds: what is multiplied is left to fuzzing and to the
/// comparison with the engine.
contract SymbolicPerpMargin is Symbolic {
    uint64 private constant ONE = 1e18;

    PerpMargin internal margin;
    PositionBook internal book;

    function setUp() public {
        address[] memory sources = new address[](1);
        sources[0] = address(1);
        book = new PositionBook(address(0xAD));
        MarkFeed feed = new MarkFeed(address(0xAD), 1 hours, sources, 1);
        margin = new PerpMargin(address(0xAD), book, feed, DepegTerms(0, 0, 0));
        svm.enableSymbolicStorage(address(book));
        svm.enableSymbolicStorage(address(margin));
    }

    function check_terms_are_the_admins_and_within_their_limits(
        address caller,
        uint32 instrument,
        uint32 spot,
        PerpTerms calldata wish
    ) public {
        bool isAdmin = margin.hasRole(0, caller);
        if (!_done(caller, abi.encodeCall(margin.setPerpTerms, (instrument, spot, wish)))) return;
        assert(isAdmin);
        (PerpTerms memory terms, uint32 foundSpot, uint128 lotSize) = margin.termsOf(instrument);
        assert(terms.maintenanceE18 <= terms.initialE18 && terms.initialE18 <= ONE);
        assert(terms.confidenceThresholdE18 <= ONE && terms.contingencyE18 <= ONE);
        assert(terms.initialE18 == wish.initialE18 && terms.maintenanceE18 == wish.maintenanceE18);
        assert(foundSpot == spot && lotSize != 0);
        assert(lotSize == book.instrumentAt(instrument).lotSizeE18 && book.instrumentAt(instrument).subId == 0);
    }

    function check_terms_of_one_instrument_leave_every_other_ones(
        address caller,
        uint32 instrument,
        uint32 other,
        PerpTerms calldata wish,
        bool isRefused
    ) public {
        vm.assume(instrument != other);
        bytes32 before = _terms(other);
        if (isRefused) _done(caller, abi.encodeCall(margin.refuse, (instrument)));
        else _done(caller, abi.encodeCall(margin.setPerpTerms, (instrument, 0, wish)));
        assert(_terms(other) == before);
    }

    function check_depeg_terms_are_the_admins_and_within_their_limits(address caller, DepegTerms calldata wish) public {
        bool isAdmin = margin.hasRole(0, caller);
        if (!_done(caller, abi.encodeCall(margin.setDepegTerms, (wish)))) return;
        assert(isAdmin);
        (uint32 stable, uint64 threshold, uint64 factor) = margin.depegTerms();
        assert(stable == wish.stable && threshold <= ONE && factor <= 3 * ONE);
    }

    function check_doubt_begins_below_the_threshold(PerpTerms calldata terms, uint256 confidence) public pure {
        vm.assume(terms.confidenceThresholdE18 <= ONE && terms.contingencyE18 <= ONE);
        uint256 doubt = PerpMarginLib.doubt(terms, confidence);
        if (confidence >= terms.confidenceThresholdE18) assert(doubt == 0);
    }

    function check_a_depeg_begins_below_the_threshold(DepegTerms calldata terms, uint256 price) public pure {
        vm.assume(terms.thresholdE18 <= ONE && terms.factorE18 <= 3 * ONE);
        uint256 share = PerpMarginLib.depegShare(terms, price);
        if (price >= terms.thresholdE18) assert(share == 0);
    }

    function reach_terms_that_are_set(address caller, uint32 instrument, PerpTerms calldata wish) public {
        assert(!_done(caller, abi.encodeCall(margin.setPerpTerms, (instrument, 0, wish))));
    }

    function reach_depeg_terms_that_are_set(address caller, DepegTerms calldata wish) public {
        assert(!_done(caller, abi.encodeCall(margin.setDepegTerms, (wish))));
    }

    function _done(address caller, bytes memory call) private returns (bool ok) {
        vm.prank(caller);
        (ok,) = address(margin).call(call);
    }

    function _terms(uint32 instrument) private view returns (bytes32) {
        (PerpTerms memory terms, uint32 spot, uint128 lotSize) = margin.termsOf(instrument);
        return keccak256(abi.encode(terms, spot, lotSize));
    }
}
