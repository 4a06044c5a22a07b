// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionBook} from "../src/PositionBook.sol";
import {Header, IPositionBook, Instrument} from "../src/interfaces/IPositionBook.sol";
import {Base} from "./Base.sol";
import {PlainCodec, PlainRow, PlainRun} from "./PositionBookReference.sol";

/// A book with seven instruments: three on page 0, where number 0 is nobody's, and four on page 1.
abstract contract PositionBookBase is Base {
    event BatchMirrored(uint64 indexed sequence, bytes32 digest, uint64 asOf, uint256 runs);
    event InstrumentListed(uint32 indexed instrument, address indexed asset, uint96 subId, uint128 lotSizeE18);

    bytes32 internal constant TYPEHASH =
        keccak256("Batch(uint64 sequence,bytes32 previousDigest,uint64 asOf,bytes marks,bytes runs)");
    uint32 internal constant BTC_PERP = 1;
    uint32 internal constant ETH_PERP = 6;
    uint32 internal constant LISTED = 7;
    address internal constant ASSET = address(0xa5);
    address internal constant CLIENT = address(0xc1);
    address internal constant VENUE = address(0xc2);

    address internal immutable operator = _party("operator");
    PositionBook internal book;

    function setUp() public virtual {
        book = new PositionBook(admin);
        vm.startPrank(admin);
        book.grantRole(book.OPERATOR_ROLE(), operator);
        for (uint96 subId; subId < LISTED; ++subId) {
            book.listInstrument(ASSET, subId, 1e15);
        }
        vm.stopPrank();
    }

    /// The client buys lots of the venue for cash; one row, marked at 3,000 USD.
    function _trade(uint32 instrument, int64 lots, int64 cash) internal pure returns (PlainRow[] memory rows) {
        rows = new PlainRow[](1);
        uint256 lane = instrument % 4;
        rows[0].page = instrument / 4;
        rows[0].lanes = uint8(1 << lane);
        rows[0].prices[lane] = 3_000e6;
        rows[0].runs = new PlainRun[](2);
        (rows[0].runs[0].account, rows[0].runs[1].account) = (CLIENT, VENUE);
        (rows[0].runs[0].lots[lane], rows[0].runs[1].lots[lane]) = (lots, -lots);
        (rows[0].runs[0].cash[lane], rows[0].runs[1].cash[lane]) = (-cash, cash);
    }

    function _next() internal view returns (Header memory) {
        (uint64 sequence, bytes32 digest) = book.head();
        return Header(sequence + 1, digest, 1_760_000_000 + sequence);
    }

    function _mirror(PlainRow[] memory rows) internal returns (bytes32) {
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(rows);
        Header memory header = _next();
        vm.prank(operator);
        return book.mirror(header, marks, runs);
    }

    function _refused(Header memory header, bytes memory marks, bytes memory runs, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(operator);
        book.mirror(header, marks, runs);
    }

    function _refused(PlainRow[] memory rows, bytes memory reason) internal {
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(rows);
        _refused(_next(), marks, runs, reason);
    }
}

contract PositionBookListing is PositionBookBase {
    function test_listInstrument_refuses_in_order_of_precedence() public {
        _expectUnauthorized(operator, book.DEFAULT_ADMIN_ROLE());
        vm.prank(operator);
        book.listInstrument(ASSET, 0, 0);
        vm.startPrank(admin);
        vm.expectRevert(IPositionBook.ZeroLotSize.selector);
        book.listInstrument(ASSET, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IPositionBook.InstrumentAlreadyListed.selector, 1));
        book.listInstrument(ASSET, 0, 1);
        vm.stopPrank();
    }

    function test_instruments_are_numbered_in_turn_and_keep_what_they_are(uint96 subId, uint128 lotSize) public {
        vm.assume(lotSize > 0);
        address other = address(0xa6);
        vm.expectEmit();
        emit InstrumentListed(LISTED + 1, other, subId, lotSize);
        vm.prank(admin);
        vm.assertEq(uint256(book.listInstrument(other, subId, lotSize)), LISTED + 1, "the next number");
        vm.assertEq(uint256(book.instruments()), LISTED + 1, "how many");
        vm.assertEq(uint256(book.instrumentOf(other, subId)), LISTED + 1, "back");
        Instrument memory listed = book.instrumentAt(LISTED + 1);
        vm.assertEq(listed.asset, other, "asset");
        vm.assertEq(uint256(listed.subId), subId, "all 96 bits of a sub-id");
        vm.assertEq(uint256(listed.lotSizeE18), lotSize, "lot size");
        vm.assertEq(uint256(book.instrumentOf(other, subId ^ 1)), 0, "not listed");
        vm.assertEq(book.instrumentAt(0).asset, address(0), "number 0 is nobody's");
    }
}

contract PositionBookTest is PositionBookBase {
    function test_mirror_refuses_everybody_but_the_operator_first(address caller) public {
        vm.assume(caller != operator);
        _expectUnauthorized(caller, book.OPERATOR_ROLE());
        vm.prank(caller);
        book.mirror(Header(7, "x", 0), hex"00", "");
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_mirror_refuses_in_order_of_precedence() public {
        (PlainRow[] memory rows, PlainRun[] memory runs) = (new PlainRow[](2), new PlainRun[](2));
        rows[0].page = 1;
        rows[0].runs = runs;
        rows[1].lanes = 1;
        (runs[0].account, runs[1].account) = (VENUE, CLIENT);
        rows[0].lanes = 31;
        rows[0].prices[0] = 1;

        (bytes memory marks, bytes memory moves) = PlainCodec.encode(rows);
        Header memory header = Header(7, "x", 0);
        bytes memory reason = abi.encodeWithSelector(IPositionBook.WrongSequence.selector, 1, 7);
        _refused(header, bytes.concat(marks, "."), moves, reason);
        header.sequence = 1;
        reason = abi.encodeWithSelector(IPositionBook.WrongPreviousDigest.selector, bytes32(0), bytes32("x"));
        _refused(header, bytes.concat(marks, "."), moves, reason);
        header.previousDigest = 0;
        reason = abi.encodeWithSelector(IPositionBook.WrongMarksLength.selector, 145);
        _refused(header, bytes.concat(marks, "."), moves, reason);

        _refused(rows, abi.encodeWithSelector(IPositionBook.WrongLanes.selector, 0, 31));
        rows[0].page = 2;
        rows[0].lanes = 6;
        _refused(rows, abi.encodeWithSelector(IPositionBook.InstrumentNotListed.selector, 9));
        rows[0].page = 1;
        _refused(rows, abi.encodeWithSelector(IPositionBook.InstrumentNotMarked.selector, 4));
        rows[0].prices[0] = 0;

        (marks, moves) = PlainCodec.encode(rows);
        reason = abi.encodeWithSelector(IPositionBook.WrongRunsLength.selector, 168, 167);
        _refused(header, marks, _cut(moves, 167), reason);

        runs[0].account = address(0);
        _refused(rows, abi.encodeWithSelector(IPositionBook.RunsNotSorted.selector, 0));
        runs[0].account = VENUE;
        _refused(rows, abi.encodeWithSelector(IPositionBook.EmptyRun.selector, 0));
        runs[0].cash[3] = 5;
        _refused(rows, abi.encodeWithSelector(IPositionBook.InstrumentNotMarked.selector, 7));
        (runs[0].cash[3], runs[0].cash[2], runs[0].lots[1]) = (0, 5, 8);
        _refused(rows, abi.encodeWithSelector(IPositionBook.RunsNotSorted.selector, 1));
        (runs[0].account, runs[1].account) = (CLIENT, CLIENT);
        _refused(rows, abi.encodeWithSelector(IPositionBook.RunsNotSorted.selector, 1));
        (runs[1].account, runs[1].lots[1]) = (VENUE, -5);
        _refused(rows, abi.encodeWithSelector(IPositionBook.InstrumentNotZeroSum.selector, 5, 3));
        runs[1].lots[1] = -8;
        _refused(rows, abi.encodeWithSelector(IPositionBook.CashNotZeroSum.selector, 6, 5));
        runs[1].cash[2] = -5;

        _refused(rows, abi.encodeWithSelector(IPositionBook.MarksNotSorted.selector, 1));
        rows[1].page = 1;
        _refused(rows, abi.encodeWithSelector(IPositionBook.MarksNotSorted.selector, 1));
        (rows[0], rows[1]) = (rows[1], rows[0]);
        rows[0].page = 0;
        _refused(rows, abi.encodeWithSelector(IPositionBook.InstrumentNotListed.selector, 0));
        rows[0].lanes = 2;

        (marks, moves) = PlainCodec.encode(rows);
        reason = abi.encodeWithSelector(IPositionBook.WrongRunsLength.selector, 168, 169);
        _refused(header, marks, bytes.concat(moves, "."), reason);
        _mirror(rows);
    }

    function test_mirror_refuses_a_position_beyond_int64_and_keeps_the_old_one() public {
        _mirror(_trade(ETH_PERP, type(int64).max, 0));
        bytes memory reason = abi.encodeWithSelector(IPositionBook.LotsOverflow.selector, CLIENT, ETH_PERP);
        _refused(_trade(ETH_PERP, 1, 0), reason);
        vm.assertEq(book.positionOf(CLIENT, ETH_PERP), type(int64).max, "a refusal changes nothing");
        _mirror(_trade(ETH_PERP, -type(int64).max, 0));
        _mirror(_trade(ETH_PERP, -type(int64).max, 0));
        _refused(_trade(ETH_PERP, -2, 0), reason);
        reason = abi.encodeWithSelector(IPositionBook.LotsOverflow.selector, VENUE, ETH_PERP);
        _refused(_trade(ETH_PERP, -1, 0), reason);
    }

    /// Modulo 2^64 these sums are zero; they are not.
    function test_sums_that_are_zero_only_in_64_bits_are_refused() public {
        PlainRow[] memory rows = _trade(ETH_PERP, 0, 0);
        (rows[0].runs[0].lots[2], rows[0].runs[1].lots[2]) = (type(int64).min, type(int64).min);
        int256 sum = -(2 ** 64);
        _refused(rows, abi.encodeWithSelector(IPositionBook.InstrumentNotZeroSum.selector, ETH_PERP, sum));
        (rows[0].runs[0].cash, rows[0].runs[0].lots) = (rows[0].runs[0].lots, rows[0].runs[0].cash);
        (rows[0].runs[1].cash, rows[0].runs[1].lots) = (rows[0].runs[1].lots, rows[0].runs[1].cash);
        _refused(rows, abi.encodeWithSelector(IPositionBook.CashNotZeroSum.selector, ETH_PERP, sum));
    }

    function test_a_row_that_only_another_row_balances_is_refused() public {
        PlainRow[] memory rows = new PlainRow[](2);
        (rows[0], rows[1]) = (_trade(BTC_PERP, 5, 7)[0], _trade(ETH_PERP, 5, 7)[0]);
        (rows[0].runs[1].lots[1], rows[1].runs[1].lots[2]) = (-4, -6);
        _refused(rows, abi.encodeWithSelector(IPositionBook.InstrumentNotZeroSum.selector, BTC_PERP, 1));
    }

    function test_cash_alone_moves_no_position() public {
        _mirror(_trade(BTC_PERP, 5, 7));
        PlainRow[] memory correction = _trade(BTC_PERP, 0, 9);
        _mirror(correction);
        vm.assertEq(book.positionOf(CLIENT, BTC_PERP), 5, "as before");
    }

    function test_a_batch_counts_once() public {
        Header memory header = _next();
        PlainRow[] memory rows = _trade(BTC_PERP, 5, 7);
        _mirror(rows);
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(rows);
        _refused(header, marks, runs, abi.encodeWithSelector(IPositionBook.WrongSequence.selector, 2, 1));
        vm.assertEq(book.positionOf(CLIENT, BTC_PERP), 5, "twice = once");
    }

    function test_a_fork_of_the_history_is_refused_with_the_true_digest() public {
        bytes32 digest = _mirror(_trade(BTC_PERP, 5, 7));
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(_trade(BTC_PERP, 6, 7));
        bytes memory reason =
            abi.encodeWithSelector(IPositionBook.WrongPreviousDigest.selector, digest, bytes32(uint256(digest) ^ 1));
        _refused(Header(2, bytes32(uint256(digest) ^ 1), 0), marks, runs, reason);
    }

    function test_positions_follow_the_trades_sum_to_zero_and_chain_by_digest(int32[8] memory trades) public {
        int256 held;
        for (uint256 i; i < trades.length; ++i) {
            PlainRow[] memory rows = _trade(ETH_PERP, trades[i], 1);
            (bytes memory marks, bytes memory runs) = PlainCodec.encode(rows);
            Header memory header = _next();
            bytes32 expected = keccak256(
                abi.encode(
                    TYPEHASH, header.sequence, header.previousDigest, header.asOf, keccak256(marks), keccak256(runs)
                )
            );
            vm.expectEmit();
            emit BatchMirrored(header.sequence, expected, header.asOf, 2);
            vm.assertEq(_mirror(rows), expected, "returned digest");
            (uint64 sequence, bytes32 digest) = book.head();
            vm.assertEq(uint256(sequence), i + 1, "sequence");
            vm.assertEq(digest, expected, "digest of the head");
            held += trades[i];
            vm.assertEq(book.positionOf(CLIENT, ETH_PERP), held, "client");
            vm.assertEq(book.positionOf(VENUE, ETH_PERP), -held, "the venue holds the other side");
        }
    }

    function test_a_batch_may_be_empty() public {
        _mirror(new PlainRow[](0));
        (uint64 sequence,) = book.head();
        vm.assertEq(uint256(sequence), 1, "a heartbeat advances the head");
    }

    function test_positionsOf_reads_pairwise_and_refuses_lists_of_different_length() public {
        _mirror(_trade(BTC_PERP, 5, 7));
        address[] memory accounts = new address[](2);
        uint32[] memory numbers = new uint32[](2);
        (accounts[0], accounts[1]) = (VENUE, CLIENT);
        (numbers[0], numbers[1]) = (BTC_PERP, ETH_PERP);
        int64[] memory lots = book.positionsOf(accounts, numbers);
        vm.assertEq(lots[0], -5, "venue");
        vm.assertEq(lots[1], 0, "never traded");
        vm.expectRevert(abi.encodeWithSelector(IPositionBook.LengthMismatch.selector, 2, 1));
        book.positionsOf(accounts, new uint32[](1));
    }

    function _cut(bytes memory whole, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) {
            part[i] = whole[i];
        }
    }
}
