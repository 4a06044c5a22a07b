// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Lanes} from "./Lanes.sol";

/// @title BatchCodec
/// @notice How a batch is written: a table of marks, and runs of position changes in the order of its rows.
/// @dev Big-endian, without gaps. Instrument 4p + i is lane i of page p. A word of lanes holds lane 0 first.
///
///     row    page: 4 bytes ‖ runs: 3 ‖ lanes: 1 ‖ marks: 4 × 8 ‖ funding: 4 × 8                            72 bytes
///     run    account: 20 ‖ lots: 4 × 8 ‖ cash: 4 × 8                                                       84 bytes
///
/// A row marks the lanes whose bits are set in `lanes` (bit 0 = lane 0), and `runs` of the runs are its own. Lanes that
/// it does not mark are zero, in the row and in its runs. Fixed widths: a lane that is not used costs 64 gas of zeros in
/// a run, and its absence would cost as much to decode.
library BatchCodec {
    /// @notice Bytes of a row of the table of marks.
    uint256 internal constant ROW_BYTES = 72;

    /// @notice Bytes of a run.
    uint256 internal constant RUN_BYTES = 84;

    /// @notice keccak256 of the EIP-712 type whose struct hash is a batch's digest.
    bytes32 internal constant TYPEHASH =
        keccak256("Batch(uint64 sequence,bytes32 previousDigest,uint64 asOf,bytes marks,bytes runs)");

    /// @notice The row at a byte of the table: its page, how many runs are its own, its lanes as bits, its words.
    function row(bytes calldata table, uint256 start)
        internal
        pure
        returns (uint256 page, uint256 runs, uint256 lanes, uint256 marks, uint256 funding)
    {
        uint256 head = _word(table, start);
        page = head >> 224;
        runs = head >> 200 & 0xffffff;
        lanes = head >> 192 & 0xff;
        marks = _word(table, start + 8);
        funding = _word(table, start + 40);
    }

    /// @notice The run at a byte: its account, and its two words.
    /// @dev Assembly because slices, checked one by one, cost 680 gas more a run. The contract checks the bounds of all runs
    /// of a row at once. Touches no memory.
    function run(bytes calldata runs, uint256 start)
        internal
        pure
        returns (uint256 account, uint256 lots, uint256 cash)
    {
        assembly ("memory-safe") {
            let place := add(runs.offset, start)
            account := shr(96, calldataload(place))
            lots := calldataload(add(place, 20))
            cash := calldataload(add(place, 52))
        }
    }

    /// @dev 32 bytes from a place in calldata, unchecked as in {run}: the table consists of whole rows.
    function _word(bytes calldata source, uint256 start) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(source.offset, start))
        }
    }
}
