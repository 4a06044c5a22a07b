// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyTokenBase} from "./CustodyTokenBase.sol";

contract CustodyTokenRolesTest is CustodyTokenBase {
    address private immutable _other = _party("other minter");

    function test_the_roles_have_their_ids_and_one_administrator(bytes32 role) public view {
        vm.assertEq(token.MINTER_ROLE(), MINTER, "minter's id");
        vm.assertEq(token.DEFAULT_ADMIN_ROLE(), ADMIN, "administrator's id");
        vm.assertEq(token.getRoleAdmin(role), ADMIN, "every role, itself included");
        vm.assertTrue(token.hasRole(ADMIN, admin) && token.hasRole(MINTER, minter), "both seated");
        vm.assertFalse(token.hasRole(MINTER, admin), "the administrator holds no operating role");
        vm.assertFalse(token.hasRole(ADMIN, minter), "nor the minter the administration");
    }

    function test_only_the_administrator_grants_and_revokes(address caller, bytes32 role, address account) public {
        vm.assume(caller != admin);
        vm.startPrank(caller);
        _expectUnauthorized(caller, ADMIN);
        token.grantRole(role, account);
        _expectUnauthorized(caller, ADMIN);
        token.revokeRole(role, account);
    }

    function test_a_minter_grants_and_revokes_nothing() public {
        vm.startPrank(minter);
        _expectUnauthorized(minter, ADMIN);
        token.grantRole(MINTER, _other);
        _expectUnauthorized(minter, ADMIN);
        token.revokeRole(MINTER, minter);
    }

    function test_a_grant_counts_at_the_next_call() public {
        _requireNoSupplyCall(_other);
        vm.expectEmit();
        emit RoleGranted(MINTER, _other, admin);
        vm.prank(admin);
        token.grantRole(MINTER, _other);
        vm.startPrank(_other);
        token.mint(holder, 5);
        token.adminBurn(holder, 5);
    }

    function test_a_revoke_closes_all_six_paths_at_the_next_call_and_leaves_allowances() public {
        _allow(minter, 7);
        vm.expectEmit();
        emit RoleRevoked(MINTER, minter, admin);
        vm.prank(admin);
        token.revokeRole(MINTER, minter);
        _requireNoSupplyCall(minter);
        vm.assertEq(token.allowance(holder, minter), 7, "an allowance is the holder's business");
    }

    function test_a_renounced_minter_is_an_outsider() public {
        vm.prank(minter);
        token.renounceRole(MINTER, minter);
        _requireNoSupplyCall(minter);
    }

    function test_roles_stack_on_one_address_and_are_taken_one_by_one() public {
        vm.startPrank(admin);
        token.grantRole(MINTER, admin);
        token.mint(holder, 1);
        token.revokeRole(MINTER, admin);
        vm.assertTrue(token.hasRole(ADMIN, admin), "the other role stays");
        vm.stopPrank();
        _requireNoSupplyCall(admin);
    }

    function test_what_changes_nothing_succeeds_without_an_event() public {
        vm.startPrank(admin);
        vm.recordLogs();
        token.grantRole(MINTER, minter);
        token.revokeRole(MINTER, stranger);
        token.renounceRole(MINTER, admin);
        vm.assertEq(vm.getRecordedLogs().length, 0, "nothing changed, nothing told");
        token.revokeRole(MINTER, minter);
        vm.assertEq(vm.getRecordedLogs().length, 1, "the control: a real one is told");
    }

    function test_only_the_holder_of_a_role_renounces_it(address confirmation) public {
        vm.assume(confirmation != minter);
        vm.startPrank(minter);
        vm.expectRevert(abi.encodeWithSignature("AccessControlBadConfirmation()"));
        token.renounceRole(MINTER, confirmation);
        vm.expectEmit();
        emit RoleRevoked(MINTER, minter, minter);
        token.renounceRole(MINTER, minter);
    }

    function test_supportsInterface_answers_for_erc165_and_access_control_only(bytes4 id) public view {
        vm.assertTrue(token.supportsInterface(0x01ffc9a7), "ERC-165");
        vm.assertTrue(token.supportsInterface(0x7965db0b), "IAccessControl");
        vm.assertFalse(token.supportsInterface(0x36372b07), "not ERC-20");
        vm.assertTrue(!token.supportsInterface(id) || id == 0x01ffc9a7 || id == 0x7965db0b, "nothing else");
    }

    function test_the_removed_selectors_do_not_dispatch() public {
        bytes[8] memory calls = [
            abi.encodeWithSignature("CUSTODIAN_ROLE()"),
            abi.encodeWithSignature("custodyBurn(address,uint256)", holder, 1),
            abi.encodeWithSignature("setLink(address,address,bool)", holder, venue, true),
            abi.encodeWithSignature("setDestinationAllowed(address,address,bool)", holder, venue, true),
            abi.encodeWithSignature("adminTransfer(address,address,uint256)", holder, venue, 1),
            abi.encodeWithSignature("allowedDestination(address,address)", holder, venue),
            abi.encodeWithSignature("pause()"),
            abi.encodeWithSignature("DOMAIN_SEPARATOR()")
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(admin);
            (bool accepted, bytes memory answer) = address(token).call(calls[i]);
            vm.assertFalse(accepted, "a removed selector must not exist");
            vm.assertEq(answer.length, 0, "nothing may answer, not even with an error");
        }
    }

    function test_it_takes_no_ether_and_no_empty_call() public {
        (bool paid,) = address(token).call{value: 1}("");
        (bool called,) = address(token).call("");
        vm.assertFalse(paid || called, "neither receive nor fallback");
    }
}
