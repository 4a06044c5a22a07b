// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {CustodyTokenBase} from "./CustodyTokenBase.sol";

contract CustodyTokenMintTest is CustodyTokenBase {
    address private immutable _other = _party("other minter");

    function test_all_six_supply_calls_refuse_every_outsider_first(address outsider) public {
        vm.assume(outsider != minter);
        _requireNoSupplyCall(outsider);
    }

    function test_holders_admins_spenders_and_destinations_are_outsiders_too() public {
        _open(venue);
        _allow(stranger, type(uint256).max);
        address[4] memory outsiders = [holder, admin, stranger, venue];
        for (uint256 i; i < 4; ++i) {
            _requireNoSupplyCall(outsiders[i]);
        }
    }

    function test_mint_looks_at_neither_supply_nor_list(address to, uint256 amount) public {
        vm.assume(to != address(0) && to != holder);
        amount = _bound(amount, 0, type(uint256).max - SUPPLY);
        vm.expectEmit();
        emit Transfer(address(0), to, amount);
        vm.prank(minter);
        token.mint(to, amount);
        vm.assertFalse(token.allowedDestination(to), "a closed destination");
        vm.assertEq(token.balanceOf(to), amount, "minted");
        vm.assertEq(token.totalSupply(), SUPPLY + amount, "and counted");
    }

    function test_mint_refuses_the_zero_address_and_a_supply_beyond_the_word() public {
        vm.startPrank(minter);
        vm.expectRevert(_invalidReceiver());
        token.mint(address(0), type(uint256).max);
        vm.expectRevert(_overflow());
        token.mint(holder, type(uint256).max);
    }

    function test_a_guarded_mint_on_the_true_supply_mints(uint256 amount) public {
        amount = _bound(amount, 0, type(uint256).max - SUPPLY);
        vm.expectEmit();
        emit Transfer(address(0), holder, amount);
        vm.prank(minter);
        token.guardMint(holder, amount, SUPPLY);
        vm.assertEq(token.totalSupply(), SUPPLY + amount, "minted");
    }

    function test_a_guarded_mint_refuses_a_wrong_belief_with_both_numbers(uint256 estimate, uint256 amount) public {
        vm.assume(estimate != SUPPLY);
        vm.expectRevert(_mismatch(SUPPLY, estimate));
        vm.prank(minter);
        token.guardMint(address(0), amount, estimate); // for amount 0 and a zero receiver too
        vm.assertEq(token.totalSupply(), SUPPLY, "nothing has changed");
    }

    function test_a_guarded_mint_then_refuses_what_a_plain_one_refuses() public {
        vm.startPrank(minter);
        vm.expectRevert(_invalidReceiver());
        token.guardMint(address(0), type(uint256).max, SUPPLY);
        vm.expectRevert(_overflow());
        token.guardMint(holder, type(uint256).max, SUPPLY);
    }

    function test_zero_is_a_belief_like_any_other() public {
        vm.startPrank(minter);
        vm.expectRevert(_mismatch(SUPPLY, 0));
        token.guardMint(holder, 1, 0);
        token.adminBurn(holder, SUPPLY);
        token.guardMint(holder, 1, 0);
    }

    function test_every_change_of_the_supply_makes_a_reading_stale() public {
        _allow(minter, 1);
        vm.startPrank(minter);
        token.mint(minter, 10);
        _requireStale(SUPPLY);
        token.adminBurn(holder, 1);
        _requireStale(SUPPLY + 10);
        token.burn(1);
        _requireStale(SUPPLY + 9);
        token.burnFrom(holder, 1);
        _requireStale(SUPPLY + 8);
        token.guardMint(holder, 1, SUPPLY + 7);
        _requireStale(SUPPLY + 7);
    }

    function test_the_second_of_two_minters_on_one_reading_is_refused_and_may_retry(uint128 first, uint128 second)
        public
    {
        vm.assume(first != 0);
        vm.prank(admin);
        token.grantRole(MINTER, _other);
        vm.prank(minter);
        token.guardMint(holder, first, SUPPLY);
        vm.startPrank(_other);
        vm.expectRevert(_mismatch(SUPPLY + first, SUPPLY));
        token.guardMint(holder, second, SUPPLY);
        token.guardMint(holder, second, SUPPLY + first);
        vm.assertEq(token.totalSupply(), SUPPLY + first + second, "both mints count once");
    }

    /// The manual's warning, shown: equal supply is not equal history.
    function test_a_mint_and_a_burn_of_one_size_leave_a_reading_that_passes() public {
        vm.startPrank(minter);
        token.mint(holder, 5);
        token.adminBurn(holder, 5);
        token.guardMint(holder, 1, SUPPLY);
    }

    function test_the_whole_word_may_be_minted_at_once_and_then_nothing_more() public {
        vm.startPrank(minter);
        token.guardBurn(holder, SUPPLY, SUPPLY);
        token.guardMint(holder, type(uint256).max, 0);
        token.guardMint(holder, 0, type(uint256).max);
        vm.expectRevert(_overflow());
        token.guardMint(holder, 1, type(uint256).max);
        token.guardBurn(holder, type(uint256).max, type(uint256).max);
    }

    function test_supply_and_balance_follow_any_sequence(uint128[16] memory amounts) public {
        uint256 supply = SUPPLY;
        vm.startPrank(minter);
        for (uint256 i; i < amounts.length; ++i) {
            if (amounts[i] % 2 == 0) {
                token.guardMint(holder, amounts[i], supply);
                supply += amounts[i];
            } else {
                uint256 amount = _bound(amounts[i], 0, supply);
                token.guardBurn(holder, amount, supply);
                supply -= amount;
            }
            vm.assertEq(token.totalSupply(), supply, "supply");
            vm.assertEq(token.balanceOf(holder), supply, "the one holder has it all");
        }
    }

    /// A belief is in base units: whoever reads a display and forgets the decimals is refused.
    function test_decimals_enter_no_arithmetic(uint8 decimals_, uint64 coins) public {
        decimals_ = uint8(_bound(decimals_, 0, 18));
        CustodyToken fresh = new CustodyToken(decimals_, "Custody", "c");
        fresh.initialize(admin, minter);
        uint256 amount = uint256(coins) * 10 ** decimals_;
        vm.startPrank(minter);
        fresh.guardMint(holder, amount, 0);
        if (amount != coins) {
            vm.expectRevert(_mismatch(amount, coins));
            fresh.guardMint(holder, 1, coins);
        }
        fresh.guardBurn(holder, amount, amount);
    }

    function _requireStale(uint256 reading) private {
        uint256 actual = token.totalSupply();
        vm.expectRevert(_mismatch(actual, reading));
        token.guardMint(holder, 1, reading);
        vm.expectRevert(_mismatch(actual, reading));
        token.guardBurn(holder, 1, reading);
    }
}
