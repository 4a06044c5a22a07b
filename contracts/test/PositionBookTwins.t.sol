// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Header, IPositionBook} from "../src/interfaces/IPositionBook.sol";
import {PositionBookDice} from "./PositionBookDice.sol";
import {PlainCodec, PlainRow, PositionBookReference} from "./PositionBookReference.sol";

/// The packed book and the plain one, given the same rows: the same answer to the byte, and the same positions after.
contract PositionBookTwins is PositionBookDice {
    PositionBookReference internal plain;

    function setUp() public override {
        super.setUp();
        plain = new PositionBookReference(LISTED);
    }

    function test_both_books_answer_alike(uint256 seed) public {
        _state = seed;
        for (uint256 i; i < 6; ++i) {
            _answerAlike();
        }
    }

    /// The control: the random batches do reach every refusal that rows and runs can meet with, and acceptance.
    function test_the_random_batches_are_accepted_and_refused_for_every_reason() public {
        bytes4[10] memory wanted = [
            bytes4(0),
            IPositionBook.MarksNotSorted.selector,
            IPositionBook.WrongLanes.selector,
            IPositionBook.InstrumentNotListed.selector,
            IPositionBook.InstrumentNotMarked.selector,
            IPositionBook.RunsNotSorted.selector,
            IPositionBook.EmptyRun.selector,
            IPositionBook.LotsOverflow.selector,
            IPositionBook.InstrumentNotZeroSum.selector,
            IPositionBook.CashNotZeroSum.selector
        ];
        uint256[10] memory seen;
        for (uint256 i; i < 600; ++i) {
            bytes4 answer = _answerAlike();
            for (uint256 j; j < 10; ++j) {
                if (answer == wanted[j]) ++seen[j];
            }
        }
        for (uint256 j; j < 10; ++j) {
            vm.assertGt(seen[j], 2, string(abi.encodePacked("seen too rarely: ", bytes1(uint8(48 + j)))));
        }
        vm.assertGt(seen[0], 100, "accepted too rarely");
    }

    function _answerAlike() private returns (bytes4 refusal) {
        PlainRow[] memory rows = _rows();
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(rows);
        (bool expected, bytes memory reason) = address(plain).call(abi.encodeCall(plain.apply_, (rows)));
        Header memory header = _next();
        vm.prank(operator);
        (bool found, bytes memory told) = address(book).call(abi.encodeCall(book.mirror, (header, marks, runs)));
        vm.assertTrue(expected == found, "one accepts what the other refuses");
        if (!found) {
            vm.assertEq(keccak256(told), keccak256(reason), "another reason");
            return bytes4(told);
        }
        for (uint160 account = 1; account < 7; ++account) {
            for (uint32 instrument; instrument < 12; ++instrument) {
                int256 lots = plain.positionOf(address(account), instrument);
                vm.assertEq(book.positionOf(address(account), instrument), lots, "another position");
            }
        }
    }
}
