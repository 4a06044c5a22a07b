// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {ExitRequest, ICollateralVault, Leg, Obligation, Release} from "../src/interfaces/ICollateralVault.sol";
import {Base} from "./Base.sol";

/// A vault whose settlement is a plain address, with three compartments of 100 in one token.
abstract contract VaultBase is Base {
    uint256 internal constant DEPOSIT = 100e18;
    uint256 internal constant NOW = 1_760_000_000;
    uint256 internal constant DELAY_S = 3 days;

    address internal immutable custodian = _party("custodian");
    address internal immutable pauser = _party("pauser");
    address internal immutable settlement = _party("settlement");
    address internal immutable redemption = _party("redemption");
    address internal immutable client = _party("client");
    address internal immutable other = _party("other client");
    address internal immutable venue = _party("venue");
    address internal immutable elsewhere = _party("another venue");

    CollateralVault internal vault;
    CustodyToken internal token;

    function setUp() public virtual {
        vm.warp(NOW);
        token = _newToken();
        vault = new CollateralVault(admin, redemption, DELAY_S);
        (bytes32 credits, bytes32 pauses) = (vault.CUSTODIAN_ROLE(), vault.PAUSER_ROLE());
        vm.startPrank(admin);
        vault.grantRole(credits, custodian);
        vault.grantRole(pauses, pauser);
        vault.appointSettlement(settlement);
        token.setDestinationAllowed(redemption, true);
        vm.stopPrank();
        _fund(client, venue, DEPOSIT);
        _fund(other, venue, DEPOSIT);
        _fund(client, elsewhere, DEPOSIT);
    }

    function _mint(address to, uint256 amount) internal {
        vm.prank(minter);
        token.mint(to, amount);
    }

    function _fund(address holder, address where, uint256 amount) internal {
        _mint(address(vault), amount);
        vm.prank(custodian);
        vault.credit(holder, where, address(token), amount);
    }

    function _held(address holder, address where) internal view returns (uint256) {
        return vault.balanceOf(holder, where, address(token));
    }

    function _free(address holder) internal view returns (uint256) {
        return vault.freeOf(holder, address(token));
    }

    function _pause() internal {
        vm.prank(pauser);
        vault.pause();
    }

    function _lock(address where) internal {
        vm.prank(settlement);
        vault.lock(where);
    }

    function _unlock(address where) internal {
        vm.prank(settlement);
        vault.unlock(where);
    }

    function _request(address holder) internal {
        vm.prank(holder);
        vault.requestExit(venue, address(token));
    }

    /// A release of the client's, with the nonce that is due and until now.
    function _wish(uint256 amount) internal view returns (Release memory) {
        return Release(client, venue, address(token), amount, vault.nonceOf(client), block.timestamp);
    }

    function _releaseBy(address caller, Release memory wish) internal {
        bytes memory signature = _sign("client", vault.digestOf(wish));
        vm.prank(caller);
        vault.release(wish, signature);
    }

    function _one(address holder, uint256 amount) internal pure returns (Obligation[] memory list) {
        list = new Obligation[](amount == 0 ? 0 : 1);
        if (amount != 0) list[0] = Obligation(holder, amount);
    }

    /// One leg in which one holder pays another.
    function _legs(address payer, uint256 debit, address receiver, uint256 credit)
        internal
        view
        returns (Leg[] memory legs)
    {
        legs = new Leg[](1);
        legs[0] = Leg(address(token), _one(payer, debit), _one(receiver, credit));
    }

    function _settle(Leg[] memory legs) internal {
        vm.prank(settlement);
        vault.settle(venue, 1, legs);
    }

    /// Nothing was lost or made: what is owed is what is held.
    function _assertConserved(uint256 owed) internal view {
        vm.assertEq(vault.total(address(token)), owed, "total");
        vm.assertEq(token.balanceOf(address(vault)), owed, "held");
    }

    function _error(bytes4 selector) internal view returns (bytes memory) {
        return abi.encodeWithSelector(selector, client, venue, address(token));
    }

    function _exceeds(uint256 balance, uint256 amount) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            ICollateralVault.ExceedsCompartment.selector, client, venue, address(token), balance, amount
        );
    }
}
