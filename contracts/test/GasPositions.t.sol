// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Header} from "../src/interfaces/IPositionBook.sol";
import {PositionBookBase} from "./PositionBook.t.sol";
import {Vm} from "./Base.sol";

interface Etching is Vm {
    function etch(address, bytes calldata) external;
}

/// What 256 mirrored positions cost to execute, one test a case, for `forge snapshot`: as scripts/bench/gas_positions.py
/// measures whole transactions with their calldata on a node. A batch is prepared as a contract's code, so that a test
/// costs little else than what it is named for.
abstract contract GasPositions is PositionBookBase {
    address internal constant CLUSTERED = address(0xc1c1);
    address internal constant SCATTERED = address(0x5c5c);
    uint256 private constant ROW_BYTES = 72;

    function setUp() public virtual override {
        super.setUp();
        _prepare(CLUSTERED, 64, 15);
        _prepare(SCATTERED, 256, 1);
        _send("");
    }

    /// So many accounts, every second one buying what the others sell, in the lanes of page 1.
    function _prepare(address place, uint24 accounts, uint8 lanes) private {
        bytes memory batch = abi.encodePacked(uint32(1), accounts, lanes, _four(70_000e6, lanes), _four(-20_000, lanes));
        for (uint256 i = 1; i <= accounts; ++i) {
            int64 sign = i & 1 == 0 ? int64(1) : int64(-1);
            bytes20 account = bytes20(keccak256(abi.encode(i))) >> 16 | bytes20(uint160(i << 144));
            batch = bytes.concat(batch, account, _four(sign * 25_000, lanes), _four(-sign * 1_750_000e6, lanes));
        }
        Etching(address(vm)).etch(place, batch);
    }

    function _four(int64 x, uint8 lanes) private pure returns (bytes memory) {
        uint64 rest = lanes == 15 ? uint64(x) : 0;
        return abi.encodePacked(uint64(x), rest, rest, rest);
    }

    function _send(bytes memory batch) internal {
        bytes memory marks = new bytes(batch.length == 0 ? 0 : ROW_BYTES);
        bytes memory runs = new bytes(batch.length - marks.length);
        assembly ("memory-safe") {
            mcopy(add(marks, 32), add(batch, 32), mload(marks))
            mcopy(add(runs, 32), add(add(batch, 32), mload(marks)), mload(runs))
        }
        Header memory header = _next();
        vm.prank(operator);
        book.mirror(header, marks, runs);
    }
}

contract GasPositionsNew is GasPositions {
    function test_position_empty() public {
        _send("");
    }

    function test_position_new() public {
        _send(CLUSTERED.code);
    }

    function test_scattered_new() public {
        _send(SCATTERED.code);
    }
}

contract GasPositionsUpdate is GasPositions {
    function setUp() public override {
        super.setUp();
        _send(CLUSTERED.code);
        _send(SCATTERED.code);
    }

    function test_position_update() public {
        _send(CLUSTERED.code);
    }

    function test_scattered_update() public {
        _send(SCATTERED.code);
    }
}
