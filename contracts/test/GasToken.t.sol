// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {Base} from "./Base.sol";

/// What the token's calls cost between holders who have some, for `forge snapshot`.
contract GasToken is Base {
    address internal constant HOLDER = address(0xc1);
    address internal constant OTHER = address(0xc2);

    CustodyToken internal token;

    function setUp() public {
        token = _newToken();
        vm.prank(admin);
        token.setDestinationAllowed(OTHER, true);
        vm.startPrank(minter);
        token.mint(HOLDER, 10e18);
        token.mint(OTHER, 10e18);
        token.mint(minter, 10e18);
        vm.stopPrank();
    }

    function test_mint_guarded_to_a_holder() public {
        vm.prank(minter);
        token.guardMint(HOLDER, 1e18, 30e18);
    }

    function test_burn_guarded_of_a_part() public {
        vm.prank(minter);
        token.guardBurn(HOLDER, 1e18, 30e18);
    }

    function test_transfer_to_a_holder() public {
        vm.prank(HOLDER);
        token.transfer(OTHER, 1e18);
    }
}
