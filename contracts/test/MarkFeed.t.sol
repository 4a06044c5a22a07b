// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarkFeed} from "../src/MarkFeed.sol";
import {IMarkFeed, LatestMark, MarkBatch, SourceSignature} from "../src/interfaces/IMarkFeed.sol";
import {ContractSigner} from "./Base.sol";
import {MarkFeedBase} from "./MarkFeedBase.sol";

contract MarkFeedTest is MarkFeedBase {
    event SourcesChanged(uint64 indexed edition, address[] sources, uint256 quorum);
    event MarksPublished(uint64 indexed asOf, bytes32 digest, uint256 marks);

    uint32 internal constant PERP = 6;
    uint32 internal constant NEIGHBOUR = 7;

    function setUp() public {
        vm.warp(NOW);
        feed = _newFeed();
    }

    function test_the_first_set_of_sources_is_in_force() public view {
        (uint64 edition, uint64 sources, uint64 quorum) = feed.sourceSet();
        vm.assertEq(edition, 1, "edition");
        vm.assertEq(sources, 5, "sources");
        vm.assertEq(quorum, 3, "quorum");
        vm.assertTrue(feed.isSource(_party(roles[4])), "the last of them");
        vm.assertFalse(feed.isSource(stranger), "nobody else");
        vm.assertEq(feed.heartbeat(), HEARTBEAT, "heartbeat");
    }

    // -- what is refused, in order ------------------------------------------------------------------------------------

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_publish_refuses_in_order_of_precedence() public {
        _publish(NOW, PERP, 5);
        bytes memory late = abi.encodePacked(_mark(PERP, 0, SURE + 1), uint8(0));
        MarkBatch memory batch = MarkBatch(2, NOW + 1, late);
        SourceSignature[] memory none = new SourceSignature[](2);

        _refused(batch, none, abi.encodeWithSelector(IMarkFeed.WrongEdition.selector, 1, 2));
        batch.edition = 1;
        _refused(batch, none, abi.encodeWithSelector(IMarkFeed.TimeInFuture.selector, NOW + 1, NOW));
        batch.asOf = NOW;
        _refused(batch, none, abi.encodeWithSelector(IMarkFeed.WrongLength.selector, 16));
        batch.marks = "";
        _refused(batch, none, abi.encodeWithSelector(IMarkFeed.WrongLength.selector, 0));
        batch.marks = _mark(PERP, 0, SURE + 1);
        _refused(batch, none, abi.encodeWithSelector(IMarkFeed.QuorumNotReached.selector, 3, 2));
        _refused(batch, new SourceSignature[](3), abi.encodeWithSelector(IMarkFeed.SignaturesNotSorted.selector, 0));
        SourceSignature[] memory signed = _signed(batch, 7);
        signed[0] = SourceSignature(address(1), "");
        _refused(batch, signed, abi.encodeWithSelector(IMarkFeed.UnknownSource.selector, address(1)));
        signed[0].source = _party(roles[0]);
        bytes memory wrong = abi.encodeWithSelector(IMarkFeed.WrongSourceSignature.selector, _party(roles[0]));
        _refused(batch, signed, wrong);
        _refused(batch, _signed(batch, 7), abi.encodeWithSelector(IMarkFeed.ZeroPrice.selector, PERP));
        batch.marks = _mark(PERP, 1, SURE + 1);
        bytes memory range = abi.encodeWithSelector(IMarkFeed.ConfidenceOutOfRange.selector, PERP, SURE, SURE + 1);
        _refused(batch, _signed(batch, 7), range);
        batch.marks = _mark(PERP, 1, SURE);
        _refused(batch, _signed(batch, 7), abi.encodeWithSelector(IMarkFeed.TimeNotAfter.selector, PERP, NOW, NOW));
        vm.warp(NOW + 1);
        batch.asOf = NOW + 1;
        feed.publish(batch, _signed(batch, 7));
    }

    function test_of_two_marks_at_fault_the_first_is_named_and_nothing_is_kept() public {
        MarkBatch memory batch = _batch(NOW, 1, 5);
        batch.marks = abi.encodePacked(batch.marks, _mark(2, 7, SURE + 1), _mark(3, 0, SURE));
        bytes memory range = abi.encodeWithSelector(IMarkFeed.ConfidenceOutOfRange.selector, 2, SURE, SURE + 1);
        _refused(batch, _signed(batch, 7), range);
        vm.assertEq(feed.latestOf(1).price, 0, "not the good one before it either");
    }

    function test_an_instrument_twice_in_a_batch_is_refused() public {
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        batch.marks = abi.encodePacked(batch.marks, _mark(NEIGHBOUR, 7, SURE), _mark(PERP, 6, SURE));
        _refused(batch, _signed(batch, 7), abi.encodeWithSelector(IMarkFeed.TimeNotAfter.selector, PERP, NOW, NOW));
    }

    function test_nobody_counts_twice() public {
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        SourceSignature[] memory signed = _signed(batch, 7);
        signed[2] = signed[1];
        _refused(batch, signed, abi.encodeWithSelector(IMarkFeed.SignaturesNotSorted.selector, 2));
    }

    function test_every_signature_beyond_the_quorum_must_be_right_too() public {
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        SourceSignature[] memory signed = _signed(batch, 31);
        signed[4].signature = _sign(roles[3], feed.digestOf(batch));
        address last = _party(roles[4]);
        _refused(batch, signed, abi.encodeWithSelector(IMarkFeed.WrongSourceSignature.selector, last));
    }

    /// Also the mirrored signature of the right key, and none at all.
    function test_a_signature_is_good_for_one_batch_feed_and_chain(uint8 which) public {
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        MarkFeed other = new MarkFeed(admin, HEARTBEAT, _sources(5), 3);
        bytes32 digest = feed.digestOf(batch);
        bytes memory before = _sign(roles[1], digest);
        bytes memory elsewhere = _sign(roles[1], other.digestOf(batch));
        if (which % 4 == 0) batch.asOf -= 1;
        if (which % 4 == 1) batch.marks = _mark(PERP + 1, 5, SURE);
        if (which % 4 == 2) batch.marks = _mark(PERP, 6, SURE);
        if (which % 4 == 3) batch.marks = _mark(PERP, 5, SURE - 1);
        bytes[4] memory wrong = [before, elsewhere, _signHighS(roles[1], feed.digestOf(batch)), bytes("")];
        for (uint256 i; i < wrong.length; ++i) {
            SourceSignature[] memory signed = _signed(batch, 7);
            signed[1].signature = wrong[i];
            address source = _party(roles[1]);
            _refused(batch, signed, abi.encodeWithSelector(IMarkFeed.WrongSourceSignature.selector, source));
        }
        feed.publish(batch, _signed(batch, 7));
    }

    function test_another_chain_has_other_digests() public {
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        SourceSignature[] memory signed = _signed(batch, 7);
        vm.chainId(block.chainid + 1);
        address source = _party(roles[0]);
        _refused(batch, signed, abi.encodeWithSelector(IMarkFeed.WrongSourceSignature.selector, source));
    }

    function test_a_batch_counts_once_and_an_older_one_not_at_all() public {
        MarkBatch memory old = _batch(NOW - 9, PERP, 4);
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        feed.publish(batch, _signed(batch, 7));
        _refused(batch, _signed(batch, 28), abi.encodeWithSelector(IMarkFeed.TimeNotAfter.selector, PERP, NOW, NOW));
        _refused(old, _signed(old, 7), abi.encodeWithSelector(IMarkFeed.TimeNotAfter.selector, PERP, NOW, NOW - 9));
        vm.assertEq(feed.latestOf(PERP).price, 5, "twice = once");
    }

    /// What the standard says, written out plainly: the twin of the library's.
    function test_the_digest_is_that_of_EIP712(uint64 edition, uint64 asOf, uint32[4] memory drawn) public view {
        bytes32 typehash = keccak256("Mark(uint32 instrument,uint64 price_e6,uint24 confidence_e6)");
        MarkBatch memory batch = MarkBatch(edition, asOf, "");
        bytes memory hashes;
        for (uint256 i; i < drawn.length; ++i) {
            (uint64 price, uint24 sure) = (uint64(drawn[i]) << 32 | drawn[3 - i], uint24(drawn[i]));
            batch.marks = abi.encodePacked(batch.marks, _mark(drawn[i], price, sure));
            hashes = abi.encodePacked(hashes, keccak256(abi.encode(typehash, drawn[i], price, sure)));
        }
        bytes32 batchType = keccak256(
            "MarkBatch(uint64 edition,uint64 as_of_s,Mark[] marks)Mark(uint32 instrument,uint64 price_e6,uint24 confidence_e6)"
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Bulkhead Marks"),
                keccak256("1"),
                block.chainid,
                address(feed)
            )
        );
        bytes32 hashed = keccak256(abi.encode(batchType, edition, asOf, keccak256(hashes)));
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, hashed));
        vm.assertEq(feed.digestOf(batch), expected, "digest");
    }

    // -- what is taken ------------------------------------------------------------------------------------------------

    function test_anyone_brings_what_any_three_or_more_have_signed(uint256 who, uint64 price, uint24 confidence)
        public
    {
        price = uint64(_bound(price, 1, type(uint64).max));
        MarkBatch memory batch = MarkBatch(1, NOW, _mark(PERP, price, uint24(_bound(confidence, 0, SURE))));
        uint256 signers = _count(who);
        bytes32 digest = feed.digestOf(batch);
        SourceSignature[] memory signed = _signed(batch, who);
        if (signers < 3) {
            _refused(batch, signed, abi.encodeWithSelector(IMarkFeed.QuorumNotReached.selector, 3, signers));
            return;
        }
        vm.expectEmit();
        emit MarksPublished(NOW, digest, 1);
        vm.prank(stranger);
        feed.publish(batch, signed);
        _isLatest(PERP, price, uint24(_bound(confidence, 0, SURE)), NOW);
    }

    /// Neighbours share a slot: what one is told must not touch the other, whichever comes first.
    function test_marks_are_read_together_as_each_alone(uint32[3] memory drawn, uint64 price) public {
        vm.assume(price > 0);
        _publish(NOW, drawn[0], price);
        uint32[] memory instruments = new uint32[](3);
        for (uint256 i; i < 3; ++i) {
            instruments[i] = drawn[i];
        }
        LatestMark[] memory latest = feed.latestOfEach(instruments);
        for (uint256 i; i < 3; ++i) {
            bytes32 alone = keccak256(abi.encode(feed.latestOf(drawn[i])));
            vm.assertEq(keccak256(abi.encode(latest[i])), alone, "the same");
        }
        vm.assertEq(latest[0].price, price, "and not nothing");
    }

    function test_nobody_is_a_source_but_the_five(address somebody) public view {
        bool isOne;
        for (uint256 i; i < 5; ++i) {
            vm.assertTrue(feed.isSource(_sources(5)[i]), "a source");
            if (somebody == _sources(5)[i]) isOne = true;
        }
        vm.assertTrue(feed.isSource(somebody) == isOne, "and nobody else");
    }

    function test_a_mark_leaves_every_other_one_alone(uint32 instrument, uint64[2] memory prices, uint24[2] memory sure)
        public
    {
        uint32 neighbour = instrument ^ 1;
        for (uint256 i; i < 2; ++i) {
            prices[i] = uint64(_bound(prices[i], 1, type(uint64).max));
            sure[i] = uint24(_bound(sure[i], 0, SURE));
        }
        MarkBatch memory both = MarkBatch(1, NOW - 5, "");
        both.marks = abi.encodePacked(_mark(instrument, prices[0], sure[0]), _mark(neighbour, prices[1], sure[1]));
        feed.publish(both, _signed(both, 7));
        _isLatest(instrument, prices[0], sure[0], NOW - 5);
        _isLatest(neighbour, prices[1], sure[1], NOW - 5);

        _publish(NOW, instrument, 1);
        _isLatest(instrument, 1, SURE, NOW);
        _isLatest(neighbour, prices[1], sure[1], NOW - 5);
        vm.assertEq(feed.latestOf(instrument ^ 2).price, 0, "two further on");
    }

    function test_sources_that_are_contracts_sign_by_ERC1271() public {
        ContractSigner signer = new ContractSigner();
        address[] memory one = new address[](1);
        one[0] = address(signer);
        _setSources(one, 1);
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        SourceSignature[] memory signed = new SourceSignature[](1);
        signed[0].source = address(signer);
        bytes memory wrong = abi.encodeWithSelector(IMarkFeed.WrongSourceSignature.selector, address(signer));
        _refused(batch, signed, wrong);
        signer.approve(feed.digestOf(batch));
        feed.publish(batch, signed);
        _isLatest(PERP, 5, SURE, NOW);
    }

    function test_many_marks_are_read_in_turn() public {
        _publish(NOW - 1, 3, 30);
        _publish(NOW, 9, 90);
        uint32[] memory asked = new uint32[](3);
        (asked[0], asked[1], asked[2]) = (9, 4, 3);
        LatestMark[] memory latest = feed.latestOfEach(asked);
        vm.assertEq(latest[0].price, 90, "as asked");
        vm.assertEq(latest[1].asOf, 0, "never marked");
        vm.assertEq(latest[2].asOf, NOW - 1, "each with its time");
    }

    // -- the heartbeat ------------------------------------------------------------------------------------------------

    function test_markOf_refuses_what_was_never_marked(uint32 instrument) public {
        vm.expectRevert(abi.encodeWithSelector(IMarkFeed.NoMark.selector, instrument));
        feed.markOf(instrument);
    }

    function test_markOf_refuses_a_mark_older_than_the_heartbeat(uint64 asOf, uint32 waited) public {
        asOf = uint64(_bound(asOf, 1, NOW));
        _publish(asOf, PERP, 5);
        vm.warp(uint256(NOW) + waited);
        uint256 age = block.timestamp - asOf;
        if (age > HEARTBEAT) {
            vm.expectRevert(
                abi.encodeWithSelector(IMarkFeed.StaleMark.selector, PERP, asOf, HEARTBEAT, block.timestamp)
            );
        }
        (uint64 price,) = feed.markOf(PERP);
        vm.assertEq(price, age > HEARTBEAT ? 0 : 5, "fresh");
        _isLatest(PERP, 5, SURE, asOf);
    }

    function test_a_mark_is_good_until_the_heartbeat_and_not_a_second_longer() public {
        _publish(NOW, PERP, 5);
        vm.warp(NOW + HEARTBEAT);
        feed.markOf(PERP);
        vm.warp(NOW + HEARTBEAT + 1);
        uint64 late = NOW + HEARTBEAT + 1;
        vm.expectRevert(abi.encodeWithSelector(IMarkFeed.StaleMark.selector, PERP, NOW, HEARTBEAT, late));
        feed.markOf(PERP);
    }

    function test_a_heartbeat_of_any_length_is_never_over_run() public {
        feed = new MarkFeed(admin, type(uint64).max, _sources(5), 3);
        _publish(NOW, PERP, 5);
        vm.warp(type(uint64).max);
        feed.markOf(PERP);
    }

    // -- the sources --------------------------------------------------------------------------------------------------

    function test_setSources_refuses_everybody_but_the_admin_first(address caller) public {
        vm.assume(caller != admin);
        _expectUnauthorized(caller, 0);
        vm.prank(caller);
        feed.setSources(new address[](1), 0);
    }

    function test_setSources_refuses_in_order_of_precedence() public {
        address[] memory sources = _sources(2);
        (sources[0], sources[1]) = (sources[1], sources[0]);
        _setRefused(sources, 3, abi.encodeWithSelector(IMarkFeed.SourcesNotSorted.selector, 1));
        sources[1] = sources[0];
        _setRefused(sources, 3, abi.encodeWithSelector(IMarkFeed.SourcesNotSorted.selector, 1));
        sources[0] = address(0);
        _setRefused(sources, 3, abi.encodeWithSelector(IMarkFeed.SourcesNotSorted.selector, 0));
        _setRefused(_sources(2), 3, abi.encodeWithSelector(IMarkFeed.QuorumOutOfRange.selector, 2, 3));
        _setRefused(_sources(2), 0, abi.encodeWithSelector(IMarkFeed.QuorumOutOfRange.selector, 2, 0));
        _setRefused(new address[](0), 0, abi.encodeWithSelector(IMarkFeed.QuorumOutOfRange.selector, 0, 0));
    }

    function test_a_set_is_taken_exactly_if_its_quorum_can_be_reached(uint8 sources, uint256 quorum) public {
        sources %= 6;
        if (quorum == 0 || quorum > sources) {
            _setRefused(
                _sources(sources), quorum, abi.encodeWithSelector(IMarkFeed.QuorumOutOfRange.selector, sources, quorum)
            );
            return;
        }
        _setSources(_sources(sources), quorum);
        (uint64 edition, uint64 listed, uint64 required) = feed.sourceSet();
        vm.assertEq(edition * 100 + listed * 10 + required, 200 + uint256(sources) * 10 + quorum, "in force");
    }

    function test_a_feed_without_a_quorum_cannot_be_deployed() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkFeed.QuorumOutOfRange.selector, 5, 6));
        new MarkFeed(admin, HEARTBEAT, _sources(5), 6);
    }

    function test_a_change_of_sources_tells_the_whole_new_set() public {
        vm.expectEmit();
        emit SourcesChanged(2, _sources(4), 2);
        _setSources(_sources(4), 2);
        (uint64 edition, uint64 sources, uint64 quorum) = feed.sourceSet();
        vm.assertEq(edition * 100 + sources * 10 + quorum, 242, "in force");
        vm.assertFalse(feed.isSource(_party(roles[4])), "left out is revoked");
    }

    /// What lacked a quorum does not come to have one, and a source that comes back brings no old word with it.
    function test_a_change_of_sources_validates_no_old_signature_and_voids_those_that_were_good() public {
        MarkBatch memory batch = _batch(NOW, PERP, 5);
        SourceSignature[] memory two = _signed(batch, 3);
        SourceSignature[] memory three = _signed(batch, 7);
        _refused(batch, two, abi.encodeWithSelector(IMarkFeed.QuorumNotReached.selector, 3, 2));
        _setSources(_sources(5), 2);
        _refused(batch, two, abi.encodeWithSelector(IMarkFeed.WrongEdition.selector, 2, 1));
        _refused(batch, three, abi.encodeWithSelector(IMarkFeed.WrongEdition.selector, 2, 1));
        batch.edition = 2;
        address first = _party(roles[0]);
        _refused(batch, two, abi.encodeWithSelector(IMarkFeed.WrongSourceSignature.selector, first));
        feed.publish(batch, _signed(batch, 3));
    }

    function test_a_revoked_source_is_refused_and_its_marks_stay() public {
        _publish(NOW - 1, PERP, 5);
        _setSources(_sources(3), 3);
        MarkBatch memory batch = _batch(NOW, PERP, 6);
        address revoked = _party(roles[3]);
        _refused(batch, _signed(batch, 11), abi.encodeWithSelector(IMarkFeed.UnknownSource.selector, revoked));
        _isLatest(PERP, 5, SURE, NOW - 1);
    }

    // -- ways to say it -----------------------------------------------------------------------------------------------

    function _isLatest(uint32 instrument, uint64 price, uint24 confidence, uint64 asOf) private view {
        LatestMark memory latest = feed.latestOf(instrument);
        vm.assertEq(latest.price, price, "price");
        vm.assertEq(latest.confidence, confidence, "confidence");
        vm.assertEq(latest.asOf, asOf, "time");
    }

    function _refused(MarkBatch memory batch, SourceSignature[] memory signatures, bytes memory reason) private {
        vm.expectRevert(reason);
        feed.publish(batch, signatures);
    }

    function _setSources(address[] memory sources, uint256 quorum) private {
        vm.prank(admin);
        feed.setSources(sources, quorum);
    }

    function _setRefused(address[] memory sources, uint256 quorum, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(admin);
        feed.setSources(sources, quorum);
    }
}
