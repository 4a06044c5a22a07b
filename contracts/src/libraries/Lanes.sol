// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Lanes
/// @notice Four int64 in one word, added all at once.
/// @dev Lane 0 stands highest, so that a word reads from left to right. A word of lanes is two's complement per lane.
library Lanes {
    /// @notice Lanes of a word.
    uint256 internal constant COUNT = 4;

    /// @dev The sign bit of every lane.
    uint256 internal constant SIGNS = 0x8000000000000000_8000000000000000_8000000000000000_8000000000000000;

    /// @dev Lane 0, all ones.
    uint256 private constant FIRST = uint256(type(uint64).max) << 192;

    /// @notice The number in a lane.
    function get(uint256 word, uint256 lane) internal pure returns (int64) {
        // The cast is the cut: what stands in higher lanes falls off.
        // forge-lint: disable-next-line(unsafe-typecast)
        return int64(uint64(word >> (192 - 64 * lane)));
    }

    /// @notice All ones in the lanes whose bit is set: bit 0 is lane 0's.
    function covering(uint256 bits) internal pure returns (uint256 mask) {
        for (uint256 lane; lane < COUNT; ++lane) {
            if (bits >> lane & 1 == 1) mask |= FIRST >> (64 * lane);
        }
    }

    /// @notice The lowest lane in which a word is not zero; 4 if it is zero.
    function first(uint256 word) internal pure returns (uint256 lane) {
        while (lane < COUNT && word & (FIRST >> (64 * lane)) == 0) ++lane;
    }

    /// @notice The sums lane by lane, and the sign bits of the lanes that left the range of int64.
    /// @dev Without its sign bit no lane can carry into the next; the sign is then what the three bits add up to. A lane
    /// overflows exactly if both summands have one sign and the sum the other.
    function add(uint256 a, uint256 b) internal pure returns (uint256 sum, uint256 overflow) {
        unchecked {
            sum = ((a & ~SIGNS) + (b & ~SIGNS)) ^ ((a ^ b) & SIGNS);
            overflow = (a ^ sum) & (b ^ sum) & SIGNS;
        }
    }
}
