// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {ICustodyToken} from "../src/interfaces/ICustodyToken.sol";
import {Base} from "./Base.sol";

abstract contract CustodyTokenBase is Base {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);
    event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender);
    event Initialized(uint64 version);

    uint256 internal constant SUPPLY = 1000e18;
    bytes32 internal constant MINTER = keccak256("MINTER_ROLE");

    address internal immutable holder = _party("holder");
    address internal immutable venue = _party("venue");
    CustodyToken internal token;

    function setUp() public virtual {
        token = _newToken();
        vm.prank(minter);
        token.mint(holder, SUPPLY);
    }

    function _open(address destination) internal {
        vm.prank(admin);
        token.setDestinationAllowed(destination, true);
    }

    function _expect(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    function _insufficientBalance(address who, uint256 balance, uint256 needed) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", who, balance, needed);
    }

    function _insufficientAllowance(address who, uint256 given, uint256 needed) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("ERC20InsufficientAllowance(address,uint256,uint256)", who, given, needed);
    }

    function _mismatch(uint256 actual, uint256 estimated) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICustodyToken.SupplyMismatch.selector, actual, estimated);
    }

    function _closed(address destination) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICustodyToken.TransferDestinationNotAllowed.selector, destination);
    }
}

contract CustodyTokenInitialisationTest is CustodyTokenBase {
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
}

contract CustodyTokenSupplyTest is CustodyTokenBase {
    event Burned(address indexed burnedBy, address indexed from, uint256 amount);

    function test_all_six_supply_calls_refuse_every_outsider_first(address outsider) public {
        vm.assume(outsider != minter);
        bytes[6] memory calls = [
            abi.encodeCall(token.mint, (address(0), 1)),
            abi.encodeCall(token.guardMint, (address(0), 1, SUPPLY + 1)),
            abi.encodeCall(token.guardBurn, (address(0), 1, SUPPLY + 1)),
            abi.encodeCall(token.adminBurn, (address(0), 1)),
            abi.encodeCall(token.burn, (SUPPLY + 1)),
            abi.encodeCall(token.burnFrom, (holder, SUPPLY + 1))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(outsider);
            (bool accepted, bytes memory reason) = address(token).call(calls[i]);
            vm.assertFalse(accepted, "an outsider must not touch the supply");
            bytes memory expected =
                abi.encodeWithSignature("AccessControlUnauthorizedAccount(address,bytes32)", outsider, MINTER);
            vm.assertEq(keccak256(reason), keccak256(expected), "the role must be looked at first");
        }
    }

    function test_guarded_calls_refuse_a_wrong_belief_with_both_numbers(uint256 estimate) public {
        vm.assume(estimate != SUPPLY);
        vm.startPrank(minter);
        _expect(_mismatch(SUPPLY, estimate));
        token.guardMint(address(0), 0, estimate); // for amount 0 and a zero receiver too
        _expect(_mismatch(SUPPLY, estimate));
        token.guardBurn(address(0), SUPPLY + 1, estimate);
    }

    function test_guarded_calls_then_refuse_what_the_plain_ones_refuse() public {
        vm.startPrank(minter);
        _expect(abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(0)));
        token.guardMint(address(0), 1, SUPPLY);
        _expect(abi.encodeWithSignature("ERC20InvalidSender(address)", address(0)));
        token.guardBurn(address(0), 1, SUPPLY);
        _expect(_insufficientBalance(holder, SUPPLY, SUPPLY + 1));
        token.guardBurn(holder, SUPPLY + 1, SUPPLY);
        _expect(abi.encodeWithSignature("Panic(uint256)", 0x11));
        token.guardMint(holder, type(uint256).max, SUPPLY);
    }

    function test_the_second_of_two_minters_on_the_same_reading_is_refused_and_may_retry(uint128 first, uint128 second)
        public
    {
        vm.assume(first != 0);
        vm.startPrank(minter);
        token.guardMint(holder, first, SUPPLY);
        _expect(_mismatch(SUPPLY + first, SUPPLY));
        token.guardMint(holder, second, SUPPLY);
        token.guardMint(holder, second, SUPPLY + first);
        vm.assertEq(token.totalSupply(), SUPPLY + first + second, "both mints count once");
    }

    function test_each_burn_emits_Transfer_then_Burned(uint256 amount) public {
        amount = _bound(amount, 0, SUPPLY / 4);
        vm.prank(holder);
        token.approve(minter, amount);
        vm.startPrank(minter);
        token.mint(minter, amount);
        uint256 supply = token.totalSupply();

        _expectBurn(holder, amount);
        token.guardBurn(holder, amount, supply);
        _expectBurn(holder, amount);
        token.adminBurn(holder, amount);
        vm.assertEq(token.allowance(holder, minter), amount, "only burnFrom spends an allowance");
        _expectBurn(holder, amount);
        token.burnFrom(holder, amount);
        _expectBurn(minter, amount);
        token.burn(amount);

        vm.assertEq(token.allowance(holder, minter), 0, "burnFrom must spend the allowance");
        vm.assertEq(token.totalSupply(), supply - 4 * amount, "four burns, no more");
        vm.assertEq(token.balanceOf(holder), token.totalSupply(), "balances sum to the supply");
    }

    function test_burnFrom_refuses_a_small_allowance_before_a_small_balance() public {
        vm.prank(minter);
        _expect(_insufficientAllowance(minter, 0, SUPPLY + 1));
        token.burnFrom(holder, SUPPLY + 1);

        vm.prank(holder);
        token.approve(minter, type(uint256).max);
        vm.startPrank(minter);
        _expect(_insufficientBalance(holder, SUPPLY, SUPPLY + 1));
        token.burnFrom(holder, SUPPLY + 1);
        token.burnFrom(holder, 1);
        vm.assertEq(token.allowance(holder, minter), type(uint256).max, "an infinite allowance is not reduced");
    }

    function test_revoking_the_minter_stops_minting_and_burning_at_the_next_call() public {
        vm.prank(admin);
        token.revokeRole(MINTER, minter);
        vm.startPrank(minter);
        _expectUnauthorized(minter, MINTER);
        token.mint(holder, 1);
        _expectUnauthorized(minter, MINTER);
        token.adminBurn(holder, 1);
    }

    function _expectBurn(address from, uint256 amount) private {
        vm.expectEmit();
        emit Transfer(from, address(0), amount);
        vm.expectEmit();
        emit Burned(minter, from, amount);
    }
}

contract CustodyTokenTransferTest is CustodyTokenBase {
    event DestinationAllowedSet(address indexed destination, bool allowed);

    function test_only_the_admin_writes_the_list(address caller) public {
        vm.assume(caller != admin);
        _expectUnauthorized(caller, bytes32(0));
        vm.prank(caller);
        token.setDestinationAllowed(venue, true);
    }

    function test_the_list_emits_on_every_write_also_where_nothing_changes() public {
        vm.startPrank(admin);
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit();
            emit DestinationAllowedSet(venue, false);
            token.setDestinationAllowed(venue, false);
        }
    }

    function test_transfers_refuse_any_closed_destination_before_all_else(address to, uint256 amount) public {
        vm.startPrank(stranger); // holds nothing, was allowed nothing
        _expect(_closed(to));
        token.transfer(to, amount);
        _expect(_closed(to));
        token.transferFrom(holder, to, amount);
    }

    function test_an_open_zero_address_receives_nothing_all_the_same() public {
        _open(address(0));
        _expect(abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(0)));
        vm.prank(holder);
        token.transfer(address(0), SUPPLY + 1);
    }

    function test_transferFrom_refuses_a_small_allowance_before_a_small_balance() public {
        _open(venue);
        vm.prank(stranger);
        _expect(_insufficientAllowance(stranger, 0, SUPPLY + 1));
        token.transferFrom(holder, venue, SUPPLY + 1);
        vm.prank(holder);
        token.approve(stranger, SUPPLY + 1);
        vm.prank(stranger);
        _expect(_insufficientBalance(holder, SUPPLY, SUPPLY + 1));
        token.transferFrom(holder, venue, SUPPLY + 1);
        vm.assertEq(token.allowance(holder, stranger), SUPPLY + 1, "a refused call leaves the allowance");
    }

    function test_open_transfer_close_refuse(uint256 amount) public {
        amount = _bound(amount, 0, SUPPLY);
        _open(venue);
        vm.startPrank(holder);
        vm.expectEmit();
        emit Transfer(holder, venue, amount);
        vm.assertTrue(token.transfer(venue, amount), "transfer answers true");
        vm.stopPrank();
        vm.prank(admin);
        token.setDestinationAllowed(venue, false);
        _expect(_closed(venue));
        vm.prank(holder);
        token.transfer(venue, 0);
        vm.assertEq(token.balanceOf(venue), amount, "closing takes nothing back");
    }

    function test_the_admin_moves_no_balance_not_even_to_itself() public {
        _open(admin);
        _expect(_insufficientAllowance(admin, 0, 1));
        vm.prank(admin);
        token.transferFrom(holder, admin, 1);
    }

    function test_the_last_admin_leaves_roles_and_list_frozen_but_redemption_working() public {
        vm.prank(admin);
        token.renounceRole(bytes32(0), admin);
        _expectUnauthorized(admin, bytes32(0));
        vm.prank(admin);
        token.setDestinationAllowed(venue, true);
        vm.prank(minter);
        token.guardBurn(holder, SUPPLY, SUPPLY);
        vm.assertEq(token.totalSupply(), 0, "redeemed");
    }

    function test_supportsInterface_answers_for_erc165_and_access_control_only() public view {
        vm.assertTrue(token.supportsInterface(0x01ffc9a7), "ERC-165");
        vm.assertTrue(token.supportsInterface(0x7965db0b), "IAccessControl");
        vm.assertFalse(token.supportsInterface(0x36372b07), "not ERC-20");
        vm.assertFalse(token.supportsInterface(0xffffffff), "never");
    }

    function test_the_removed_selectors_do_not_dispatch() public {
        bytes[6] memory calls = [
            abi.encodeWithSignature("CUSTODIAN_ROLE()"),
            abi.encodeWithSignature("custodyBurn(address,uint256)", holder, 1),
            abi.encodeWithSignature("setLink(address,address,bool)", holder, venue, true),
            abi.encodeWithSignature("setDestinationAllowed(address,address,bool)", holder, venue, true),
            abi.encodeWithSignature("adminTransfer(address,address,uint256)", holder, venue, 1),
            abi.encodeWithSignature("allowedDestination(address,address)", holder, venue)
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(admin);
            (bool accepted, bytes memory answer) = address(token).call(calls[i]);
            vm.assertFalse(accepted, "a removed selector must not exist");
            vm.assertEq(answer.length, 0, "nothing may answer, not even with an error");
        }
    }
}
