// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cycle, ISettlementBook} from "../src/interfaces/ISettlementBook.sol";
import {SettlementBookBase} from "./SettlementBookBase.sol";

/// Refusals that carry two times, where the two differ: first what the chain holds to, then what was tried.
contract SettlementTimesTest is SettlementBookBase {
    function test_a_late_dispute_is_told_when_the_window_closed_and_what_time_it_is() public {
        _propose(_cycle(1));
        vm.warp(NOW + WINDOW_S + 5);
        bytes4 closed = ISettlementBook.WindowClosed.selector;
        vm.expectRevert(abi.encodeWithSelector(closed, NOW + WINDOW_S, NOW + WINDOW_S + 5));
        vm.prank(custodian);
        book.dispute(venue);
    }

    function test_a_cut_off_that_goes_back_is_told_after_the_one_that_stands() public {
        Cycle memory first = _cycle(1);
        _propose(first);
        vm.warp(NOW + WINDOW_S);
        book.finalize(first);
        Cycle memory back = _cycle(1);
        back.cutOff = NOW - 7;
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.CutOffNotAfter.selector, NOW, NOW - 7));
        book.propose(back, "", "");
    }
}
