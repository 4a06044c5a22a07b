// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExitRequest, ICollateralVault} from "../src/interfaces/ICollateralVault.sol";
import {ContractSigner} from "./Base.sol";
import {VaultBase} from "./VaultBase.sol";

contract VaultExitTest is VaultBase {
    event ExitRequested(address indexed holder, address indexed venue, address indexed token, uint256 readyAt);
    event ExitCancelled(address indexed holder, address indexed venue, address indexed token);
    event CompartmentExited(address indexed holder, address indexed venue, address indexed token, uint256 amount);
    event FreeWithdrawn(address indexed holder, address indexed token, uint256 amount, address to);

    // request

    function test_requestExit_starts_the_time_out_and_moves_nothing() public {
        vm.expectEmit();
        emit ExitRequested(client, venue, address(token), NOW + DELAY_S);
        _request(client);
        vm.assertEq(vault.exitReadyAt(client, venue, address(token)), NOW + DELAY_S, "ready at");
        vm.assertEq(vault.exitReadyAt(client, elsewhere, address(token)), 0, "one compartment only");
        vm.assertEq(vault.exitReadyAt(other, venue, address(token)), 0, "nobody else's");
        vm.assertEq(_held(client, venue), DEPOSIT, "still there");
        _settle(_legs(client, 3, other, 3)); // final cycles still debit
        vm.assertEq(_held(client, venue), DEPOSIT - 3, "debited");
    }

    function test_requestExit_refuses_in_order_of_precedence() public {
        _request(client);
        _settle(_legs(client, DEPOSIT, other, DEPOSIT)); // requested already, and empty: the former is told
        vm.warp(NOW + 1);
        bytes4 already = ICollateralVault.ExitAlreadyRequested.selector;
        vm.expectRevert(abi.encodeWithSelector(already, NOW + DELAY_S));
        _request(client);
        vm.prank(client);
        vault.cancelExit(venue, address(token));
        vm.expectRevert(_error(ICollateralVault.CompartmentEmpty.selector));
        _request(client);
        _fund(client, venue, 1);
        _request(client);
        vm.assertEq(vault.exitReadyAt(client, venue, address(token)), NOW + 1 + DELAY_S, "from its own time");
    }

    /// Cures one fault at a time.
    function test_requestExitFor_refuses_in_order_of_precedence() public {
        _request(client);
        ExitRequest memory wish = ExitRequest(client, venue, address(token), 5, NOW - 1);
        bytes4 expired = ICollateralVault.SignatureExpired.selector;
        _refused(wish, "other client", abi.encodeWithSelector(expired, NOW - 1, NOW));
        wish.deadline = NOW;
        _refused(wish, "other client", abi.encodeWithSelector(ICollateralVault.WrongNonce.selector, 0, 5));
        wish.nonce = 0;
        _refused(wish, "other client", abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
        bytes4 already = ICollateralVault.ExitAlreadyRequested.selector;
        _refused(wish, "client", abi.encodeWithSelector(already, NOW + DELAY_S));
        vm.prank(client);
        vault.cancelExit(venue, address(token));
        bytes memory signature = _sign("client", vault.exitDigestOf(wish));
        vm.prank(stranger); // anyone may send it
        vault.requestExitFor(wish, signature);
        vm.assertEq(vault.exitReadyAt(client, venue, address(token)), NOW + DELAY_S, "requested");
        vm.assertEq(vault.nonceOf(client), 0, "releases have a count of their own");
        vm.prank(client);
        vault.cancelExit(venue, address(token));
        _refused(wish, "client", abi.encodeWithSelector(ICollateralVault.WrongNonce.selector, 1, 0));
    }

    function test_requestExitFor_refuses_a_signature_over_anything_else(uint256 field) public {
        ExitRequest memory wish = ExitRequest(client, venue, address(token), 0, NOW);
        bytes memory signature = _sign("client", vault.exitDigestOf(wish));
        field = _bound(field, 0, 2);
        if (field == 0) wish.venue = elsewhere;
        if (field == 1) wish.token = stranger;
        if (field == 2) wish.deadline = NOW + 1;
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
        vault.requestExitFor(wish, signature);
        vm.assertEq(vault.exitNonceOf(client), 0, "not used up");
    }

    function test_a_holder_that_is_a_contract_may_request_by_its_signature() public {
        ContractSigner fund = new ContractSigner();
        _fund(address(fund), venue, DEPOSIT);
        ExitRequest memory wish = ExitRequest(address(fund), venue, address(token), 0, NOW);
        fund.approve(vault.exitDigestOf(wish));
        vault.requestExitFor(wish, "");
        vm.warp(NOW + DELAY_S);
        vault.exit(address(fund), venue, address(token));
        vm.assertEq(_free(address(fund)), DEPOSIT, "out");
    }

    function test_exitDigestOf_is_the_one_of_eip712(uint64 nonce, uint64 deadline) public view {
        ExitRequest memory wish = ExitRequest(client, venue, address(token), nonce, deadline);
        bytes32 typeHash =
            keccak256("ExitRequest(address holder,address venue,address token,uint256 nonce,uint256 deadline)");
        bytes32 domain = _domain("Bulkhead Vault", address(vault));
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(typeHash, wish))));
        vm.assertEq(vault.exitDigestOf(wish), expected, "typed data digest");
    }

    // cancel

    function test_cancelExit_takes_the_callers_own_request_back_and_no_other(address caller) public {
        vm.assume(caller != client);
        _request(client);
        vm.expectRevert(
            abi.encodeWithSelector(ICollateralVault.NoExitRequested.selector, caller, venue, address(token))
        );
        vm.prank(caller);
        vault.cancelExit(venue, address(token));
        vm.expectEmit();
        emit ExitCancelled(client, venue, address(token));
        vm.prank(client);
        vault.cancelExit(venue, address(token));
        vm.warp(NOW + DELAY_S);
        vm.expectRevert(_error(ICollateralVault.NoExitRequested.selector));
        vault.exit(client, venue, address(token));
    }

    // exit

    function test_exit_refuses_in_order_of_precedence() public {
        vm.expectRevert(_error(ICollateralVault.NoExitRequested.selector));
        vault.exit(client, venue, address(token));
        _request(client);
        vm.warp(NOW + DELAY_S - 1);
        _lock(venue);
        vm.expectRevert(
            abi.encodeWithSelector(ICollateralVault.ExitNotReady.selector, NOW + DELAY_S, NOW + DELAY_S - 1)
        );
        vault.exit(client, venue, address(token));
        vm.warp(NOW + DELAY_S + 30 days);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue, NOW + DELAY_S - 1));
        vault.exit(client, venue, address(token));
        _unlock(venue);
        vault.exit(client, venue, address(token));
    }

    function test_exit_takes_one_whole_compartment_and_no_other(address caller) public {
        _request(client);
        _fund(client, venue, 7); // what is credited after the request leaves too
        vm.warp(NOW + DELAY_S);
        vm.expectEmit();
        emit CompartmentExited(client, venue, address(token), DEPOSIT + 7);
        vm.prank(caller); // anyone may send it
        vault.exit(client, venue, address(token));
        vm.assertEq(_free(client), DEPOSIT + 7, "the client's own");
        vm.assertEq(_held(client, venue), 0, "compartment");
        vm.assertEq(_held(client, elsewhere), DEPOSIT, "elsewhere");
        vm.assertEq(_held(other, venue), DEPOSIT, "another client");
        _assertConserved(3 * DEPOSIT + 7);

        _fund(client, venue, 1); // a delegation anew needs a request anew
        vm.expectRevert(_error(ICollateralVault.NoExitRequested.selector));
        vault.exit(client, venue, address(token));
    }

    function test_a_cycle_proposed_when_the_exit_is_ready_does_not_hold_it(uint256 afterwards) public {
        _request(client);
        vm.warp(NOW + DELAY_S + _bound(afterwards, 0, 365 days));
        _lock(venue);
        vault.exit(client, venue, address(token));
        vm.assertEq(_free(client), DEPOSIT, "out");
    }

    function test_what_is_free_is_out_of_every_cycles_reach() public {
        _request(client);
        vm.warp(NOW + DELAY_S);
        vault.exit(client, venue, address(token));
        vm.expectRevert(
            abi.encodeWithSelector(ICollateralVault.ShortfallNotCovered.selector, venue, address(token), 1, 0)
        );
        _settle(_legs(client, 1, other, 1));
        vm.assertEq(_free(client), DEPOSIT, "untouched");
    }

    function test_an_empty_compartments_ready_request_is_used_up_by_anyone() public {
        _request(client);
        _settle(_legs(client, DEPOSIT, other, DEPOSIT));
        vm.warp(NOW + DELAY_S);
        vm.prank(venue);
        vault.exit(client, venue, address(token));
        vm.assertEq(vault.exitReadyAt(client, venue, address(token)), 0, "no option to leave at once is left");
    }

    // withdraw

    function test_withdraw_sends_what_is_free_wherever_the_token_lets_it(uint256 amount) public {
        amount = _bound(amount, 0, DEPOSIT);
        _request(client);
        vm.warp(NOW + DELAY_S);
        vault.exit(client, venue, address(token));
        vm.expectRevert(abi.encodeWithSignature("TransferDestinationNotAllowed(address)", stranger));
        vm.prank(client);
        vault.withdraw(address(token), amount, stranger);
        vm.expectEmit();
        emit FreeWithdrawn(client, address(token), amount, redemption);
        vm.prank(client);
        vault.withdraw(address(token), amount, redemption);
        vm.assertEq(_free(client), DEPOSIT - amount, "left");
        vm.assertEq(token.balanceOf(redemption), amount, "arrived");
        _assertConserved(3 * DEPOSIT - amount);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICollateralVault.ExceedsFree.selector, client, address(token), DEPOSIT - amount, DEPOSIT - amount + 1
            )
        );
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT - amount + 1, stranger);
    }

    function test_nobody_withdraws_anothers(address caller) public {
        vm.assume(caller != client);
        _request(client);
        vm.warp(NOW + DELAY_S);
        vault.exit(client, venue, address(token));
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.ExceedsFree.selector, caller, address(token), 0, 1));
        vm.prank(caller);
        vault.withdraw(address(token), 1, redemption);
    }

    function _refused(ExitRequest memory wish, string memory signer, bytes memory reason) private {
        bytes memory signature = _sign(signer, vault.exitDigestOf(wish));
        vm.expectRevert(reason);
        vault.requestExitFor(wish, signature);
    }
}
