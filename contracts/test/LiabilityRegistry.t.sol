// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LiabilityRegistry} from "../src/LiabilityRegistry.sol";
import {ILiabilityRegistry, Liabilities, Publication} from "../src/interfaces/ILiabilityRegistry.sol";
import {Leaf, Root, SumTree} from "../src/libraries/SumTree.sol";
import {Base, ContractSigner} from "./Base.sol";
import {SumTreeReference} from "./SumTreeReference.sol";

contract LiabilityRegistryTest is Base {
    event LiabilitiesPublished(
        uint64 indexed sequence,
        bytes32 digest,
        bytes32 root,
        uint64 units,
        uint64 accounts,
        uint64 journalPosition,
        bytes32 journalHead,
        uint64 asOf
    );

    uint64 internal constant NOW = 1_770_336_000;
    uint64 internal constant MOST = uint64(type(int64).max);

    LiabilityRegistry internal registry;
    Leaf[] internal leaves;

    function setUp() public {
        vm.warp(NOW);
        registry = new LiabilityRegistry(_party("custodian"), "USDC", 6);
        Leaf[] memory grown = SumTreeReference.random(5, "liabilities");
        for (uint256 i; i < grown.length; ++i) {
            leaves.push(grown[i]);
        }
    }

    function test_what_it_is_for_is_fixed() public view {
        vm.assertEq(registry.custodian(), _party("custodian"), "custodian");
        vm.assertEq(registry.asset(), "USDC", "asset");
        vm.assertEq(uint256(registry.scale()), 6, "scale");
        vm.assertEq(uint256(registry.lastSequence()), 0, "nothing published");
        vm.assertEq(registry.publicationOf(0).digest, 0, "the statement before the first");
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_publish_refuses_in_order_of_precedence() public {
        bytes32 digest = _publish(_next());
        uint64 journal = registry.publicationOf(1).journalPosition;
        Liabilities memory wish = Liabilities("ETH", 9, "root", MOST + 1, 0, journal - 1, "head", NOW - 100, 3, "x");

        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.WrongAsset.selector, "USDC", "ETH"));
        wish.asset = "USDC";
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.WrongScale.selector, 6, 9));
        wish.scale = 6;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.WrongSequence.selector, 2, 3));
        wish.sequence = 2;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.WrongPreviousDigest.selector, digest, bytes32("x")));
        wish.previousDigest = digest;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.JournalWentBack.selector, journal, journal - 1));
        wish.journalPosition = journal;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.TimeNotAfter.selector, NOW - 100, NOW - 100));
        wish.asOf = NOW + 1;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.TimeInFuture.selector, NOW + 1, NOW));
        wish.asOf = NOW;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.NoAccounts.selector));
        wish.accounts = 1;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.TotalTooLarge.selector, MOST, MOST + 1));
        wish.units = MOST;
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.WrongCustodianSignature.selector));
        registry.publish(wish, _sign("custodian", registry.digestOf(wish)));
    }

    function test_a_statement_counts_once() public {
        Liabilities memory first = _next();
        _publish(first);
        _refused(first, abi.encodeWithSelector(ILiabilityRegistry.WrongSequence.selector, 2, 1));
    }

    function test_a_fork_of_the_history_is_refused_with_the_true_digest() public {
        bytes32 digest = _publish(_next());
        Liabilities memory fork = _next();
        fork.previousDigest = 0;
        _refused(fork, abi.encodeWithSelector(ILiabilityRegistry.WrongPreviousDigest.selector, digest, bytes32(0)));
    }

    function test_a_signature_is_good_for_one_statement_registry_and_chain(uint8 which) public {
        Liabilities memory wish = _next();
        LiabilityRegistry other = new LiabilityRegistry(_party("custodian"), "USDC", 6);
        bytes memory elsewhere = _sign("custodian", other.digestOf(wish));
        bytes memory before = _sign("custodian", registry.digestOf(wish));
        if (which % 6 == 0) wish.root ^= bytes32(uint256(1));
        if (which % 6 == 1) wish.units += 1;
        if (which % 6 == 2) wish.accounts += 1;
        if (which % 6 == 3) wish.journalPosition += 1;
        if (which % 6 == 4) wish.journalHead ^= bytes32(uint256(1));
        if (which % 6 == 5) wish.asOf += 1;
        bytes memory mirrored = _signHighS("custodian", registry.digestOf(wish));
        bytes[4] memory wrong = [before, elsewhere, mirrored, bytes("")];
        for (uint256 i; i < wrong.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ILiabilityRegistry.WrongCustodianSignature.selector));
            registry.publish(wish, wrong[i]);
        }
    }

    function test_a_custodian_that_is_a_contract_signs_by_ERC1271() public {
        ContractSigner signer = new ContractSigner();
        registry = new LiabilityRegistry(address(signer), "USDC", 6);
        Liabilities memory wish = _next();
        _refused(wish, abi.encodeWithSelector(ILiabilityRegistry.WrongCustodianSignature.selector));
        signer.approve(registry.digestOf(wish));
        registry.publish(wish, "");
        vm.assertEq(uint256(registry.lastSequence()), 1, "published");
    }

    function test_statements_are_kept_in_a_chain_and_anybody_may_send_them(uint64[4] memory units) public {
        for (uint64 i; i < units.length; ++i) {
            Liabilities memory wish = _next();
            wish.units = uint64(_bound(units[i], 0, MOST));
            bytes32 digest = registry.digestOf(wish);
            bytes memory signature = _sign("custodian", digest);
            vm.expectEmit();
            emit LiabilitiesPublished(
                i + 1, digest, wish.root, wish.units, 5, wish.journalPosition, wish.journalHead, wish.asOf
            );
            vm.prank(stranger);
            registry.publish(wish, signature);
            Publication memory kept = registry.publicationOf(i + 1);
            Publication memory expected = Publication(digest, wish.root, wish.units, 5, wish.journalPosition, wish.asOf);
            vm.assertEq(keccak256(abi.encode(kept)), keccak256(abi.encode(expected)), "kept as it was signed");
            vm.assertEq(uint256(registry.lastSequence()), i + 1, "the last");
        }
    }

    function test_a_leaf_is_included_in_the_statement_of_its_sequence() public {
        (Root memory root, bytes memory path) = SumTreeReference.grow(leaves, 3);
        _publish(_next());
        Liabilities memory later = _next();
        (later.root, later.units, later.accounts) = ("another", 0, 9);
        _publish(later);

        registry.requireIncluded(1, leaves[3], path);
        vm.expectRevert(abi.encodeWithSelector(SumTree.WrongPathLength.selector, 160, 120));
        registry.requireIncluded(2, leaves[3], path);
        Leaf memory leaf = leaves[3];
        leaf.units += 1;
        vm.expectRevert(abi.encodeWithSelector(SumTree.WrongTotal.selector, root.units, root.units + 1));
        registry.requireIncluded(1, leaf, path);
    }

    function test_nothing_is_included_in_a_statement_that_is_not_there(uint64 sequence) public {
        _publish(_next());
        vm.assume(sequence != 1);
        (, bytes memory path) = SumTreeReference.grow(leaves, 3);
        vm.expectRevert(abi.encodeWithSelector(ILiabilityRegistry.UnknownSequence.selector, 1, sequence));
        registry.requireIncluded(sequence, leaves[3], path);
    }

    /// The statement over the five leaves that may follow now, as of some seconds ago.
    function _next() private view returns (Liabilities memory) {
        (Root memory root,) = SumTreeReference.grow(leaves, 0);
        uint64 last = registry.lastSequence();
        bytes32 previous = registry.publicationOf(last).digest;
        return Liabilities(
            "USDC", 6, root.hash, root.units, root.leaves, 345 + last, "head", NOW - 100 + last, last + 1, previous
        );
    }

    function _publish(Liabilities memory wish) private returns (bytes32 digest) {
        digest = registry.digestOf(wish);
        registry.publish(wish, _sign("custodian", digest));
    }

    /// Refused whatever else is wrong: also signed by somebody else.
    function _refused(Liabilities memory wish, bytes memory reason) private {
        bytes memory signature = _sign("impostor", registry.digestOf(wish));
        vm.expectRevert(reason);
        registry.publish(wish, signature);
    }
}
