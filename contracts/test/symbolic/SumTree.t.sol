// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leaf, Root, SumTree} from "../../src/libraries/SumTree.sol";
import {Symbolic} from "./Symbolic.sol";

/// What an accepted proof of inclusion says about the numbers, whatever the hashes are. Bound: trees of four leaves.
contract SymbolicSumTree is Symbolic {
    function check_what_is_included_is_a_part_of_the_total(Root memory root, Leaf calldata leaf) public {
        bytes memory path = _path();
        (bool ok,) = address(this).call(abi.encodeCall(this.requireIncluded, (root, leaf, path)));
        vm.assume(ok);
        assert(leaf.index < root.leaves);
        assert(uint256(leaf.units) + _units(path, 0) + _units(path, 1) == root.units);
    }

    function reach_an_inclusion(Root memory root, Leaf calldata leaf) public {
        (bool ok,) = address(this).call(abi.encodeCall(this.requireIncluded, (root, leaf, _path())));
        assert(!ok || leaf.units == 0);
    }

    function requireIncluded(Root memory root, Leaf calldata leaf, bytes calldata path) external pure {
        vm.assume(root.leaves == 3 || root.leaves == 4);
        SumTree.requireIncluded(root, leaf, path);
    }

    function _path() private returns (bytes memory) {
        return svm.createBytes(2 * SumTree.STEP_BYTES, "path");
    }

    /// The sum that a step of a path claims.
    function _units(bytes memory path, uint256 step) private pure returns (uint256) {
        uint256 start = SumTree.STEP_BYTES * step + 32;
        uint256 units;
        for (uint256 i; i < 8; ++i) {
            units = (units << 8) | uint8(path[start + i]);
        }
        return units;
    }
}
