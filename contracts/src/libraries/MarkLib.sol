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

    /// @dev In Solidity every mark's encoding takes new memory, and its hash is copied once more: 220 gas a mark.
    function _hash(bytes calldata marks) private pure returns (bytes32 hashed) {
        uint256 length = count(marks) * MARK_BYTES;
        bytes32 typehash = MARK_TYPEHASH;
        assembly ("memory-safe") {
            // Behind the free pointer, which stays where it is: the four words of one mark, then all the hashes.
            let words := mload(0x40)
            let hashes := add(words, 0x80)
            let next := hashes
            mstore(words, typehash)
            let end := add(marks.offset, length)
            for { let start := marks.offset } lt(start, end) { start := add(start, MARK_BYTES) } {
                let mark := shr(136, calldataload(start))
                mstore(add(words, 0x20), shr(88, mark))
                mstore(add(words, 0x40), and(shr(24, mark), 0xffffffffffffffff))
                mstore(add(words, 0x60), and(mark, 0xffffff))
                mstore(next, keccak256(words, 0x80))
                next := add(next, 0x20)
            }
            hashed := keccak256(hashes, sub(next, hashes))
        }
    }
}
