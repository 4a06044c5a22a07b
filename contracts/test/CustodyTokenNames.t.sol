// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {Base} from "./Base.sol";

/// One refusal a test: where forge deploys what it has linked, a test ends with the first constructor that reverts.
contract CustodyTokenNamesTest is Base {
    function test_a_token_without_a_symbol_is_not_made() public {
        vm.expectRevert("symbol=0");
        new CustodyToken(18, "Custody ETH", "");
    }

    function test_a_token_without_a_name_is_not_made() public {
        vm.expectRevert("name=0");
        new CustodyToken(18, "", "cETH");
    }
}
