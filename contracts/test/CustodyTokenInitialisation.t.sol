// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {CustodyTokenBase} from "./CustodyTokenBase.sol";

contract CustodyTokenInitialisationTest is CustodyTokenBase {
    event Initialized(uint64 version);

    CustodyToken internal fresh;

    function setUp() public override {
        super.setUp();
        fresh = new CustodyToken(6, "Custody USDC", "cUSDC");
    }

    function test_constructor_refuses_an_empty_name_then_an_empty_symbol() public {
        vm.expectRevert("name=0");
        new CustodyToken(18, "", "");
        vm.expectRevert("symbol=0");
        new CustodyToken(18, "Custody ETH", "");
    }

    function test_the_constructor_fixes_name_symbol_and_any_decimals(uint8 decimals_) public {
        vm.expectEmit();
        emit RoleGranted(ADMIN, address(this), address(this));
        fresh = new CustodyToken(decimals_, "Custody BTC (BitGo)", "scBTC");
        vm.assertEq(fresh.name(), "Custody BTC (BitGo)", "name");
        vm.assertEq(fresh.symbol(), "scBTC", "symbol");
        vm.assertEq(uint256(fresh.decimals()), decimals_, "decimals");
    }

    function test_until_it_is_initialised_nobody_touches_the_supply(address caller) public {
        token = fresh;
        _requireNoSupplyCall(caller);
        _requireNoSupplyCall(address(this)); // its deployer neither
    }

    function test_constructor_seats_the_deployer_as_admin_and_nobody_else() public view {
        vm.assertTrue(fresh.hasRole(bytes32(0), address(this)), "the deployer must be able to initialise");
        vm.assertFalse(fresh.hasRole(MINTER, address(this)), "the deployer must not be able to mint");
        vm.assertFalse(fresh.initialized(), "nothing has initialised it");
        vm.assertEq(fresh.totalSupply(), 0, "no supply before a minter exists");
        vm.assertEq(fresh.name(), "Custody USDC", "name");
        vm.assertEq(fresh.symbol(), "cUSDC", "symbol");
        vm.assertEq(uint256(fresh.decimals()), 6, "decimals");
    }

    function test_initialize_refuses_the_caller_before_everything_else(address caller) public {
        vm.assume(caller != address(this));
        _expectUnauthorized(caller, bytes32(0));
        vm.prank(caller);
        fresh.initialize(address(0), address(0));

        fresh.initialize(admin, minter);
        _expectUnauthorized(address(this), bytes32(0)); // initialised by now, but the role is looked at first
        fresh.initialize(admin, minter);
    }

    function test_initialize_refuses_zero_addresses_without_using_up_the_one_shot() public {
        vm.expectRevert("admin=0");
        fresh.initialize(address(0), address(0));
        vm.expectRevert("minter=0");
        fresh.initialize(admin, address(0));
        vm.assertFalse(fresh.initialized(), "a refused attempt must leave the shot");
        fresh.initialize(admin, minter);
        vm.assertTrue(fresh.initialized(), "the retry must count");
    }

    function test_initialize_refuses_a_second_call_before_it_looks_at_the_arguments() public {
        fresh.initialize(admin, minter);
        vm.expectRevert(abi.encodeWithSignature("InvalidInitialization()"));
        vm.prank(admin);
        fresh.initialize(address(0), address(0));
    }

    function test_a_successor_of_the_administrator_cannot_initialise_again_either() public {
        fresh.initialize(admin, minter);
        vm.prank(admin);
        fresh.grantRole(ADMIN, venue);
        vm.expectRevert(abi.encodeWithSignature("InvalidInitialization()"));
        vm.prank(venue);
        fresh.initialize(venue, venue);
        vm.assertTrue(fresh.initialized(), "once, and for good");
    }

    function test_a_stranger_does_not_use_up_the_one_shot(address caller) public {
        vm.assume(caller != address(this));
        vm.expectRevert(_unauthorized(caller, ADMIN));
        vm.prank(caller);
        fresh.initialize(caller, caller);
        vm.assertFalse(fresh.initialized(), "nothing has happened");
        fresh.initialize(admin, minter);
        vm.assertFalse(fresh.hasRole(ADMIN, caller) && caller != admin, "a stranger gained nothing");
    }

    function test_initialize_emits_what_changed_and_Initialized_last() public {
        vm.expectEmit();
        emit RoleGranted(bytes32(0), admin, address(this));
        vm.expectEmit();
        emit RoleGranted(MINTER, minter, address(this));
        vm.expectEmit();
        emit RoleRevoked(bytes32(0), address(this), address(this));
        vm.expectEmit();
        emit Initialized(1);
        fresh.initialize(admin, minter);
        vm.assertFalse(fresh.hasRole(bytes32(0), address(this)), "the deployer must have let go");
        vm.assertFalse(fresh.hasRole(MINTER, admin), "roles must not be crossed");
        vm.assertFalse(fresh.hasRole(bytes32(0), minter), "roles must not be crossed");
    }

    function test_initialize_keeps_a_deployer_that_names_itself() public {
        fresh.initialize(address(this), minter);
        vm.assertTrue(fresh.hasRole(bytes32(0), address(this)), "the named admin must stay");
    }

    function test_initialize_may_be_completed_by_an_admin_to_whom_the_role_was_passed() public {
        fresh.grantRole(bytes32(0), admin);
        fresh.renounceRole(bytes32(0), address(this));
        vm.prank(admin);
        fresh.initialize(admin, minter);
        vm.assertTrue(fresh.hasRole(MINTER, minter), "minter seated");
    }

    function test_admin_and_minter_may_be_one_address(address both) public {
        vm.assume(both != address(0));
        fresh.initialize(both, both);
        vm.assertTrue(fresh.hasRole(ADMIN, both) && fresh.hasRole(MINTER, both), "both roles");
    }

    function test_end_to_end_after_it_the_minter_mints_and_burns() public {
        fresh.initialize(admin, minter);
        vm.startPrank(minter);
        fresh.guardMint(holder, 5, 0);
        fresh.guardBurn(holder, 2, 5);
        fresh.adminBurn(holder, 3);
        vm.assertEq(fresh.totalSupply(), 0, "all of it");
    }
}
