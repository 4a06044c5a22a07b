// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LiabilityRegistry} from "../src/LiabilityRegistry.sol";
import {Liabilities, Publication} from "../src/interfaces/ILiabilityRegistry.sol";
import {Base} from "./Base.sol";

/// Lives a registry's life with the custodian's statements, good and bad; what was accepted is kept here too.
contract LiabilityRegistryHandler is Base {
    LiabilityRegistry public immutable registry;

    /// Steps by how they ended: the control that the sequences do something.
    mapping(string how => uint256) public counted;
    Publication[] private _kept;

    constructor() {
        vm.warp(1_770_336_000);
        registry = new LiabilityRegistry(_party("custodian"), "USDC", 6);
        publish("the first", 100, 2, 0);
    }

    /// The next statement, whatever it says of what is owed.
    function publish(bytes32 root, uint64 units, uint64 accounts, uint64 later) public {
        Liabilities memory next = _next(root, units >> 1, accounts == 0 ? 1 : accounts, later);
        registry.publish(next, _sign("custodian", registry.digestOf(next)));
        _kept.push(
            Publication(registry.digestOf(next), root, next.units, next.accounts, next.journalPosition, next.asOf)
        );
        counted["published"] += 1;
    }

    /// Signed by the custodian, and wrong in one place: another history, or one that goes back.
    function fork(uint256 which, uint64 change, bytes32 root) public {
        Liabilities memory other = _next(root, 5, 5, 1);
        Publication memory last = _kept[_kept.length - 1];
        which %= 5;
        if (which == 0) other.sequence = change == other.sequence ? change - 1 : change;
        if (which == 1) other.previousDigest = bytes32(uint256(other.previousDigest) ^ (uint256(change) + 1));
        if (which == 2) other.asOf = last.asOf - change % 1000;
        if (which == 3) other.asOf = uint64(block.timestamp) + 1 + change % 1000;
        if (which == 4) other.journalPosition = change % last.journalPosition;
        _refused(other, "custodian");
        counted["fork"] += 1;
    }

    /// A good statement that somebody else has signed.
    function forge(bytes32 root, uint64 units) public {
        _refused(_next(root, units >> 1, 7, 1), "impostor");
        counted["forged"] += 1;
    }

    function kept() public view returns (Publication[] memory) {
        return _kept;
    }

    function _refused(Liabilities memory statement, string memory signer) private {
        bytes memory signature = _sign(signer, registry.digestOf(statement));
        (bool taken,) = address(registry).call(abi.encodeCall(registry.publish, (statement, signature)));
        vm.assertFalse(taken, "the history forked");
    }

    function _next(bytes32 root, uint64 units, uint64 accounts, uint64 later) private returns (Liabilities memory) {
        vm.warp(block.timestamp + 1 + later % 1 days);
        bytes32 last = _kept.length == 0 ? bytes32(0) : _kept[_kept.length - 1].digest;
        uint64 position = _kept.length == 0 ? 1 : _kept[_kept.length - 1].journalPosition + later % 2;
        return Liabilities(
            "USDC", 6, root, units, accounts, position, "head", uint64(block.timestamp), uint64(_kept.length + 1), last
        );
    }
}

contract LiabilityRegistryInvariants is Base {
    LiabilityRegistryHandler internal handler;

    function setUp() public {
        handler = new LiabilityRegistryHandler();
        _target(address(handler));
    }

    /// Also of long ago: a statement stays what it was.
    function invariant_statements_are_one_chain_and_none_ever_changes() public view {
        LiabilityRegistry registry = handler.registry();
        Publication[] memory kept = handler.kept();
        vm.assertEq(uint256(registry.lastSequence()), kept.length, "one sequence for each statement");
        for (uint64 i; i < kept.length; ++i) {
            bytes32 found = keccak256(abi.encode(registry.publicationOf(i + 1)));
            vm.assertEq(found, keccak256(abi.encode(kept[i])), "a statement changed");
        }
        Publication memory none = registry.publicationOf(uint64(kept.length) + 1);
        vm.assertEq(none.digest, bytes32(0), "nothing beyond the last");
    }
}

/// The control: sequences in which nothing happens would keep every invariant. One of its own, so that it does not hang
/// on the dice of a campaign.
contract LiabilityRegistryInvariantsControl is Base {
    function test_every_kind_of_step_happens() public {
        LiabilityRegistryHandler handler = new LiabilityRegistryHandler();
        for (uint256 i; i < 90; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            if (i % 3 == 0) handler.publish(bytes32(dice), uint64(dice), uint64(dice >> 64), uint64(dice >> 128));
            if (i % 3 == 1) handler.fork(dice, uint64(dice >> 64), bytes32(dice));
            if (i % 3 == 2) handler.forge(bytes32(dice), uint64(dice));
        }
        vm.assertEq(handler.counted("published"), 31, "statements must be published");
        vm.assertEq(handler.counted("fork"), 30, "forks must be tried");
        vm.assertEq(handler.counted("forged"), 30, "forgeries must be tried");
    }
}
