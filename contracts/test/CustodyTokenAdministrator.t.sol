// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyTokenBase} from "./CustodyTokenBase.sol";

/// What an administrator can do to balances, and what becomes of them when administrators go.
contract CustodyTokenAdministratorTest is CustodyTokenBase {
    address private immutable _heir = _party("heir");

    function test_it_moves_no_balance_not_even_to_itself() public {
        _open(admin);
        vm.expectRevert(_insufficientAllowance(admin, 0, 1));
        vm.prank(admin);
        token.transferFrom(holder, admin, 1);
        _requireNoSupplyCall(admin);
    }

    function test_it_reaches_the_supply_only_by_a_grant_that_everybody_sees() public {
        vm.expectEmit();
        emit RoleGranted(MINTER, admin, admin);
        vm.startPrank(admin);
        token.grantRole(MINTER, admin);
        token.adminBurn(holder, SUPPLY);
        vm.assertEq(token.totalSupply(), 0, "and then it is a minter");
    }

    function test_it_can_strand_a_balance_and_not_seize_it() public {
        _open(venue);
        vm.prank(admin);
        token.setDestinationAllowed(venue, false);
        vm.expectRevert(_closed(venue));
        vm.prank(holder);
        token.transfer(venue, 1);
        vm.assertEq(token.balanceOf(holder), SUPPLY, "stranded, not taken");
        vm.prank(minter);
        token.guardBurn(holder, SUPPLY, SUPPLY); // redemption needs no destination
    }

    function test_it_hands_over_by_grant_and_revoke_or_renounce_again_and_again() public {
        vm.prank(admin);
        token.grantRole(ADMIN, _heir);
        vm.prank(_heir);
        token.revokeRole(ADMIN, admin);
        _requireGoverns(_heir, admin);
        vm.startPrank(_heir);
        token.grantRole(ADMIN, admin);
        token.renounceRole(ADMIN, _heir);
        vm.stopPrank();
        _requireGoverns(admin, _heir);
        vm.assertTrue(token.hasRole(MINTER, minter), "other roles are left alone");
    }

    function test_with_the_last_one_gone_roles_and_list_are_frozen_and_the_rest_goes_on(bool revoked) public {
        _open(venue);
        vm.startPrank(admin);
        if (revoked) token.revokeRole(ADMIN, admin);
        else token.renounceRole(ADMIN, admin);
        vm.stopPrank();
        address[3] memory everybody = [admin, minter, holder];
        for (uint256 i; i < 3; ++i) {
            vm.startPrank(everybody[i]);
            _expectUnauthorized(everybody[i], ADMIN);
            token.setDestinationAllowed(venue, false);
            _expectUnauthorized(everybody[i], ADMIN);
            token.grantRole(ADMIN, everybody[i]);
            vm.stopPrank();
        }
        vm.prank(holder);
        token.transfer(venue, 1);
        vm.prank(minter);
        token.guardBurn(holder, SUPPLY - 1, SUPPLY);
        vm.assertEq(token.totalSupply(), 1, "redeemed all the same");
    }

    function test_with_the_last_minter_gone_too_nothing_is_ever_redeemed() public {
        vm.prank(admin);
        token.renounceRole(ADMIN, admin);
        vm.prank(minter);
        token.renounceRole(MINTER, minter);
        _requireNoSupplyCall(minter);
        _requireNoSupplyCall(admin);
        _requireNoSupplyCall(holder);
    }

    function test_the_loss_of_the_minter_alone_is_made_good() public {
        vm.prank(minter);
        token.renounceRole(MINTER, minter);
        vm.prank(admin);
        token.grantRole(MINTER, _heir);
        vm.prank(_heir);
        token.guardBurn(holder, SUPPLY, SUPPLY);
    }

    function _requireGoverns(address one, address other) private {
        vm.prank(one);
        token.setDestinationAllowed(venue, true);
        _expectUnauthorized(other, ADMIN);
        vm.prank(other);
        token.setDestinationAllowed(venue, false);
    }
}
