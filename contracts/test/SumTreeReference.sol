// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leaf, Root} from "../src/libraries/SumTree.sol";

/// A tree of 2^height places, grown whole from its leaves: shares no line with the library that checks its paths.
library SumTreeReference {
    /// Its root, and the path of one leaf. Sums are the caller's to keep within 64 bits.
    function grow(Leaf[] memory leaves, uint256 index) internal pure returns (Root memory root, bytes memory path) {
        uint256 width = 1;
        while (width < leaves.length) width *= 2;
        bytes32[] memory hashes = new bytes32[](width);
        uint64[] memory sums = new uint64[](width);
        for (uint256 i; i < leaves.length; ++i) {
            Leaf memory leaf = leaves[i];
            hashes[i] = keccak256(bytes.concat(hex"00", leaf.salt, leaf.account, bytes8(leaf.units)));
            sums[i] = leaf.units;
        }
        for (; width > 1; width /= 2) {
            path = bytes.concat(path, hashes[index ^ 1], bytes8(sums[index ^ 1]));
            index /= 2;
            for (uint256 i; i < width; i += 2) {
                bytes memory pair =
                    bytes.concat(hex"01", hashes[i], bytes8(sums[i]), hashes[i + 1], bytes8(sums[i + 1]));
                hashes[i / 2] = keccak256(pair);
                sums[i / 2] = sums[i] + sums[i + 1];
            }
        }
        root = Root(hashes[0], sums[0], uint64(leaves.length));
    }

    /// Leaves with accounts, salts and units of up to 2^40 drawn from a seed.
    function random(uint256 count, bytes32 seed) internal pure returns (Leaf[] memory leaves) {
        leaves = new Leaf[](count);
        for (uint256 i; i < count; ++i) {
            bytes32 account = keccak256(abi.encode(seed, i));
            leaves[i] = Leaf(account, keccak256(abi.encode(account)), uint40(uint256(account)), uint64(i));
        }
    }
}
