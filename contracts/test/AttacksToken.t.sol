// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateralVault, Release} from "../src/interfaces/ICollateralVault.sol";
import {AttackBase} from "./AttackBase.sol";
import {ReentrantHolder} from "./HostileTokens.sol";

contract TokenAttacks is AttackBase {
    ReentrantHolder internal holder;

    function test_a_token_that_calls_back_withdraws_nothing_twice() public {
        holder = new ReentrantHolder();
        _fund(vault, token, address(holder), venue);
        holder.act(address(vault), abi.encodeCall(vault.requestExit, (venue, address(token))));
        vm.warp(NOW + DELAY_S);
        vault.exit(address(holder), venue, address(token));
        bytes memory again = abi.encodeCall(vault.withdraw, (address(token), DEPOSIT, address(holder)));
        token.setCall(address(holder), abi.encodeCall(holder.act, (address(vault), again)));
        vm.assertTrue(holder.act(address(vault), again), "the first one goes");
        vm.assertEq(abi.decode(token.lastAnswer(), (bool)) ? 1 : 0, uint256(0), "the one within is refused");
        vm.assertEq(token.balanceOf(address(holder)), DEPOSIT, "once");
        vm.assertEq(vault.total(address(token)), 3 * DEPOSIT, "the others' is there");
    }

    function test_a_token_that_calls_back_releases_nothing_twice() public {
        Release memory wish = Release(client, venue, address(token), DEPOSIT, 0, NOW);
        bytes memory signature = _sign("client", vault.digestOf(wish));
        // Even where the token itself were the custodian.
        bytes32 role = vault.CUSTODIAN_ROLE();
        vm.prank(admin);
        vault.grantRole(role, address(token));
        token.setCall(address(vault), abi.encodeCall(vault.release, (wish, signature)));
        vm.prank(custodian);
        vault.release(wish, signature);
        vm.assertEq(token.callsThatSucceeded(), 0, "refused within");
        vm.assertEq(token.balanceOf(redemption), DEPOSIT, "once");
    }

    /// The one step by which a callback could gain: to be credited what is just leaving. Only the custodian credits.
    function test_what_is_leaving_is_credited_to_nobody() public {
        _exited(client);
        token.setCall(address(vault), abi.encodeCall(vault.credit, (other, venue, address(token), DEPOSIT)));
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT, client);
        vm.assertEq(token.callsThatSucceeded(), 0, "refused");
        vm.assertEq(_held(other), DEPOSIT, "nothing gained");
    }

    function test_a_fee_on_transfer_is_borne_by_who_withdraws_and_by_nobody_else() public {
        token.setFee(1_000);
        _exited(client);
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT, client);
        vm.assertEq(token.balanceOf(client), DEPOSIT - DEPOSIT / 10, "less the fee");
        vm.assertEq(token.balanceOf(address(vault)), vault.total(address(token)), "what is owed is held");
    }

    /// What arrives less a fee is all that can be credited.
    function test_a_fee_on_the_way_in_is_credited_to_nobody() public {
        token.setFee(1_000);
        token.mint(address(this), DEPOSIT);
        token.transfer(address(vault), DEPOSIT);
        uint256 arrived = DEPOSIT - DEPOSIT / 10;
        vm.expectRevert(
            abi.encodeWithSelector(ICollateralVault.ExceedsUnallocated.selector, address(token), arrived, DEPOSIT)
        );
        vm.prank(custodian);
        vault.credit(client, venue, address(token), DEPOSIT);
    }

    function test_a_transfer_that_answers_false_takes_nothing_off_anybody() public {
        _exited(client);
        token.setAnswers(true, false);
        vm.expectRevert(abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(token)));
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT, client);
        vm.assertEq(vault.freeOf(client, address(token)), DEPOSIT, "still the client's own");
    }

    function test_a_transfer_that_answers_nothing_is_a_transfer() public {
        _exited(client);
        token.setAnswers(false, true);
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT, client);
        vm.assertEq(token.balanceOf(client), DEPOSIT, "arrived");
    }

    /// A token that nobody can move any more: whoever exits is out of reach all the same, and other tokens go.
    function test_a_dead_token_holds_no_exit_up() public {
        token.setAnswers(true, false);
        _exited(client);
        vm.assertEq(vault.freeOf(client, address(token)), DEPOSIT, "out of every venue's reach");
        vm.prank(client);
        vault.requestExit(venue, address(sound));
        vm.warp(block.timestamp + DELAY_S);
        vault.exit(client, venue, address(sound));
        vm.prank(client);
        vault.withdraw(address(sound), DEPOSIT, client);
        vm.assertEq(sound.balanceOf(client), DEPOSIT, "the sound token arrived");
    }
}
