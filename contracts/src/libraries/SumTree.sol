// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What one account is owed, and where it stands in the tree.
struct Leaf {
    /// keccak256 of the account's name in UTF-8.
    bytes32 account;
    /// Known to the account's owner and the custodian, another one in every publication.
    bytes32 salt;
    /// Ledger units. Less than nothing cannot be said: nobody owes to the custodian here.
    uint64 units;
    /// From 0; its bits, lowest first, say on which side the way up comes from: 0 = left.
    uint64 index;
}

/// @notice The root of a tree with the sum under it.
struct Root {
    bytes32 hash;
    /// The sum of all leaves, in ledger units.
    uint64 units;
    /// How many leaves there are, padding not counted.
    uint64 leaves;
}

/// @title SumTree
/// @notice A hash over every leaf that also adds them up: whether one liability is a part of a total.
/// @dev The tree, its encoding and why it is so are custody/sum_tree.py's; sums are big-endian:
///
///     leaf   keccak256(0x00 ‖ salt: 32 bytes ‖ account: 32 ‖ units: 8), units
///     node   keccak256(0x01 ‖ left hash: 32 ‖ left sum: 8 ‖ right hash: 32 ‖ right sum: 8), left sum + right sum
///
/// A path holds the siblings from the leaf upwards, 40 bytes a step: hash, then sum. It has as many steps as the tree
/// has levels, for rows are padded with leaves that owe nothing.
/// Warning: a leaf that is included is one part of one total. That the total is owed by anybody, is all that is owed,
/// or that anything is held against it, is not said. Who signed the root, and when, is for the caller to know.
/// Warning: a tree may hold an account more than once. Leaves rise by account; who compares proofs sees where not.
/// Warning: whoever sends a proof in a transaction shows account, salt and units to everybody, and the units of its
/// neighbours. A call that is not sent shows them to the node only.
library SumTree {
    /// @notice Bytes of a step: a hash and the sum under it.
    uint256 internal constant STEP_BYTES = 40;

    bytes1 private constant LEAF = 0x00;
    bytes1 private constant NODE = 0x01;

    /// @notice There is no leaf of this index. With no leaves at all: the tree is empty.
    error IndexOutsideTree(uint64 leaves, uint64 given);

    /// @notice The path is not as long as the tree is high, in bytes.
    error WrongPathLength(uint256 expected, uint256 given);

    /// @notice The leaf and the siblings are the whole tree, and they do not add up to its total, in ledger units.
    error WrongTotal(uint64 expected, uint256 given);

    /// @notice The path leads to another root.
    error WrongRoot(bytes32 expected, bytes32 given);

    /// @notice Refuses a leaf that does not stand in the tree at its index.
    /// @dev Refusals, in order: `IndexOutsideTree`, `WrongPathLength`, `WrongTotal`, `WrongRoot`.
    function requireIncluded(Root memory root, Leaf calldata leaf, bytes calldata path) internal pure {
        if (leaf.index >= root.leaves) revert IndexOutsideTree(root.leaves, leaf.index);
        uint256 length = STEP_BYTES * Math.log2(root.leaves, Math.Rounding.Ceil);
        if (path.length != length) revert WrongPathLength(length, path.length);

        (bytes32 hash, uint256 total) = _climb(leaf, path);
        if (total != root.units) revert WrongTotal(root.units, total);
        if (hash != root.hash) revert WrongRoot(root.hash, hash);
    }

    /// @notice The hash of a leaf.
    function hashOf(Leaf calldata leaf) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(LEAF, leaf.salt, leaf.account, leaf.units));
    }

    /// @dev Where the path leads, and the sum of everything. Sums only grow on the way: one that leaves 64 bits is
    /// hashed wrongly, and then refused by the total.
    function _climb(Leaf calldata leaf, bytes calldata path) private pure returns (bytes32 hash, uint256 units) {
        hash = hashOf(leaf);
        units = leaf.units;
        uint256 index = leaf.index;
        for (uint256 start; start < path.length; start += STEP_BYTES) {
            (bytes32 sibling, uint64 siblingUnits) = _step(path, start);
            // forge-lint: disable-next-line(unsafe-typecast)
            uint64 ownUnits = uint64(units);
            hash = index & 1 == 0
                ? keccak256(abi.encodePacked(NODE, hash, ownUnits, sibling, siblingUnits))
                : keccak256(abi.encodePacked(NODE, sibling, siblingUnits, hash, ownUnits));
            units += siblingUnits;
            index >>= 1;
        }
    }

    /// @dev The step that starts at this byte of a path, whose length was checked before: nothing is read beyond it.
    function _step(bytes calldata path, uint256 start) private pure returns (bytes32 hash, uint64 units) {
        assembly ("memory-safe") {
            let step := add(path.offset, start)
            hash := calldataload(step)
            units := shr(192, calldataload(add(step, 32)))
        }
    }
}
