// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

import {IMarkFeed, MarkBatch} from "../interfaces/IMarkFeed.sol";

/// @title MarkLib
/// @notice How marks come and how they are signed: packed in calldata, and hashed by EIP-712 as if they were not.
library MarkLib {
    /// @notice Bytes of a mark: instrument (4), price (8), confidence (3).
    uint256 internal constant MARK_BYTES = 15;

    bytes32 private constant MARK_TYPEHASH = keccak256("Mark(uint32 instrument,uint64 price_e6,uint24 confidence_e6)");
    bytes32 private constant BATCH_TYPEHASH = keccak256(
        "MarkBatch(uint64 edition,uint64 as_of_s,Mark[] marks)"
        "Mark(uint32 instrument,uint64 price_e6,uint24 confidence_e6)"
    );

    /// @notice How many marks there are; refuses none, and a part of one.
    function count(bytes calldata marks) internal pure returns (uint256) {
        if (marks.length == 0 || marks.length % MARK_BYTES != 0) revert IMarkFeed.WrongLength(marks.length);
        return marks.length / MARK_BYTES;
    }

    /// @notice The mark at an index, which must be below `count`: nothing is checked here.
    function markAt(bytes calldata marks, uint256 index)
        internal
        pure
        returns (uint32 instrument, uint64 price, uint24 confidence)
    {
        assembly ("memory-safe") {
            // What stands behind the mark's 120 bits is another's, or not even this list's: it is shifted out.
            let mark := shr(136, calldataload(add(marks.offset, mul(index, MARK_BYTES))))
            instrument := shr(88, mark)
            price := and(shr(24, mark), 0xffffffffffffffff)
            confidence := and(mark, 0xffffff)
        }
    }

    /// @notice The EIP-712 struct hash.
    function hash(MarkBatch calldata batch) internal pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_TYPEHASH, batch.edition, batch.asOf, _hash(batch.marks)));
    }

    function _hash(bytes calldata marks) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](count(marks));
        bytes memory words = new bytes(128);
        bytes32 typehash = MARK_TYPEHASH;
        for (uint256 i; i < hashes.length; ++i) {
            (uint32 instrument, uint64 price, uint24 confidence) = markAt(marks, i);
            bytes32 hashed;
            // abi.encode would take new memory for every mark, and 150 gas.
            assembly ("memory-safe") {
                mstore(add(words, 0x20), typehash)
                mstore(add(words, 0x40), instrument)
                mstore(add(words, 0x60), price)
                mstore(add(words, 0x80), confidence)
                hashed := keccak256(add(words, 0x20), 0x80)
            }
            hashes[i] = hashed;
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
