// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkFeed, LatestMark, MarkBatch, SourceSignature} from "../src/interfaces/IMarkFeed.sol";
import {Base} from "./Base.sol";
import {MarkFeedBase} from "./MarkFeedBase.sol";

/// Lives a feed's life with random batches, good and bad, over four instruments in two slots; sources change in between.
/// It keeps what each quorum has signed, and compares every instrument after every step.
contract MarkFeedHandler is MarkFeedBase {
    uint32 public constant INSTRUMENTS = 4;

    /// What a quorum of the edition then in force has signed last.
    mapping(uint32 instrument => LatestMark) public signed;
    /// Steps by how they ended: the control that the sequences do something.
    mapping(bytes32 how => uint256) public counted;

    constructor() {
        vm.warp(NOW);
        feed = _newFeed();
    }

    /// `who` signs two marks; one of eight times a signature is another's.
    function publish(uint256 who, uint32 first, uint32 second, uint64 price, uint24 sure, uint8 time, uint8 wrong)
        public
    {
        _try(who, wrong % 8 == 0 ? 1 + wrong / 8 : 0, first, second, price, sure, time);
    }

    /// Everybody signs: so that many batches are refused for their marks or not at all.
    function publishByAll(uint32 first, uint32 second, uint64 price, uint24 sure, uint8 time) public {
        _try(31, 0, first, second, price, sure, time);
    }

    /// Another quorum of the same five: the edition goes on, the marks stay.
    function change(uint256 quorum) public {
        vm.prank(admin);
        feed.setSources(_sources(5), _bound(quorum, 1, 5));
        counted["changed"] += 1;
    }

    function latest(uint32 instrument) public view returns (LatestMark memory) {
        return feed.latestOf(instrument);
    }

    /// Time goes on by up to three seconds, and the batch is up to three seconds old.
    function _try(uint256 who, uint256 forger, uint32 first, uint32 second, uint64 price, uint24 sure, uint8 time)
        private
    {
        vm.warp(block.timestamp + time % 4);
        (first, second) = (first % INSTRUMENTS, second % INSTRUMENTS);
        (price, sure) = (uint64(_bound(price, 0, 1000)), uint24(_bound(sure, 0, SURE + SURE / 8)));
        (uint64 edition,, uint64 quorum) = feed.sourceSet();
        MarkBatch memory batch = MarkBatch(edition, uint64(block.timestamp) - time / 4 % 4, "");
        batch.marks = abi.encodePacked(_mark(first, price, sure), _mark(second, 7, SURE));
        SourceSignature[] memory signatures = _signed(batch, who);
        bool forged = forger > 0 && signatures.length > 0;
        if (forged) signatures[forger % signatures.length].signature = _sign("impostor", feed.digestOf(batch));
        bool good = !forged && signatures.length >= quorum;

        try feed.publish(batch, signatures) {
            vm.assertTrue(good, "only what a quorum has signed is taken");
            _keep(first, LatestMark(price, sure, uint40(batch.asOf)));
            _keep(second, LatestMark(7, SURE, uint40(batch.asOf)));
            counted["taken"] += 1;
        } catch {
            counted[good ? bytes32("refused for its marks") : bytes32("refused for its signatures")] += 1;
        }
    }

    function _keep(uint32 instrument, LatestMark memory mark) private {
        vm.assertGt(mark.asOf, signed[instrument].asOf, "time never falls");
        signed[instrument] = mark;
    }
}

contract MarkFeedInvariants is Base {
    MarkFeedHandler internal handler;

    function setUp() public {
        handler = new MarkFeedHandler();
        _target(address(handler));
    }

    function invariant_a_mark_is_what_a_quorum_signed_last() public view {
        for (uint32 i; i < handler.INSTRUMENTS(); ++i) {
            (uint64 price, uint24 confidence, uint40 asOf) = handler.signed(i);
            LatestMark memory latest = handler.latest(i);
            vm.assertEq(latest.price, price, "price");
            vm.assertEq(latest.confidence, confidence, "confidence");
            vm.assertEq(latest.asOf, asOf, "time");
        }
    }
}

/// The control: a sequence in which nothing happens would keep every invariant. One of its own, so that it does not hang
/// on the dice of a campaign.
contract MarkFeedInvariantsControl is Base {
    function test_batches_are_taken_and_refused_for_every_reason() public {
        MarkFeedHandler handler = new MarkFeedHandler();
        for (uint256 i; i < 150; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            (uint32 first, uint32 second, uint64 price) = (uint32(dice), uint32(dice >> 32), uint64(dice >> 64));
            (uint24 sure, uint8 time, uint8 wrong) = (uint24(dice >> 128), uint8(dice >> 152), uint8(dice >> 160));
            if (i % 3 == 0) handler.publish(dice >> 168, first, second, price, sure, time, wrong);
            if (i % 3 == 1) handler.publishByAll(first, second, price, sure, time);
            if (i % 3 == 2) handler.change(dice);
        }
        vm.assertGt(handler.counted("taken"), 8, "batches must be taken");
        vm.assertGt(handler.counted("refused for its marks"), 8, "marks must be refused");
        vm.assertGt(handler.counted("refused for its signatures"), 8, "signatures must be refused");
        vm.assertGt(handler.counted("changed"), 8, "sources must change");
    }
}
