// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PerpMarginBase} from "./PerpMarginBase.sol";

/// What an answer costs its caller, everything cold: the test's own encoding included. 24 instruments are looked at.
abstract contract GasPerpMarginBase is PerpMarginBase {
    uint32 internal constant MORE = 19;

    function setUp() public virtual override {
        super.setUp();
        vm.startPrank(admin);
        for (uint32 i; i < MORE; ++i) {
            uint32 instrument = book.listInstrument(address(uint160(0x100 + i)), 0, 1e15);
            margin.setPerpTerms(instrument, SPOT + ETH, usual);
        }
        vm.stopPrank();
        for (uint32 i; i < 4; ++i) {
            _mark(8 + i, 3_000 * USD);
        }
        _trade(ETH, 25_000);
    }
}

contract GasPerpMargin is GasPerpMarginBase {
    function test_margin_without_a_position() public view {
        margin.marginOf(stranger, _told(1e24));
    }

    function test_margin_of_one_position() public view {
        margin.requireMargin(CLIENT, _told(1e24), true);
    }
}

/// The same with four positions of another page beside it.
contract GasPerpMarginOfFive is GasPerpMarginBase {
    function setUp() public override {
        super.setUp();
        for (uint32 i; i < 4; ++i) {
            _trade(8 + i, -25_000);
        }
    }

    function test_margin_of_five_positions() public view {
        margin.requireMargin(CLIENT, _told(1e24), true);
    }
}
