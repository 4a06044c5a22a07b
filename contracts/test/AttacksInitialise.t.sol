// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedMinter} from "../src/AttestedMinter.sol";
import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {MarkFeed} from "../src/MarkFeed.sol";
import {PositionBook} from "../src/PositionBook.sol";
import {SettlementBook} from "../src/SettlementBook.sol";
import {ICollateralVault} from "../src/interfaces/ICollateralVault.sol";
import {Base} from "./Base.sol";

/// Between a contract's deployment and the calls that wire it everybody sees it, and may call first.
contract InitialiseAttacks is Base {
    function test_nobody_initialises_a_claim_token_in_front_of_its_deployer(address caller) public {
        vm.assume(caller != address(this));
        CustodyToken token = new CustodyToken(18, "Custody ETH", "cETH");
        _expectUnauthorized(caller, 0);
        vm.prank(caller);
        token.initialize(caller, caller);
        token.initialize(admin, minter);
        vm.assertTrue(token.hasRole(0, admin) && token.hasRole(token.MINTER_ROLE(), minter), "as its deployer says");
        vm.assertFalse(token.hasRole(0, address(this)), "who keeps nothing");
    }

    function test_nobody_appoints_a_settlement_in_front_of_the_admin(address caller, address book) public {
        vm.assume(caller != admin && caller != address(0)); // from which nobody can send
        CollateralVault vault = new CollateralVault(admin, minter, 3 days);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.NotTheSettlement.selector, caller));
        vm.prank(caller);
        vault.lock(caller); // nor is anybody the settlement before there is one
        _expectUnauthorized(caller, 0);
        vm.prank(caller);
        vault.appointSettlement(book);
    }

    function test_nobody_takes_a_role_or_wires_anything_in_front_of_the_admin(address caller) public {
        vm.assume(caller != admin);
        CollateralVault vault = new CollateralVault(admin, minter, 3 days);
        address[] memory sources = new address[](1);
        sources[0] = stranger;
        (address[5] memory found, bytes[5] memory wired) = (
            [
                address(new AttestedMinter(admin, stranger, 1 hours)),
                address(vault),
                address(new SettlementBook(admin, vault, stranger, 1 hours)),
                address(new PositionBook(admin)),
                address(new MarkFeed(admin, 1 hours, sources, 1))
            ],
            [
                abi.encodeCall(AttestedMinter.setDestinationAllowed, (caller, caller, true)),
                abi.encodeCall(CollateralVault.appointSettlement, (caller)),
                abi.encodeCall(SettlementBook.registerVenue, (caller, caller)),
                abi.encodeCall(PositionBook.listInstrument, (caller, 0, 1)),
                abi.encodeCall(MarkFeed.setSources, (sources, 1))
            ]
        );
        for (uint256 i; i < 5; ++i) {
            vm.prank(caller);
            (bool done,) = found[i].call(wired[i]);
            vm.assertFalse(done, "wired by somebody");
            _expectUnauthorized(caller, 0);
            vm.prank(caller);
            vault = CollateralVault(found[i]); // of each, roles are granted alike
            vault.grantRole(0, caller);
        }
    }
}
