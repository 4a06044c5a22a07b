// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PerpMargin} from "../src/PerpMargin.sol";
import {PositionBook} from "../src/PositionBook.sol";
import {MarkBatch} from "../src/interfaces/IMarkFeed.sol";
import {DepegTerms, PerpTerms, Statement} from "../src/interfaces/IPerpMargin.sol";
import {Header} from "../src/interfaces/IPositionBook.sol";
import {MarkFeedBase} from "./MarkFeedBase.sol";
import {PlainCodec, PlainRow, PlainRun} from "./PositionBookReference.sol";

/// A book with two perpetuals of a thousandth of a coin a lot, an option, a perpetual of the largest lots and one of the
/// smallest; terms are those of Derive's tests. Every perpetual has a mark, and a spot 100 numbers above it.
abstract contract PerpMarginBase is MarkFeedBase {
    uint32 internal constant BTC = 1;
    uint32 internal constant ETH = 2;
    uint32 internal constant OPTION = 3;
    uint32 internal constant LARGE = 4;
    uint32 internal constant SMALL = 5;
    uint32 internal constant LISTED = 5;
    uint32 internal constant SPOT = 100;
    uint32 internal constant STABLE = 200;
    uint64 internal constant USD = 1e6;
    uint96 internal constant SUB_ID = 2576980377601813910400;

    address internal constant CLIENT = address(0xc1);
    address internal constant VENUE = address(0xc2);
    address internal immutable operator = _party("operator");

    PositionBook internal book;
    PerpMargin internal margin;
    PerpTerms internal usual = PerpTerms(0.065e18, 0.05e18, 0.4e18, 0.4e18);

    function setUp() public virtual {
        vm.warp(NOW);
        feed = _newFeed();
        vm.startPrank(admin);
        book = new PositionBook(admin);
        book.grantRole(book.OPERATOR_ROLE(), operator);
        book.listInstrument(address(0xa1), 0, 1e15);
        book.listInstrument(address(0xa2), 0, 1e15);
        book.listInstrument(address(0xa2), SUB_ID, 1e15);
        book.listInstrument(address(0xa4), 0, type(uint128).max);
        book.listInstrument(address(0xa5), 0, 1);
        margin = new PerpMargin(admin, book, feed, DepegTerms(STABLE, 0.98e18, 1.2e18));
        margin.setPerpTerms(BTC, SPOT + BTC, usual);
        margin.setPerpTerms(ETH, SPOT + ETH, usual);
        margin.refuse(OPTION);
        margin.setPerpTerms(LARGE, SPOT + LARGE, usual);
        margin.setPerpTerms(SMALL, SPOT + SMALL, usual);
        vm.stopPrank();
        _mark(STABLE, USD);
        _market(BTC, 28_000 * USD, 27_990 * USD);
        _market(ETH, 1_500 * USD, 1_505 * USD);
        _market(LARGE, 1 * USD, 1 * USD);
        _market(SMALL, 1 * USD, 1 * USD);
    }

    /// Signed and published, a second after whatever was before.
    function _mark(uint32 instrument, uint64 price, uint24 confidence, uint64 asOf) internal {
        MarkBatch memory batch = MarkBatch(1, asOf, _mark(instrument, price, confidence));
        feed.publish(batch, _signed(batch, 7));
    }

    function _mark(uint32 instrument, uint64 price) internal {
        _sure(instrument, price, SURE);
    }

    function _sure(uint32 instrument, uint64 price, uint24 confidence) internal {
        vm.warp(block.timestamp + 1);
        _mark(instrument, price, confidence, uint64(block.timestamp));
    }

    function _market(uint32 instrument, uint64 spot, uint64 price) internal {
        _mark(SPOT + instrument, spot);
        _mark(instrument, price);
    }

    function _setTerms(uint32 instrument, PerpTerms memory terms) internal {
        vm.prank(admin);
        margin.setPerpTerms(instrument, SPOT + instrument, terms);
    }

    /// The client's position moves by so many lots, the venue's the other way.
    function _trade(uint32 instrument, int64 lots) internal {
        if (lots == 0) return;
        PlainRow[] memory rows = new PlainRow[](1);
        uint256 lane = instrument % 4;
        (rows[0].page, rows[0].lanes) = (instrument / 4, uint8(1 << lane));
        rows[0].runs = new PlainRun[](2);
        (rows[0].runs[0].account, rows[0].runs[1].account) = (CLIENT, VENUE);
        (rows[0].runs[0].lots[lane], rows[0].runs[1].lots[lane]) = (lots, -lots);
        (bytes memory marks, bytes memory runs) = PlainCodec.encode(rows);
        (uint64 sequence, bytes32 digest) = book.head();
        vm.prank(operator);
        book.mirror(Header(sequence + 1, digest, 0), marks, runs);
    }

    /// So much cash, counted up to the last batch.
    function _told(int128 cash) internal view returns (Statement memory) {
        (, bytes32 head) = book.head();
        return Statement(head, cash);
    }
}
