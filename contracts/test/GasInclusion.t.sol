// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LiabilityRegistry} from "../src/LiabilityRegistry.sol";
import {Liabilities} from "../src/interfaces/ILiabilityRegistry.sol";
import {Leaf} from "../src/libraries/SumTree.sol";
import {Base} from "./Base.sol";

/// What it costs to check a path of 20 steps, which is what a million liabilities have, for `forge snapshot`.
contract GasInclusion is Base {
    uint64 internal constant NOW = 1_770_336_000;
    uint256 internal constant STEPS = 20;

    LiabilityRegistry internal registry;
    bytes internal path;

    /// The first leaf of 2^20: its siblings need not be trees to be hashed.
    function setUp() public {
        vm.warp(NOW);
        registry = new LiabilityRegistry(_party("custodian"), "USDC", 6);
        bytes32 hash = keccak256(abi.encodePacked(uint8(0), bytes32("salt"), bytes32("account"), uint64(7)));
        uint64 units = 7;
        for (uint256 i; i < STEPS; ++i) {
            bytes32 sibling = keccak256(abi.encode(i));
            hash = keccak256(abi.encodePacked(uint8(1), hash, units, sibling, uint64(5)));
            units += 5;
            path = bytes.concat(path, abi.encodePacked(sibling, uint64(5)));
        }
        Liabilities memory statement =
            Liabilities("USDC", 6, hash, units, uint64(1 << STEPS), 1, "head", NOW - 1, 1, bytes32(0));
        registry.publish(statement, _sign("custodian", registry.digestOf(statement)));
    }

    function test_one_of_a_million_is_included() public view {
        registry.requireIncluded(1, _leaf(), path);
    }

    function _leaf() private pure returns (Leaf memory) {
        return Leaf("account", "salt", 7, 0);
    }
}
