// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leg, Obligation} from "../src/interfaces/ICollateralVault.sol";
import {Log} from "./Base.sol";
import {VaultBase} from "./VaultBase.sol";

/// What whoever keeps books from the vault's events and getters relies on, number by number.
contract VaultAccountsTest is VaultBase {
    event CompartmentsSettled(address indexed venue, uint64 indexed sequence, uint256 moved);

    function test_the_roles_have_their_ids() public view {
        vm.assertEq(vault.CUSTODIAN_ROLE(), keccak256("CUSTODIAN_ROLE"), "custodian");
        vm.assertEq(vault.PAUSER_ROLE(), keccak256("PAUSER_ROLE"), "pauser");
    }

    /// Whoever pays with its last unit has paid: nobody covered anything.
    function test_a_payment_of_all_there_is_is_no_shortfall() public {
        vm.recordLogs();
        _settle(_legs(client, DEPOSIT, other, DEPOSIT));
        Log[] memory told = vm.getRecordedLogs();
        vm.assertEq(told.length, 1, "one event, and no shortfall");
        vm.assertEq(told[0].topics[0], keccak256("CompartmentsSettled(address,uint64,uint256)"), "settled");
    }

    function test_what_is_told_as_moved_is_counted_over_all_legs() public {
        Leg[] memory legs = new Leg[](3);
        Obligation[] memory two = new Obligation[](2);
        (two[0], two[1]) = (Obligation(other, 1), Obligation(venue, 2));
        legs[0] = Leg(address(token), _one(client, 3), two);
        legs[1] = Leg(stranger, new Obligation[](0), new Obligation[](0));
        legs[2] = Leg(address(token), _one(client, 5), _one(other, 5));
        vm.expectEmit();
        emit CompartmentsSettled(venue, 1, 5);
        _settle(legs);
        vm.assertEq(_held(client, venue), DEPOSIT - 8, "client");
        vm.assertEq(_held(other, venue), DEPOSIT + 6, "other client");
        vm.assertEq(_held(venue, venue), 2, "venue");
    }

    /// A lock of the very second in which the exit is ready came too late for it; one of a second before did not.
    function test_a_lock_holds_exits_that_were_not_ready_before_it() public {
        _request(client);
        vm.warp(NOW + 1);
        _request(other);
        vm.warp(NOW + DELAY_S);
        _lock(venue);
        vault.exit(client, venue, address(token));
        vm.assertEq(_free(client), DEPOSIT, "ready in the second of the lock: out");
        vm.warp(NOW + DELAY_S + 1);
        vm.expectRevert(abi.encodeWithSignature("SettlementPending(address,uint256)", venue, NOW + DELAY_S));
        vault.exit(other, venue, address(token));
    }

    function test_one_token_is_counted_apart_from_another() public {
        _request(client);
        vm.warp(NOW + DELAY_S);
        vault.exit(client, venue, address(token));
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT, redemption);
        _assertConserved(2 * DEPOSIT);
        vm.assertEq(vault.total(stranger), 0, "of what never came there is nothing");
    }
}
