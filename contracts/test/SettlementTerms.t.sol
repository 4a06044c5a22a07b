// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cycle} from "../src/interfaces/ISettlementBook.sol";
import {Log} from "./Base.sol";
import {SettlementBookBase} from "./SettlementBookBase.sol";

/// What the parties agreed to before anything was signed, and what a later cycle is told as.
contract SettlementTermsTest is SettlementBookBase {
    event CycleDisputed(address indexed venue, uint64 indexed sequence, bytes32 digest, address by);
    event CycleExpired(address indexed venue, uint64 indexed sequence, bytes32 digest);
    event CycleProposed(address indexed venue, uint64 indexed sequence, bytes32 digest, uint64 windowEnds);

    function test_the_terms_are_what_was_deployed_and_grace_is_a_day() public view {
        vm.assertEq(uint256(book.GRACE_S()), 86_400, "grace");
        vm.assertEq(uint256(book.disputeWindow()), WINDOW_S, "window");
        vm.assertEq(book.custodian(), custodian, "custodian");
        vm.assertEq(address(book.vault()), address(vault), "vault");
        vm.assertEq(book.signerOf(stranger), address(0), "nobody signs for whom nobody registered");
    }

    function test_a_second_cycle_is_told_by_its_own_sequence_whatever_becomes_of_it() public {
        _propose(_cycle(1));
        vm.warp(NOW + WINDOW_S);
        book.finalize(_cycle(1));

        Cycle memory second = _cycle(2);
        bytes32 digest = book.digestOf(second);
        (bytes memory byVenue, bytes memory byCustodian) = (_sign("venue signer", digest), _sign("custodian", digest));
        vm.expectEmit();
        emit CycleProposed(venue, 2, digest, NOW + 2 * WINDOW_S);
        book.propose(second, byVenue, byCustodian);
        vm.expectEmit();
        emit CycleDisputed(venue, 2, digest, custodian);
        vm.prank(custodian);
        book.dispute(venue);

        Cycle memory again = _cycle(3);
        _propose(again);
        vm.warp(NOW + 2 * WINDOW_S + book.GRACE_S());
        vm.expectEmit();
        emit CycleExpired(venue, 2, book.digestOf(again));
        book.expire(venue);
    }

    /// A cycle without obligations moves nothing: it anchors positions, and is told once as final and once as settled.
    function test_an_empty_cycle_is_final_like_any_other() public {
        Cycle memory cycle = _cycle(0);
        _propose(cycle);
        vm.warp(NOW + WINDOW_S);
        vm.recordLogs();
        book.finalize(cycle);
        Log[] memory told = vm.getRecordedLogs();
        vm.assertEq(told.length, 3, "final, unlocked, settled");
        vm.assertEq(told[0].topics[0], keccak256("CycleFinal(address,uint64,bytes32)"), "final");
        vm.assertEq(told[1].topics[0], keccak256("VenueUnlocked(address)"), "unlocked");
        vm.assertEq(told[2].topics[0], keccak256("CompartmentsSettled(address,uint64,uint256)"), "settled");
    }
}
