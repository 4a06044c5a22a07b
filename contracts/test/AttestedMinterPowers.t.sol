// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAttestedMinter} from "../src/interfaces/IAttestedMinter.sol";
import {AttestedMinterBase} from "./AttestedMinterBase.sol";

/// Who can do what, and what none of them can.
contract AttestedMinterPowersTest is AttestedMinterBase {
    event ClaimsBurned(address indexed token, bytes32 indexed instruction, uint256 amount);

    bytes32 private constant ADMIN = 0;

    address private immutable _heir = _party("heir");

    function setUp() public override {
        super.setUp();
        _attest(RESERVES);
        _mint(vault, 100);
    }

    function test_burn_refuses_in_order_of_precedence() public {
        _expectUnauthorized(stranger, claims.OPERATOR_ROLE());
        vm.prank(stranger);
        claims.burn(address(token), 1, 99, "release");

        vm.startPrank(operator);
        vm.expectRevert(_mismatch(100, 99));
        claims.burn(address(token), 1, 99, "release");
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", address(claims), 0, 1)
        );
        claims.burn(address(token), 1, 100, "release");
    }

    function test_it_burns_only_what_lies_here_and_names_the_instruction(uint256 released, uint256 burned, bytes32 id)
        public
    {
        released = _bound(released, 0, 100);
        burned = _bound(burned, 0, released);
        vm.prank(vault);
        token.transfer(address(claims), released);
        vm.expectEmit();
        emit ClaimsBurned(address(token), id, burned);
        vm.prank(operator);
        claims.burn(address(token), burned, 100, id);
        vm.assertEq(token.balanceOf(vault), 100 - released, "the holder gave what it gave");
        vm.assertEq(token.balanceOf(address(claims)), released - burned, "what was not burned still lies here");
        vm.assertEq(token.totalSupply(), 100 - burned, "no more than was asked");
    }

    function test_a_pause_stops_minting_but_neither_burns_nor_attestations_nor_transfers() public {
        vm.prank(pauser);
        claims.pause();
        vm.expectRevert(abi.encodeWithSignature("EnforcedPause()"));
        vm.prank(operator);
        claims.mint(address(token), vault, 1, 100);

        _attest(RESERVES + 1);
        vm.prank(vault);
        token.transfer(address(claims), 40);
        vm.prank(operator);
        claims.burn(address(token), 40, 100, "release");
        vm.assertEq(token.totalSupply(), 60, "holders leave whatever is paused");

        claims.unpause();
        _mint(vault, 1);
    }

    function test_a_pauser_pauses_and_only_the_administrator_lets_go_on(address caller) public {
        vm.assume(caller != pauser && caller != address(this));
        _expectUnauthorized(caller, claims.PAUSER_ROLE());
        vm.prank(caller);
        claims.pause();

        vm.startPrank(pauser);
        claims.pause();
        vm.expectRevert(abi.encodeWithSignature("EnforcedPause()"));
        claims.pause();
        _expectUnauthorized(pauser, ADMIN);
        claims.unpause();
        vm.stopPrank();

        _expectUnauthorized(caller, ADMIN);
        vm.prank(caller);
        claims.unpause();
        claims.unpause();
        vm.expectRevert(abi.encodeWithSignature("ExpectedPause()"));
        claims.unpause();
    }

    function test_only_the_administrator_opens_destinations(address caller, address destination, bool allowed) public {
        vm.assume(caller != address(this));
        _expectUnauthorized(caller, ADMIN);
        vm.prank(caller);
        claims.setDestinationAllowed(address(token), destination, allowed);
        claims.setDestinationAllowed(address(token), destination, allowed);
        vm.assertTrue(token.allowedDestination(destination) == allowed, "as told");
    }

    /// The heir takes every role there is, and the token is no more its own than before.
    function test_whoever_administers_stays_within_what_the_custodian_signed() public {
        claims.grantRole(ADMIN, _heir);
        claims.renounceRole(ADMIN, address(this));
        vm.startPrank(_heir);
        claims.grantRole(claims.OPERATOR_ROLE(), _heir);
        claims.grantRole(claims.PAUSER_ROLE(), _heir);

        vm.expectRevert(_exceeds(RESERVES, 100, RESERVES - 99));
        claims.mint(address(token), _heir, RESERVES - 99, 100);
        bytes32 minterRole = token.MINTER_ROLE();
        _expectUnauthorized(_heir, ADMIN);
        token.grantRole(minterRole, _heir);
        _expectUnauthorized(_heir, minterRole);
        token.adminBurn(vault, 1);
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", address(claims), 0, 100)
        );
        claims.burn(address(token), 100, 100, "seizure");
        vm.assertEq(token.balanceOf(vault), 100, "nothing was seized");
    }

    function test_with_the_last_administrator_gone_the_rest_goes_on() public {
        claims.renounceRole(ADMIN, address(this));
        _mint(vault, 1);
        _attest(RESERVES + 1);
        vm.prank(pauser);
        claims.pause();
        _expectUnauthorized(address(this), ADMIN);
        claims.unpause(); // nobody can any more: the manual warns
        vm.prank(vault);
        token.transfer(address(claims), 101);
        vm.prank(operator);
        claims.burn(address(token), 101, 101, "release");
        vm.assertEq(token.totalSupply(), 0, "everybody left");
    }

    function test_a_revoked_operator_mints_and_burns_nothing_at_the_next_call() public {
        bytes32 role = claims.OPERATOR_ROLE();
        claims.revokeRole(role, operator);
        vm.startPrank(operator);
        _expectUnauthorized(operator, role);
        claims.mint(address(token), vault, 1, 100);
        _expectUnauthorized(operator, role);
        claims.burn(address(token), 0, 100, "release");
    }
}
