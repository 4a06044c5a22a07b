// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExitRequest, ICollateralVault, Release} from "../src/interfaces/ICollateralVault.sol";
import {Cycle} from "../src/interfaces/ISettlementBook.sol";
import {AttackBase} from "./AttackBase.sol";

contract GriefingAttacks is AttackBase {
    /// The longest that venue and custodian together can hold somebody: until window and grace of the last cycle that
    /// they open before the exit is ready.
    function test_cycles_that_cannot_be_paid_hold_an_exit_no_longer_than_window_and_grace() public {
        _requestExit(client);
        vm.warp(NOW + DELAY_S - 1);
        _propose(_cycle(other, venue, 1e30));
        vm.prank(admin);
        vault.pause();
        uint256 graceEnds = NOW + DELAY_S - 1 + WINDOW_S + book.GRACE_S();
        vm.warp(graceEnds - 1);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue, NOW + DELAY_S - 1));
        vault.exit(client, venue, address(token));
        vm.warp(graceEnds);
        vm.startPrank(client); // nobody else moves
        book.expire(venue);
        vault.exit(client, venue, address(token));
        vault.withdraw(address(token), DEPOSIT, client);
        vm.assertEq(token.balanceOf(client), DEPOSIT, "out");
    }

    function test_disputing_and_proposing_again_holds_no_exit() public {
        _requestExit(client);
        vm.warp(NOW + DELAY_S - 1);
        _propose(_cycle(other, venue, 1));
        vm.warp(NOW + DELAY_S);
        vm.prank(custodian);
        book.dispute(venue);
        _propose(_cycle(other, venue, 2));
        vault.exit(client, venue, address(token));
        vm.assertEq(vault.freeOf(client, address(token)), DEPOSIT, "out");
    }

    function test_dust_credited_after_a_request_neither_restarts_nor_blocks_it() public {
        _requestExit(client);
        vm.warp(NOW + DELAY_S - 1);
        token.mint(address(vault), 1);
        vm.prank(custodian);
        vault.credit(client, venue, address(token), 1);
        vm.warp(NOW + DELAY_S);
        vault.exit(client, venue, address(token));
        vm.assertEq(vault.freeOf(client, address(token)), DEPOSIT + 1, "with the dust");
    }

    /// Sent by somebody else first, it has done what its holder wanted.
    function test_a_signed_request_that_is_front_run_is_made_all_the_same() public {
        ExitRequest memory leave = ExitRequest(client, venue, address(token), 0, NOW);
        bytes memory signature = _sign("client", vault.exitDigestOf(leave));
        vm.prank(stranger);
        vault.requestExitFor(leave, signature);
        vm.assertEq(vault.exitReadyAt(client, venue, address(token)), NOW + DELAY_S, "requested");
    }

    /// Releases that the custodian holds back carry other nonces than requests to exit.
    function test_a_release_held_back_uses_up_no_request() public {
        Release memory wish = Release(client, venue, address(token), 1, 0, NOW);
        bytes memory released = _sign("client", vault.digestOf(wish));
        ExitRequest memory leave = ExitRequest(client, venue, address(token), 0, NOW);
        bytes memory left = _sign("client", vault.exitDigestOf(leave));
        vm.prank(custodian); // in front of the request
        vault.release(wish, released);
        vault.requestExitFor(leave, left);
        vm.assertEq(vault.exitReadyAt(client, venue, address(token)), NOW + DELAY_S, "requested");
    }

    function test_dust_sent_to_the_vault_is_nobodys_and_hinders_nothing() public {
        token.mint(address(vault), 1);
        _exited(client);
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT, client);
        vm.assertEq(token.balanceOf(address(vault)), vault.total(address(token)) + 1, "unallocated");
    }

    function test_a_party_disputes_for_ever_and_the_others_leave() public {
        for (uint256 i; i < 5; ++i) {
            _propose(_cycle(other, venue, 1 + i));
            vm.prank(venue);
            book.dispute(venue);
        }
        _exited(client);
        vm.assertEq(vault.freeOf(client, address(token)), DEPOSIT, "out");
    }

    /// A proposal in front of a release holds it until the window's end, and a party can end it sooner.
    function test_a_proposal_in_front_of_a_release_delays_it_only() public {
        Release memory wish = Release(client, venue, address(token), DEPOSIT, 0, NOW + 1 days);
        bytes memory released = _sign("client", vault.digestOf(wish));
        Cycle memory cycle = _cycle(other, venue, 1);
        _propose(cycle);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue, NOW));
        vm.prank(custodian);
        vault.release(wish, released);
        vm.warp(NOW + WINDOW_S);
        book.finalize(cycle);
        vm.prank(custodian);
        vault.release(wish, released);
        vm.assertEq(token.balanceOf(redemption), DEPOSIT, "released");
    }

    /// Leaving between proposal and payment is no way out for who owes: the cycle was there before the exit was ready.
    function test_a_debtor_does_not_leave_in_front_of_a_cycle_that_came_in_time() public {
        _requestExit(client);
        vm.warp(NOW + DELAY_S - 1);
        Cycle memory cycle = _cycle(client, other, DEPOSIT);
        _propose(cycle);
        vm.warp(NOW + DELAY_S);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue, NOW + DELAY_S - 1));
        vault.exit(client, venue, address(token));
        vm.warp(NOW + DELAY_S + WINDOW_S);
        book.finalize(cycle);
        vault.exit(client, venue, address(token));
        vm.assertEq(vault.freeOf(client, address(token)), 0, "paid first");
        vm.assertEq(_held(other), 2 * DEPOSIT, "received");
    }
}
