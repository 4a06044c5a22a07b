// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateralVault, Obligation, Release} from "../src/interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "../src/interfaces/ISettlementBook.sol";
import {AttackBase} from "./AttackBase.sol";

contract PartyAttacks is AttackBase {
    function test_a_lying_venue_settles_nothing_alone() public {
        Cycle memory cycle = _cycle(client, venue, DEPOSIT);
        bytes memory signature = _sign("venue", book.digestOf(cycle));
        vm.startPrank(venue);
        vm.expectRevert(ISettlementBook.WrongCustodianSignature.selector);
        book.propose(cycle, signature, signature);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.NotTheSettlement.selector, venue));
        vault.settle(venue, 1, cycle.legs);
        vm.stopPrank();
    }

    /// It can credit what lies there to whom it likes, and can lower nothing.
    function test_a_lying_custodian_settles_and_releases_nothing_alone() public {
        Cycle memory cycle = _cycle(client, other, DEPOSIT);
        bytes memory signature = _sign("custodian", book.digestOf(cycle));
        vm.startPrank(custodian);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, venue));
        book.propose(cycle, signature, signature);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.NotTheSettlement.selector, custodian));
        vault.settle(venue, 1, cycle.legs);
        Release memory wish = Release(client, venue, address(token), DEPOSIT, 0, NOW);
        signature = _sign("custodian", vault.digestOf(wish));
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
        vault.release(wish, signature);
        vm.stopPrank();
    }

    /// The limit that both signatures have: within the venue, from who has not left. Not out of the vault.
    function test_both_lying_take_what_has_not_left_and_nothing_that_has() public {
        vm.prank(other);
        vault.requestExit(venue, address(token));
        vm.warp(NOW + DELAY_S);
        Cycle memory theft = _cycle(client, venue, DEPOSIT);
        theft.legs[0].debits = new Obligation[](2);
        (address first, address second) = client < other ? (client, other) : (other, client);
        theft.legs[0].debits[0] = Obligation(first, DEPOSIT);
        theft.legs[0].debits[1] = Obligation(second, DEPOSIT);
        theft.legs[0].credits[0].amount = 2 * DEPOSIT;
        _propose(theft);
        vault.exit(other, venue, address(token)); // seen in time: it was ready before they proposed
        vm.warp(NOW + DELAY_S + WINDOW_S);
        book.finalize(theft);
        vm.assertEq(_held(client), 0, "stolen, by two signatures, with a window to see it in");
        vm.assertEq(vault.freeOf(other, address(token)), DEPOSIT, "gone in time");
        vm.assertEq(_held(venue), 2 * DEPOSIT, "what the one who left does not pay, the thief goes without");
        vm.assertEq(token.balanceOf(address(vault)), 3 * DEPOSIT, "and nothing left the vault");
    }

    function test_neither_admin_nor_roles_reach_what_is_in_a_compartment_or_free() public {
        _exited(other);
        (bytes32 credits, bytes32 pauses) = (vault.CUSTODIAN_ROLE(), vault.PAUSER_ROLE());
        Cycle memory cycle = _cycle(client, admin, 1);
        vm.startPrank(admin);
        vault.grantRole(credits, admin);
        vault.grantRole(pauses, admin);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementAlreadyAppointed.selector, address(book)));
        vault.appointSettlement(admin);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.NotTheSettlement.selector, admin));
        vault.settle(venue, 1, cycle.legs);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.ExceedsUnallocated.selector, address(token), 0, 1));
        vault.credit(admin, venue, address(token), 1);
        vm.stopPrank();
    }

    function test_an_admin_that_replaces_a_venues_signer_still_needs_the_custodian() public {
        vm.prank(admin);
        book.registerVenue(venue, admin);
        Cycle memory cycle = _cycle(client, admin, DEPOSIT);
        bytes memory signature = _sign("admin", book.digestOf(cycle));
        vm.expectRevert(ISettlementBook.WrongCustodianSignature.selector);
        book.propose(cycle, signature, signature);
    }
}
