// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leaf, Root, SumTree} from "../src/libraries/SumTree.sol";
import {Base} from "./Base.sol";
import {SumTreeReference} from "./SumTreeReference.sol";

contract SumTreeTest is Base {
    uint64 internal constant LARGEST = type(uint64).max;
    uint256 internal constant HALF = 2 ** 63;

    /// The library takes calldata, so it is called from outside.
    function check(Root memory root, Leaf calldata leaf, bytes calldata path) external pure {
        SumTree.requireIncluded(root, leaf, path);
    }

    function hashOf(Leaf calldata leaf) external pure returns (bytes32) {
        return SumTree.hashOf(leaf);
    }

    function test_every_leaf_of_trees_of_every_shape_is_included() public view {
        for (uint256 count = 1; count <= 17; ++count) {
            Leaf[] memory leaves = SumTreeReference.random(count, bytes32(count));
            for (uint256 i; i < count; ++i) {
                (Root memory root, bytes memory path) = SumTreeReference.grow(leaves, i);
                this.check(root, leaves[i], path);
            }
        }
    }

    function test_a_leaf_of_random_trees_is_included(uint8 count, uint256 index, bytes32 seed) public view {
        Leaf[] memory leaves = SumTreeReference.random(_bound(count, 1, 80), seed);
        index = _bound(index, 0, leaves.length - 1);
        (Root memory root, bytes memory path) = SumTreeReference.grow(leaves, index);
        this.check(root, leaves[index], path);
    }

    function test_a_tree_of_one_leaf_is_that_leaf() public {
        Leaf memory leaf = Leaf("account", "salt", LARGEST, 0);
        Root memory root = Root(this.hashOf(leaf), LARGEST, 1);
        this.check(root, leaf, "");
        leaf.index = 1;
        _refused(root, leaf, "", abi.encodeWithSelector(SumTree.IndexOutsideTree.selector, 1, 1));
    }

    function test_an_empty_tree_includes_nothing() public {
        Leaf memory leaf;
        _refused(Root(0, 0, 0), leaf, "", abi.encodeWithSelector(SumTree.IndexOutsideTree.selector, 0, 0));
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_refuses_in_order_of_precedence(bytes32 seed) public {
        Leaf[] memory leaves = SumTreeReference.random(6, seed);
        (Root memory root, bytes memory path) = SumTreeReference.grow(leaves, 5);
        Leaf memory leaf = Leaf(leaves[5].account, "another salt", leaves[5].units + 1, 6);
        bytes memory longer = bytes.concat(path, bytes32(0), bytes8(uint64(1)));

        _refused(root, leaf, longer, abi.encodeWithSelector(SumTree.IndexOutsideTree.selector, 6, 6));
        leaf.index = 5;
        _refused(root, leaf, longer, abi.encodeWithSelector(SumTree.WrongPathLength.selector, 120, 160));
        bytes memory wrongTotal = abi.encodeWithSelector(SumTree.WrongTotal.selector, root.units, root.units + 1);
        _refused(root, leaf, path, wrongTotal);
        leaf.units -= 1;
        _refusedByRoot(root, leaf, path);
        leaf.salt = leaves[5].salt;
        this.check(root, leaf, path);
    }

    function test_a_path_of_any_other_length_is_refused(uint256 length) public {
        Leaf[] memory leaves = SumTreeReference.random(5, "length");
        (Root memory root,) = SumTreeReference.grow(leaves, 0);
        length = _bound(length, 0, 400);
        vm.assume(length != 120);
        bytes memory reason = abi.encodeWithSelector(SumTree.WrongPathLength.selector, 120, length);
        _refused(root, leaves[0], new bytes(length), reason);
    }

    /// Whichever bit of a path is turned, or whichever part of a leaf is another: no proof of the same tree.
    function test_a_changed_proof_is_refused(uint256 bit, uint8 part, bytes32 seed) public view {
        Leaf[] memory leaves = SumTreeReference.random(11, seed);
        (Root memory root, bytes memory path) = SumTreeReference.grow(leaves, 7);
        Leaf memory leaf = leaves[7];
        if (part % 5 == 0) leaf.account ^= bytes32(1 << bit % 256);
        if (part % 5 == 1) leaf.salt ^= bytes32(1 << bit % 256);
        if (part % 5 == 2) leaf.units ^= uint64(1 << bit % 64);
        if (part % 5 == 3) leaf.index ^= uint64(1 << bit % 3);
        if (part % 5 == 4) path[bit / 8 % path.length] ^= bytes1(uint8(1 << bit % 8));
        (bool included,) = address(this).staticcall(abi.encodeCall(this.check, (root, leaf, path)));
        vm.assertFalse(included, "a proof that was changed must not hold");
    }

    /// Were sums to wrap, 2^63 of somebody else's would cancel 2^63 more.
    function test_sums_do_not_wrap() public {
        Leaf memory leaf = Leaf("account", "salt", 5, 0);
        bytes memory path = abi.encodePacked(bytes32("a"), uint64(HALF), bytes32("b"), uint64(HALF));
        bytes32 hash = keccak256(abi.encodePacked(hex"01", this.hashOf(leaf), uint64(5), bytes32("a"), uint64(HALF)));
        hash = keccak256(abi.encodePacked(hex"01", hash, uint64(HALF + 5), bytes32("b"), uint64(HALF)));
        bytes memory reason = abi.encodeWithSelector(SumTree.WrongTotal.selector, 5, 2 * HALF + 5);
        _refused(Root(hash, 5, 4), leaf, path, reason);
    }

    /// The highest tree that there can be: 64 steps, and the total still adds up in 64 bits.
    function test_the_highest_tree_has_64_steps(uint64 index) public {
        vm.assume(index != LARGEST);
        bytes memory path = new bytes(64 * 40);
        Leaf memory leaf = Leaf("account", "salt", LARGEST, index);
        Root memory root = Root("somebody's", LARGEST, LARGEST);
        _refusedByRoot(root, leaf, path);
        path[39] = 0x01;
        bytes memory reason = abi.encodeWithSelector(SumTree.WrongTotal.selector, LARGEST, uint256(LARGEST) + 1);
        _refused(root, leaf, path, reason);
    }

    function _refused(Root memory root, Leaf memory leaf, bytes memory path, bytes memory reason) private {
        vm.expectRevert(reason);
        this.check(root, leaf, path);
    }

    /// The root that it leads to instead is any hash.
    function _refusedByRoot(Root memory root, Leaf memory leaf, bytes memory path) private view {
        (bool included, bytes memory reason) = address(this).staticcall(abi.encodeCall(this.check, (root, leaf, path)));
        vm.assertFalse(included, "must not hold");
        vm.assertEq(bytes32(bytes4(reason)), bytes32(SumTree.WrongRoot.selector), "by its root");
    }
}
