// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateralVault, Leg} from "../src/interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "../src/interfaces/ISettlementBook.sol";
import {SettlementBookBase} from "./SettlementBookBase.sol";

contract SettlementBookOutcomeTest is SettlementBookBase {
    event CycleDisputed(address indexed venue, uint64 indexed sequence, bytes32 digest, address by);
    event CycleExpired(address indexed venue, uint64 indexed sequence, bytes32 digest);
    event CycleFinal(address indexed venue, uint64 indexed sequence, bytes32 digest);
    event ShortfallCovered(
        address indexed venue,
        uint64 indexed sequence,
        address token,
        address indexed holder,
        uint256 owed,
        uint256 paid
    );

    // dispute

    function test_dispute_refuses_in_order_of_precedence() public {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NoOpenCycle.selector, venue));
        book.dispute(venue);
        _propose(_cycle(1e18));
        vm.warp(NOW + WINDOW_S);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WindowClosed.selector, NOW + WINDOW_S, NOW + WINDOW_S));
        book.dispute(venue);
        vm.warp(NOW + WINDOW_S - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NotAParty.selector, stranger));
        book.dispute(venue);
    }

    function test_either_party_voids_the_cycle_and_nothing_moves(bool byVenue) public {
        Cycle memory cycle = _cycle(1e18);
        _propose(cycle);
        address party = byVenue ? venueSigner : custodian;
        vm.expectEmit();
        emit CycleDisputed(venue, 1, book.digestOf(cycle), party);
        vm.prank(party);
        book.dispute(venue);
        _assertVoid(cycle);
    }

    function test_a_disputed_sequence_is_proposed_again_with_other_content_only() public {
        Cycle memory cycle = _cycle(1e18);
        _propose(cycle);
        vm.prank(custodian);
        book.dispute(venue);

        bytes32 digest = book.digestOf(cycle);
        bytes memory byVenue = _sign("venue signer", digest);
        bytes memory byCustodian = _sign("custodian", digest);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.CycleVoid.selector, digest));
        book.propose(cycle, byVenue, byCustodian);
        Cycle memory corrected = _cycle(2e18);
        _propose(corrected);
        vm.assertTrue(_open(corrected), "the corrected cycle opens");
    }

    // finalize

    function test_finalize_refuses_in_order_of_precedence() public {
        Cycle memory cycle = _cycle(0);
        cycle.legs = new Leg[](1);
        cycle.legs[0] = Leg(address(token), _one(client, 2 * DEPOSIT + 1), _one(stranger, 2 * DEPOSIT + 1));
        bytes32 digest = book.digestOf(cycle);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongDigest.selector, bytes32(0), digest));
        book.finalize(cycle);
        _propose(cycle);
        Cycle memory another = _cycle(5);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongDigest.selector, digest, book.digestOf(another)));
        book.finalize(another);
        vm.warp(NOW + WINDOW_S - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WindowOpen.selector, NOW + WINDOW_S, NOW + WINDOW_S - 1));
        book.finalize(cycle);
        vm.warp(NOW + WINDOW_S);
        bytes4 uncovered = ICollateralVault.ShortfallNotCovered.selector;
        vm.expectRevert(abi.encodeWithSelector(uncovered, venue, address(token), DEPOSIT + 1, DEPOSIT));
        book.finalize(cycle);
        _assertNothingMoved();
        vm.assertTrue(_open(cycle), "still open, to be cured");

        _fund(venue, 1); // a top-up cures it
        vm.expectEmit();
        emit ShortfallCovered(venue, 1, address(token), client, 2 * DEPOSIT + 1, DEPOSIT);
        book.finalize(cycle);
        vm.assertEq(vault.balanceOf(stranger, venue, address(token)), 2 * DEPOSIT + 1, "paid in full");
    }

    function test_finalize_refuses_the_cycle_in_any_other_encoding() public {
        Cycle memory cycle = _cycle(1e18);
        bytes32 digest = book.digestOf(cycle);
        _propose(cycle);
        vm.warp(NOW + WINDOW_S);
        bytes memory good = abi.encodeCall(book.finalize, (cycle));
        bytes memory reason = abi.encodeWithSelector(ISettlementBook.WrongDigest.selector, digest, digest);
        (bool done, bytes memory said) = address(book).call(abi.encodePacked(good, uint8(0)));
        vm.assertFalse(done, "something behind it");
        vm.assertEq(keccak256(said), keccak256(reason), "the same digest, and still not these bytes");
        // The cycle one word further along, behind a word that nobody reads.
        bytes memory moved =
            abi.encodePacked(ISettlementBook.finalize.selector, uint256(64), uint256(7), abi.encodePacked(_tail(good)));
        (done, said) = address(book).call(moved);
        vm.assertFalse(done, "at another place");
        vm.assertEq(keccak256(said), keccak256(reason), "the same digest, and still not these bytes");
        (done,) = address(book).call(good);
        vm.assertTrue(done, "the control");
    }

    /// A finalize call without its selector and the first offset.
    function _tail(bytes memory call) private pure returns (bytes memory tail) {
        tail = new bytes(call.length - 36);
        for (uint256 i; i < tail.length; ++i) {
            tail[i] = call[i + 36];
        }
    }

    function test_a_cycle_is_paid_once_by_anyone_and_unlocks_the_venue(int256 amount) public {
        amount = int256(_bound(uint256(amount), 0, 2 * DEPOSIT)) - int256(DEPOSIT);
        Cycle memory cycle = _cycle(amount);
        bytes32 digest = book.digestOf(cycle);
        _propose(cycle);
        vm.warp(NOW + WINDOW_S);
        vm.expectEmit();
        emit CycleFinal(venue, 1, digest);
        vm.prank(stranger);
        book.finalize(cycle);

        vm.assertEq(int256(vault.balanceOf(client, venue, address(token))), int256(DEPOSIT) - amount, "client");
        vm.assertEq(int256(vault.balanceOf(venue, venue, address(token))), int256(DEPOSIT) + amount, "venue");
        (uint64 sequence, bytes32 head, uint64 cutOff) = book.headOf(venue);
        vm.assertEq(uint256(sequence), 1, "sequence");
        vm.assertEq(head, digest, "digest");
        vm.assertEq(uint256(cutOff), NOW, "cut-off");
        vm.assertEq(vault.lockedSince(venue), 0, "unlocked");
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongDigest.selector, bytes32(0), digest));
        book.finalize(cycle);
    }

    function test_cycles_follow_each_other_by_sequence_digest_and_cut_off(uint8 cycles) public {
        cycles = uint8(_bound(cycles, 2, 5));
        for (uint64 i; i < cycles; ++i) {
            Cycle memory cycle = _cycle(i % 2 == 0 ? int256(3) : -3);
            _propose(cycle);
            vm.warp(NOW + (i + 1) * WINDOW_S);
            book.finalize(cycle);
        }
        (uint64 sequence,, uint64 cutOff) = book.headOf(venue);
        vm.assertEq(uint256(sequence), cycles, "sequence counts the final ones");
        Cycle memory late = _cycle(1);
        late.cutOff = cutOff;
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.CutOffNotAfter.selector, cutOff, cutOff));
        book.propose(late, "", "");
    }

    // expire

    function test_expire_refuses_in_order_of_precedence() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NoOpenCycle.selector, venue));
        book.expire(venue);
        _propose(_cycle(1));
        uint64 graceEnds = NOW + WINDOW_S + book.GRACE_S();
        vm.warp(graceEnds - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.GraceOpen.selector, graceEnds, graceEnds - 1));
        book.expire(venue);
    }

    function test_a_cycle_that_can_never_be_paid_does_not_lock_the_venue_for_ever() public {
        Cycle memory cycle = _cycle(0);
        cycle.legs = new Leg[](1);
        cycle.legs[0] = Leg(address(token), _one(client, 2 * DEPOSIT + 1), _one(stranger, 2 * DEPOSIT + 1));
        _propose(cycle);
        vm.warp(NOW + WINDOW_S + book.GRACE_S());
        vm.expectEmit();
        emit CycleExpired(venue, 1, book.digestOf(cycle));
        vm.prank(stranger);
        book.expire(venue);
        _assertVoid(cycle);
    }

    function test_what_stays_unpaid_is_written_down_in_the_next_cycle() public {
        Cycle memory cycle = _cycle(0);
        cycle.legs = new Leg[](1);
        cycle.legs[0] = Leg(address(token), _one(client, 2 * DEPOSIT + 1), _one(stranger, 2 * DEPOSIT + 1));
        _propose(cycle);
        vm.warp(NOW + WINDOW_S + book.GRACE_S());
        book.expire(venue);
        cycle.legs[0].debits = _two(client, DEPOSIT, venue, DEPOSIT);
        cycle.legs[0].credits = _one(stranger, 2 * DEPOSIT);
        _propose(cycle);
        vm.warp(NOW + 2 * WINDOW_S + book.GRACE_S());
        book.finalize(cycle);
        vm.assertEq(vault.balanceOf(stranger, venue, address(token)), 2 * DEPOSIT, "all that there is");
    }

    function test_a_replaced_signer_disputes_no_more_and_the_new_one_does() public {
        _propose(_cycle(1));
        vm.prank(admin);
        book.registerVenue(venue, stranger);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NotAParty.selector, venueSigner));
        vm.prank(venueSigner);
        book.dispute(venue);
        vm.prank(stranger);
        book.dispute(venue);
    }

    function _assertVoid(Cycle memory cycle) private view {
        (bytes32 open, uint64 ends) = book.openOf(venue);
        vm.assertEq(open, bytes32(0), "nothing is open");
        vm.assertEq(uint256(ends), 0, "no window");
        vm.assertTrue(book.isVoid(book.digestOf(cycle)), "void for good");
        vm.assertEq(vault.lockedSince(venue), 0, "releases go on");
        _assertNothingMoved();
    }
}
