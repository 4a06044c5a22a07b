// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyTokenBase} from "./CustodyTokenBase.sol";

contract CustodyTokenBurnTest is CustodyTokenBase {
    function test_each_of_four_ways_emits_Transfer_then_Burned_and_takes_what_it_says(uint256 amount) public {
        amount = _bound(amount, 0, SUPPLY / 4);
        _allow(minter, amount);
        vm.startPrank(minter);
        token.mint(minter, amount);
        uint256 supply = token.totalSupply();

        _expectBurn(minter, holder, amount);
        token.guardBurn(holder, amount, supply);
        _expectBurn(minter, holder, amount);
        token.adminBurn(holder, amount);
        vm.assertEq(token.allowance(holder, minter), amount, "only burnFrom spends an allowance");
        _expectBurn(minter, holder, amount);
        token.burnFrom(holder, amount);
        _expectBurn(minter, minter, amount);
        token.burn(amount);

        vm.assertEq(token.allowance(holder, minter), 0, "burnFrom must spend the allowance");
        vm.assertEq(token.totalSupply(), supply - 4 * amount, "four burns, no more");
        vm.assertEq(token.balanceOf(holder), token.totalSupply(), "balances sum to the supply");
    }

    function test_each_burn_is_told_once() public {
        _allow(minter, 1);
        vm.startPrank(minter);
        token.mint(minter, 1);
        vm.recordLogs();
        token.guardBurn(holder, 1, SUPPLY + 1);
        token.adminBurn(holder, 1);
        token.burnFrom(holder, 1);
        token.burn(1);
        vm.assertEq(vm.getRecordedLogs().length, 8, "Transfer and Burned of each, and no Approval");
    }

    function test_a_guarded_burn_refuses_a_wrong_belief_before_all_else(uint256 estimate) public {
        vm.assume(estimate != SUPPLY);
        vm.startPrank(minter);
        vm.expectRevert(_mismatch(SUPPLY, estimate));
        token.guardBurn(address(0), SUPPLY + 1, estimate);
        vm.expectRevert(_mismatch(SUPPLY, estimate));
        token.guardBurn(holder, 0, estimate);
        token.adminBurn(holder, 1); // where a correction must not wait, nobody asks
        vm.assertEq(token.totalSupply(), SUPPLY - 1, "burned");
    }

    function test_burns_then_refuse_the_zero_address_before_a_small_balance() public {
        vm.startPrank(minter);
        vm.expectRevert(_invalidSender());
        token.guardBurn(address(0), 1, SUPPLY);
        vm.expectRevert(_invalidSender());
        token.adminBurn(address(0), 1);
    }

    function test_burns_take_no_more_than_there_is(address from, uint256 beyond) public {
        vm.assume(from != address(0));
        uint256 had = token.balanceOf(from);
        beyond = _bound(beyond, had + 1, type(uint256).max);
        vm.startPrank(minter);
        vm.expectRevert(_insufficientBalance(from, had, beyond));
        token.guardBurn(from, beyond, SUPPLY);
        vm.expectRevert(_insufficientBalance(from, had, beyond));
        token.adminBurn(from, beyond);
        vm.expectRevert(_insufficientBalance(minter, 0, beyond));
        token.burn(beyond);
        vm.assertEq(token.totalSupply(), SUPPLY, "a refused burn leaves everything");
    }

    function test_allowances_neither_help_nor_hinder_a_burn_by_role(uint256 allowance, uint256 amount) public {
        amount = _bound(amount, 0, SUPPLY / 2);
        _allow(minter, allowance);
        vm.startPrank(minter);
        token.adminBurn(holder, amount);
        token.guardBurn(holder, amount, SUPPLY - amount);
        vm.assertEq(token.allowance(holder, minter), allowance, "neither capped nor spent");
    }

    function test_burnFrom_refuses_a_small_allowance_before_a_small_balance() public {
        vm.expectRevert(_insufficientAllowance(minter, 0, SUPPLY + 1));
        vm.prank(minter);
        token.burnFrom(holder, SUPPLY + 1);
        _allow(minter, SUPPLY + 1);
        vm.prank(minter);
        vm.expectRevert(_insufficientBalance(holder, SUPPLY, SUPPLY + 1));
        token.burnFrom(holder, SUPPLY + 1);
        vm.assertEq(token.allowance(holder, minter), SUPPLY + 1, "a refused call leaves the allowance");
    }

    function test_an_infinite_allowance_is_not_reduced(uint256 amount) public {
        amount = _bound(amount, 0, SUPPLY);
        _allow(minter, type(uint256).max);
        vm.prank(minter);
        token.burnFrom(holder, amount);
        vm.assertEq(token.allowance(holder, minter), type(uint256).max, "infinite");
    }

    function test_what_is_burned_to_nothing_may_be_minted_anew() public {
        vm.startPrank(minter);
        token.guardBurn(holder, SUPPLY, SUPPLY);
        token.guardBurn(holder, 0, 0);
        token.guardMint(holder, 1, 0);
        vm.assertEq(token.totalSupply(), 1, "anew");
    }

    function test_the_second_of_two_minters_on_one_reading_is_refused() public {
        vm.prank(admin);
        token.grantRole(MINTER, venue);
        vm.prank(minter);
        token.guardBurn(holder, 1, SUPPLY);
        vm.expectRevert(_mismatch(SUPPLY - 1, SUPPLY));
        vm.prank(venue);
        token.guardBurn(holder, 1, SUPPLY);
    }
}
