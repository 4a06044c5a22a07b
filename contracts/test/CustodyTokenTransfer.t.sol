// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyTokenBase} from "./CustodyTokenBase.sol";

contract CustodyTokenTransferTest is CustodyTokenBase {
    event Approval(address indexed owner, address indexed spender, uint256 value);
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
        vm.expectRevert(_closed(to));
        token.transfer(to, amount);
        vm.expectRevert(_closed(to));
        token.transferFrom(holder, to, amount);
    }

    function test_an_open_zero_address_receives_nothing_all_the_same() public {
        _open(address(0));
        vm.expectRevert(_invalidReceiver());
        vm.prank(holder);
        token.transfer(address(0), SUPPLY + 1);
    }

    function test_transferFrom_refuses_a_small_allowance_before_a_small_balance() public {
        _open(venue);
        vm.prank(stranger);
        vm.expectRevert(_insufficientAllowance(stranger, 0, SUPPLY + 1));
        token.transferFrom(holder, venue, SUPPLY + 1);
        vm.prank(holder);
        token.approve(stranger, SUPPLY + 1);
        vm.prank(stranger);
        vm.expectRevert(_insufficientBalance(holder, SUPPLY, SUPPLY + 1));
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
        vm.expectRevert(_closed(venue));
        vm.prank(holder);
        token.transfer(venue, 0);
        vm.assertEq(token.balanceOf(venue), amount, "closing takes nothing back");
    }

    function test_nothing_is_open_at_first(address destination) public view {
        vm.assertFalse(token.allowedDestination(destination), "closed by default");
    }

    function test_only_the_destination_counts_not_the_sender(address sender, uint256 amount) public {
        vm.assume(sender != address(0) && sender != holder && sender != venue);
        _open(venue);
        vm.prank(minter);
        token.mint(sender, amount = _bound(amount, 0, type(uint256).max - SUPPLY));
        vm.prank(sender);
        token.transfer(venue, amount);
        vm.assertEq(token.balanceOf(venue), amount, "a sender that is on no list");
    }

    function test_roles_give_no_exemption() public {
        vm.prank(minter);
        token.mint(minter, 1);
        vm.expectRevert(_closed(admin));
        vm.prank(minter);
        token.transfer(admin, 1);
        _open(minter);
        vm.expectRevert(_closed(venue));
        vm.prank(minter);
        token.transfer(venue, 1);
    }

    function test_a_transfer_to_oneself_needs_ones_own_address_on_the_list() public {
        vm.expectRevert(_closed(holder));
        vm.prank(holder);
        token.transfer(holder, 1);
        _open(holder);
        vm.prank(holder);
        token.transfer(holder, SUPPLY);
        vm.assertEq(token.balanceOf(holder), SUPPLY, "unchanged");
    }

    function test_hop_by_hop_each_destination_is_asked() public {
        _open(venue);
        vm.prank(holder);
        token.transfer(venue, SUPPLY);
        vm.expectRevert(_closed(stranger));
        vm.prank(venue);
        token.transfer(stranger, SUPPLY);
        _open(stranger);
        vm.prank(venue);
        token.transfer(stranger, SUPPLY);
        vm.assertEq(token.balanceOf(stranger), SUPPLY, "the whole balance, two hops on");
    }

    function test_a_small_balance_is_refused_with_both_numbers(uint256 beyond) public {
        beyond = _bound(beyond, SUPPLY + 1, type(uint256).max);
        _open(venue);
        vm.expectRevert(_insufficientBalance(holder, SUPPLY, beyond));
        vm.prank(holder);
        token.transfer(venue, beyond);
        vm.assertEq(token.balanceOf(holder), SUPPLY, "a refused call changes nothing");
    }

    function test_what_is_sent_to_the_token_itself_is_parked_not_burned() public {
        _open(address(token));
        vm.prank(holder);
        token.transfer(address(token), 5);
        vm.assertEq(token.balanceOf(address(token)), 5, "parked");
        vm.assertEq(token.totalSupply(), SUPPLY, "not burned");
    }

    function test_an_allowance_is_spent_exactly_without_an_event_of_its_own(uint256 given, uint256 amount) public {
        given = _bound(given, 0, type(uint256).max - 1);
        amount = _bound(amount, 0, given < SUPPLY ? given : SUPPLY);
        _open(venue);
        _allow(stranger, given);
        vm.recordLogs();
        vm.prank(stranger);
        vm.assertTrue(token.transferFrom(holder, venue, amount), "transferFrom answers true");
        vm.assertEq(vm.getRecordedLogs().length, 1, "Transfer, and no Approval");
        vm.assertEq(token.allowance(holder, stranger), given - amount, "spent");
        vm.assertEq(token.balanceOf(venue), amount, "arrived; the spender needs no balance");
    }

    function test_an_infinite_allowance_is_not_reduced() public {
        _open(stranger); // the spender may be the destination
        _allow(stranger, type(uint256).max);
        vm.prank(stranger);
        token.transferFrom(holder, stranger, SUPPLY);
        vm.assertEq(token.allowance(holder, stranger), type(uint256).max, "infinite");
    }

    function test_another_spenders_allowance_is_none() public {
        _open(venue);
        _allow(stranger, 5);
        vm.expectRevert(_insufficientAllowance(venue, 0, 1));
        vm.prank(venue);
        token.transferFrom(holder, venue, 1);
    }

    function test_a_refusal_for_the_list_leaves_the_allowance() public {
        _allow(stranger, 5);
        vm.expectRevert(_closed(venue));
        vm.prank(stranger);
        token.transferFrom(holder, venue, 5);
        vm.assertEq(token.allowance(holder, stranger), 5, "unspent");
    }

    function test_transferFrom_checks_zero_addresses_behind_the_allowance() public {
        _open(address(0));
        vm.expectRevert(_insufficientAllowance(stranger, 0, 1));
        vm.prank(stranger);
        token.transferFrom(holder, address(0), 1);
        _allow(stranger, SUPPLY + 1);
        vm.expectRevert(_invalidReceiver());
        vm.prank(stranger);
        token.transferFrom(holder, address(0), SUPPLY + 1);
        vm.expectRevert(abi.encodeWithSignature("ERC20InvalidApprover(address)", address(0)));
        vm.prank(stranger);
        token.transferFrom(address(0), address(0), 0);
    }

    function test_approve_is_independent_of_the_list_and_refuses_the_zero_spender(address spender, uint256 value)
        public
    {
        vm.assume(spender != address(0));
        vm.startPrank(holder);
        vm.expectEmit();
        emit Approval(holder, spender, value);
        vm.assertTrue(token.approve(spender, value), "approve answers true");
        vm.assertEq(token.allowance(holder, spender), value, "set");
        vm.expectRevert(abi.encodeWithSignature("ERC20InvalidSpender(address)", address(0)));
        token.approve(address(0), value);
    }

    function test_integration_mint_open_transfer_burn() public {
        vm.prank(minter);
        token.guardMint(holder, 5, SUPPLY);
        _open(venue);
        vm.prank(holder);
        token.transfer(venue, 5);
        vm.prank(minter);
        token.guardBurn(venue, 5, SUPPLY + 5);
        vm.assertEq(token.totalSupply(), SUPPLY, "there and back");
    }
}
