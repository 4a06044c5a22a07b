// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionBook} from "../src/PositionBook.sol";
import {Header} from "../src/interfaces/IPositionBook.sol";
import {Base} from "./Base.sol";
import {PositionBookDice} from "./PositionBookDice.sol";
import {PlainCodec, PlainRow, PlainRun} from "./PositionBookReference.sol";

/// Lives a book's life with random batches, good and bad, between six accounts in eleven instruments, and rebuilds it
/// from nothing but the calldata of what was accepted: positions and cash by plain addition, digests by hashing.
contract PositionBookHandler is PositionBookDice {
    uint256 internal constant ACCOUNTS = 6;
    uint256 internal constant NUMBERS = 12;

    /// Steps by how they ended: the control that the sequences do something.
    mapping(string how => uint256) public counted;
    mapping(address account => mapping(uint256 instrument => int256)) public lots;
    mapping(address account => mapping(uint256 instrument => int256)) public cash;
    bytes32[] private _digests;

    constructor() {
        setUp();
    }

    /// A batch that is mostly right: the book decides, and what it takes is counted here without a check.
    function mirror(uint256 seed) public {
        _state = seed;
        PlainRow[] memory rows = _rows();
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(rows);
        Header memory header = _next();
        if (!_sent(header, marks, runs)) return _done("refused");
        for (uint256 i; i < rows.length; ++i) {
            _count(rows[i]);
        }
        _digests.push(
            keccak256(
                abi.encode(TYPEHASH, _digests.length + 1, _last(), header.asOf, keccak256(marks), keccak256(runs))
            )
        );
        _done(rows.length == 0 ? "heartbeat" : "mirrored");
    }

    /// A good batch in another place of the chain, or behind another digest.
    function fork(uint64 sequence, bytes32 previous) public {
        Header memory header = Header(sequence, previous, 0);
        if (sequence == _digests.length + 1 && previous == _last()) header.sequence = 0;
        if (sequence % 2 == 0) header.sequence = uint64(_digests.length + 1);
        if (sequence % 2 == 0 && previous == _last()) header.previousDigest = "another";
        vm.assertFalse(_sent(header, "", ""), "the history forked");
        _done("fork");
    }

    /// As many as the random rows know of; and the same one never twice.
    function list(uint96 subId) public {
        uint256 listed = book.instruments();
        vm.startPrank(admin);
        if (listed < 11) book.listInstrument(address(0xa6), uint96(listed), 1e15);
        (bool done,) =
            address(book).call(abi.encodeCall(book.listInstrument, (ASSET, subId % LISTED, uint128(1 + subId % 1e18))));
        vm.stopPrank();
        vm.assertFalse(done, "one instrument under two numbers");
        _done("list");
    }

    /// What is right in all but who sends it.
    function meddle(address caller, uint256 seed) public {
        if (caller == operator || caller == address(vm)) return;
        Header memory header = _next();
        _state = seed;
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(_rows());
        vm.prank(caller);
        (bool done,) = address(book).call(abi.encodeCall(book.mirror, (header, marks, runs)));
        vm.assertFalse(done, "only the operator mirrors");
        _done("meddle");
    }

    function theBook() public view returns (PositionBook) {
        return book;
    }

    /// Of each instrument: the sum of lots and of cash, once every position is what the calldata add up to.
    function sums() public view returns (int256[NUMBERS] memory ofLots, int256[NUMBERS] memory ofCash) {
        address[] memory accounts = new address[](ACCOUNTS * NUMBERS);
        uint32[] memory numbers = new uint32[](ACCOUNTS * NUMBERS);
        for (uint256 i; i < numbers.length; ++i) {
            (accounts[i], numbers[i]) = (address(uint160(1 + i / NUMBERS)), uint32(i % NUMBERS));
        }
        int64[] memory held = book.positionsOf(accounts, numbers);
        for (uint256 i; i < held.length; ++i) {
            vm.assertTrue(held[i] == lots[accounts[i]][numbers[i]], "position");
            ofLots[numbers[i]] += held[i];
            ofCash[numbers[i]] += cash[accounts[i]][numbers[i]];
        }
    }

    function digests() public view returns (bytes32[] memory) {
        return _digests;
    }

    function _sent(Header memory header, bytes memory marks, bytes memory runs) private returns (bool done) {
        vm.prank(operator);
        (done,) = address(book).call(abi.encodeCall(book.mirror, (header, marks, runs)));
    }

    function _count(PlainRow memory row) private {
        for (uint256 i; i < row.runs.length; ++i) {
            PlainRun memory run = row.runs[i];
            for (uint256 lane; lane < 4; ++lane) {
                lots[run.account][4 * row.page + lane] += run.lots[lane];
                cash[run.account][4 * row.page + lane] += run.cash[lane];
            }
        }
    }

    function _last() private view returns (bytes32) {
        return _digests.length == 0 ? bytes32(0) : _digests[_digests.length - 1];
    }

    function _done(string memory how) private {
        counted[how] += 1;
    }
}

contract PositionBookInvariants is Base {
    PositionBookHandler internal handler;

    function setUp() public {
        handler = new PositionBookHandler();
        _target(address(handler));
        string[4] memory steps = ["mirror(uint256)", "fork(uint64,bytes32)", "list(uint96)", "meddle(address,uint256)"];
        for (uint256 i; i < steps.length; ++i) {
            _step(address(handler), steps[i]);
        }
        // What counts most comes as often as all the rest.
        _step(address(handler), "mirror(uint256)");
        _step(address(handler), "mirror(uint256)");
    }

    /// One campaign for all: positions and cash sum to zero over any number of batches, the calldata alone rebuilds the
    /// book, and its history is one chain.
    function invariant_every_instrument_sums_to_zero_and_the_history_is_one_chain_of_what_was_sent() public view {
        PositionBook book = handler.theBook();
        (int256[12] memory lots, int256[12] memory cash) = handler.sums();
        for (uint256 instrument; instrument < 12; ++instrument) {
            if (lots[instrument] != 0) revert("lots must sum to zero");
            if (cash[instrument] != 0) revert("cash must sum to zero");
        }
        bytes32[] memory digests = handler.digests();
        (uint64 sequence, bytes32 digest) = book.head();
        vm.assertEq(uint256(sequence), digests.length, "one sequence for each batch");
        vm.assertEq(digest, digests.length == 0 ? bytes32(0) : digests[digests.length - 1], "head");
    }
}

/// The control: sequences in which nothing happens would keep every invariant. One of its own, so that it does not hang
/// on the dice of a campaign.
contract PositionBookInvariantsControl is Base {
    function test_every_kind_of_step_happens() public {
        PositionBookHandler handler = new PositionBookHandler();
        for (uint256 i; i < 240; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            handler.mirror(dice);
            if (i % 4 == 0) handler.fork(uint64(dice), bytes32(dice >> 64));
            if (i % 4 == 1) handler.list(uint96(dice));
            if (i % 4 == 2) handler.meddle(address(uint160(dice)), dice);
        }
        string[6] memory kinds = ["mirrored", "heartbeat", "refused", "fork", "list", "meddle"];
        for (uint256 i; i < kinds.length; ++i) {
            vm.assertGt(handler.counted(kinds[i]), 16, kinds[i]);
        }
        uint256 moved;
        for (uint32 instrument; instrument < 12; ++instrument) {
            if (handler.lots(address(1), instrument) != 0 && handler.cash(address(1), instrument) != 0) ++moved;
        }
        vm.assertGt(moved, 6, "most instruments must be held, and paid for");
    }
}
