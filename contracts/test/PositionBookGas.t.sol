// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionBook} from "../src/PositionBook.sol";
import {Header} from "../src/interfaces/IPositionBook.sol";
import {Base} from "./Base.sol";

/// What 256 mirrored positions cost to execute, one test a case, for `forge snapshot`. As in
/// scripts/bench/gas_positions.py, which measures whole transactions with their calldata on a node.
contract PositionBookGas is Base {
    address internal immutable operator = _party("operator");
    PositionBook internal book;
    bytes32 internal digest;
    bytes internal marks;
    bytes internal runs;

    function setUp() public {
        book = new PositionBook(admin);
        vm.startPrank(admin);
        book.grantRole(book.OPERATOR_ROLE(), operator);
        for (uint96 i = 1; i < 8; ++i) {
            book.listInstrument(address(this), i, 1e15);
        }
        vm.stopPrank();
    }

    function test_position_empty() public {
        _mirror(1);
    }

    function test_position_new_clustered() public {
        _clustered();
        _mirror(1);
    }

    function test_position_update_clustered() public {
        _clustered();
        _mirror(1);
        _mirror(2);
    }

    function test_position_new_scattered() public {
        _scattered();
        _mirror(1);
    }

    function test_position_update_scattered() public {
        _scattered();
        _mirror(1);
        _mirror(2);
    }

    /// 64 accounts, 4 instruments each.
    function _clustered() private {
        _write(64, type(uint256).max, 15);
    }

    /// 256 accounts, 1 instrument.
    function _scattered() private {
        _write(256, uint256(type(uint64).max) << 192, 1);
    }

    function _write(uint24 accounts, uint256 mask, uint8 lanes) private {
        marks = abi.encodePacked(uint32(1), accounts, lanes, _four(70_000e6) & mask, _four(-20_000) & mask);
        for (uint256 i = 1; i <= accounts; ++i) {
            int64 sign = i & 1 == 0 ? int64(1) : int64(-1);
            bytes memory run = abi.encodePacked(
                address(uint160(i << 128)), _four(sign * 25_000) & mask, _four(-sign * 1_750_000e6) & mask
            );
            runs = bytes.concat(runs, run);
        }
    }

    function _four(int64 x) private pure returns (uint256) {
        return uint256(uint64(x)) * 0x0000000000000001_0000000000000001_0000000000000001_0000000000000001;
    }

    function _mirror(uint64 sequence) private {
        bytes memory table = marks;
        bytes memory moved = runs;
        vm.prank(operator);
        uint256 before = gasleft();
        digest = book.mirror(Header(sequence, digest, 1), table, moved);
        emit Used(before - gasleft());
    }

    event Used(uint256 gas);
}
