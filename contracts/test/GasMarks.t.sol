// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarkBatch, SourceSignature} from "../src/interfaces/IMarkFeed.sol";
import {MarkFeedBase} from "./MarkFeedBase.sol";

/// What 32 marks cost under three signatures, for `forge snapshot`: the test's own encoding included, each figure is
/// comparable with its former self. Whole transactions are measured by `bulkhead bench gas`.
contract GasMarks is MarkFeedBase {
    uint64 internal constant PRICE = 70_000_123_456;

    function setUp() public {
        vm.warp(NOW);
        feed = _newFeed();
        _publishMany(NOW - 1, 32, true);
        _publishMany(NOW - 1, 32, false);
    }

    function test_update_32_marks_two_a_slot() public {
        _publishMany(NOW, 32, true);
    }

    function test_update_2_marks_of_one_slot() public {
        _publishMany(NOW, 2, true);
    }

    function test_update_32_marks_one_a_slot() public {
        _publishMany(NOW, 32, false);
    }

    function test_read_a_mark() public view {
        feed.markOf(7);
    }

    /// Neighbours share slots; the others have one each.
    function _publishMany(uint64 asOf, uint32 count, bool neighbours) private {
        bytes memory marks;
        for (uint32 i; i < count; ++i) {
            marks = abi.encodePacked(marks, _mark(neighbours ? i : 1000 + 2 * i, PRICE, SURE));
        }
        MarkBatch memory batch = MarkBatch(1, asOf, marks);
        SourceSignature[] memory signatures = _signed(batch, 7);
        feed.publish(batch, signatures);
    }
}
