// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {CollateralVault} from "../src/CollateralVault.sol";
import {ICollateralVault, Release} from "../src/interfaces/ICollateralVault.sol";
import {ContractSigner} from "./Base.sol";
import {VaultBase} from "./VaultBase.sol";

contract CollateralVaultTest is VaultBase {
    event CompartmentCredited(address indexed holder, address indexed venue, address indexed token, uint256 amount);
    event CompartmentReleased(
        address indexed holder, address indexed venue, address indexed token, uint256 amount, uint256 nonce
    );
    event SettlementAppointed(address indexed settlement);
    event VenueLocked(address indexed venue);
    event VenueUnlocked(address indexed venue);

    // in charge

    function test_settlement_is_appointed_once_by_the_admin_and_for_good(address caller, address book) public {
        vm.assume(caller != admin && book != address(0));
        _expectUnauthorized(caller, bytes32(0));
        vm.prank(caller);
        vault.appointSettlement(book);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementAlreadyAppointed.selector, settlement));
        vm.prank(admin);
        vault.appointSettlement(book);
        vm.assertEq(vault.settlement(), settlement, "the first one stays");
    }

    function test_the_appointment_is_announced() public {
        CollateralVault fresh = new CollateralVault(admin, redemption, DELAY_S);
        vm.assertEq(fresh.settlement(), address(0), "nobody settles at first");
        vm.expectEmit();
        emit SettlementAppointed(settlement);
        vm.prank(admin);
        fresh.appointSettlement(settlement);
        vm.assertEq(fresh.settlement(), settlement, "appointed");
        vm.assertEq(fresh.exitDelay(), DELAY_S, "delay");
        vm.assertEq(fresh.redemption(), redemption, "redemption");
    }

    function test_pause_and_unpause_refuse_everybody_but_the_pauser(address caller) public {
        vm.assume(caller != pauser);
        bytes32 role = vault.PAUSER_ROLE();
        _expectUnauthorized(caller, role);
        vm.prank(caller);
        vault.pause();
        _expectUnauthorized(caller, role);
        vm.prank(caller);
        vault.unpause();
        vm.expectRevert(Pausable.ExpectedPause.selector);
        vm.prank(pauser);
        vault.unpause();
        _pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(pauser);
        vault.pause();
    }

    function test_a_pause_stops_credits_and_new_cycles_and_nothing_else() public {
        _lock(elsewhere);
        _pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(custodian);
        vault.credit(client, venue, address(token), 0);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(settlement);
        vault.lock(venue);

        _unlock(elsewhere);
        _releaseBy(custodian, _wish(1));
        _settle(_legs(client, 1, other, 1));
        _request(client);
        vm.prank(client);
        vault.cancelExit(venue, address(token));
        _request(client);
        vm.warp(NOW + DELAY_S);
        vault.exit(client, venue, address(token));
        vm.prank(client);
        vault.withdraw(address(token), DEPOSIT - 2, redemption);
        vm.assertEq(token.balanceOf(redemption), DEPOSIT - 1, "out, by both ways");

        vm.prank(pauser);
        vault.unpause();
        _fund(client, venue, 1);
        _lock(venue);
    }

    // credit

    function test_credit_refuses_everybody_but_the_custodian_first(address caller) public {
        vm.assume(caller != custodian);
        bytes32 role = vault.CUSTODIAN_ROLE();
        _pause();
        _expectUnauthorized(caller, role);
        vm.prank(caller);
        vault.credit(client, venue, address(token), DEPOSIT);
    }

    function test_credit_refuses_what_is_not_there_and_accepts_all_that_is(uint128 arrived) public {
        _mint(address(vault), arrived);
        _refusedCredit(arrived, uint256(arrived) + 1);

        vm.expectEmit();
        emit CompartmentCredited(other, venue, address(token), arrived);
        vm.prank(custodian);
        vault.credit(other, venue, address(token), arrived);
        vm.assertEq(_held(other, venue), DEPOSIT + arrived, "the whole arrival");
        _assertConserved(3 * DEPOSIT + arrived);
        _refusedCredit(0, 1);
    }

    function test_credit_names_nothing_as_unallocated_where_the_minter_burned_at_the_vault() public {
        vm.prank(minter);
        token.adminBurn(address(vault), 1);
        _refusedCredit(0, 1);
    }

    function test_what_has_exited_is_not_there_to_be_credited_again() public {
        _request(client);
        vm.warp(NOW + DELAY_S);
        vault.exit(client, venue, address(token));
        _refusedCredit(0, 1);
    }

    // release

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_release_refuses_in_order_of_precedence() public {
        _lock(venue);
        Release memory wish = Release(client, venue, address(token), DEPOSIT + 1, 5, NOW - 1);
        bytes memory wrong = _sign("other client", vault.digestOf(wish));
        _expectUnauthorized(client, vault.CUSTODIAN_ROLE());
        vm.prank(client);
        vault.release(wish, wrong);
        _refused(wish, "other client", abi.encodeWithSelector(_expired(), NOW - 1, NOW));
        wish.deadline = NOW;
        _refused(wish, "other client", abi.encodeWithSelector(ICollateralVault.WrongNonce.selector, 0, 5));
        wish.nonce = 0;
        _refused(wish, "other client", abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
        _refused(wish, "client", abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue, NOW));
        _unlock(venue);
        _refused(wish, "client", _exceeds(DEPOSIT, DEPOSIT + 1));
        wish.amount = DEPOSIT;
        _releaseBy(custodian, wish);
    }

    function test_nobody_but_the_custodian_executes_a_signed_release(address caller) public {
        vm.assume(caller != custodian);
        Release memory wish = _wish(1);
        bytes memory signature = _sign("client", vault.digestOf(wish));
        _expectUnauthorized(caller, vault.CUSTODIAN_ROLE());
        vm.prank(caller);
        vault.release(wish, signature);
    }

    function test_release_moves_one_compartment_to_redemption_and_no_other(uint256 amount) public {
        amount = _bound(amount, 0, DEPOSIT);
        Release memory wish = _wish(amount);
        bytes memory signature = _sign("client", vault.digestOf(wish));
        vm.expectEmit();
        emit CompartmentReleased(client, venue, address(token), amount, 0);
        vm.prank(custodian);
        vault.release(wish, signature);

        vm.assertEq(_held(client, venue), DEPOSIT - amount, "released");
        vm.assertEq(_held(client, elsewhere), DEPOSIT, "the same client elsewhere");
        vm.assertEq(_held(other, venue), DEPOSIT, "another client at the venue");
        vm.assertEq(token.balanceOf(redemption), amount, "claims wait for redemption");
        _assertConserved(3 * DEPOSIT - amount);
        _refused(wish, "client", abi.encodeWithSelector(ICollateralVault.WrongNonce.selector, 1, 0));
    }

    function test_release_refuses_a_signature_over_anything_else(uint256 field) public {
        Release memory signed = _wish(1);
        bytes memory signature = _sign("client", vault.digestOf(signed));
        Release memory wish = _wish(1);
        field = _bound(field, 0, 3);
        if (field == 0) wish.venue = elsewhere;
        if (field == 1) wish.token = stranger;
        if (field == 2) wish.amount = 2;
        if (field == 3) wish.deadline = NOW + 1;
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
        vm.prank(custodian);
        vault.release(wish, signature);
    }

    function test_release_asks_a_holder_that_is_a_contract() public {
        ContractSigner fund = new ContractSigner();
        _fund(address(fund), venue, DEPOSIT);
        Release memory wish = Release(address(fund), venue, address(token), DEPOSIT, 0, NOW);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, address(fund)));
        vm.prank(custodian);
        vault.release(wish, "");
        fund.approve(vault.digestOf(wish));
        vm.prank(custodian);
        vault.release(wish, "");
        vm.assertEq(token.balanceOf(redemption), DEPOSIT, "released");
    }

    function test_a_lock_at_one_venue_leaves_the_others_open() public {
        vm.expectEmit();
        emit VenueLocked(elsewhere);
        _lock(elsewhere);
        vm.assertEq(vault.lockedSince(elsewhere), NOW, "locked since");
        vm.assertEq(vault.lockedSince(venue), 0, "one venue only");
        _releaseBy(custodian, _wish(1));
        vm.expectEmit();
        emit VenueUnlocked(elsewhere);
        _unlock(elsewhere);
        vm.assertEq(vault.lockedSince(elsewhere), 0, "unlocked");
    }

    function test_digestOf_a_release_is_the_one_of_eip712() public view {
        Release memory wish = _wish(7);
        bytes32 typeHash = keccak256(
            "Release(address holder,address venue,address token,uint256 amount,uint256 nonce,uint256 deadline)"
        );
        bytes32 domain = _domain("Bulkhead Vault", address(vault));
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(typeHash, wish))));
        vm.assertEq(vault.digestOf(wish), expected, "typed data digest");
    }

    function _expired() private pure returns (bytes4) {
        return ICollateralVault.SignatureExpired.selector;
    }

    function _refusedCredit(uint256 unallocated, uint256 amount) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICollateralVault.ExceedsUnallocated.selector, address(token), unallocated, amount)
        );
        vm.prank(custodian);
        vault.credit(client, venue, address(token), amount);
    }

    function _refused(Release memory wish, string memory signer, bytes memory reason) private {
        bytes memory signature = _sign(signer, vault.digestOf(wish));
        vm.expectRevert(reason);
        vm.prank(custodian);
        vault.release(wish, signature);
    }
}
