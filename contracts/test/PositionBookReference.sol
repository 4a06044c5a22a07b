// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPositionBook} from "../src/interfaces/IPositionBook.sol";

/// A run and a row with its runs, decoded: lane by lane.
struct PlainRun {
    address account;
    int64[4] lots;
    int64[4] cash;
}

struct PlainRow {
    uint32 page;
    uint8 lanes;
    int64[4] prices;
    int64[4] funding;
    PlainRun[] runs;
}

/// The book once more with a position a slot and a number at a time: shares no line with the packed one. Checks rows and
/// runs only: sequence, digests and lengths are not what packing could break.
contract PositionBookReference {
    mapping(address account => mapping(uint256 instrument => int256 lots)) public positionOf;
    uint256 private immutable LISTED;

    constructor(uint256 listed) {
        LISTED = listed;
    }

    function apply_(PlainRow[] calldata rows) external {
        uint256 index;
        for (uint256 i; i < rows.length; ++i) {
            if (i > 0 && rows[i].page <= rows[i - 1].page) revert IPositionBook.MarksNotSorted(i);
            _checkLanes(rows[i], i);
            for (uint256 j; j < rows[i].runs.length; ++j) {
                address before = j == 0 ? address(0) : rows[i].runs[j - 1].account;
                if (rows[i].runs[j].account <= before) revert IPositionBook.RunsNotSorted(index);
                _run(rows[i], rows[i].runs[j], index++);
            }
            _checkSums(rows[i]);
        }
    }

    function _checkLanes(PlainRow calldata row, uint256 index) private view {
        if (row.lanes == 0 || row.lanes > 15) revert IPositionBook.WrongLanes(index, row.lanes);
        for (uint256 lane; lane < 4; ++lane) {
            uint256 instrument = 4 * uint256(row.page) + lane;
            if (!_marks(row, lane)) continue;
            if (instrument == 0 || instrument > LISTED) revert IPositionBook.InstrumentNotListed(instrument);
        }
        for (uint256 lane; lane < 4; ++lane) {
            bool isEmpty = row.prices[lane] == 0 && row.funding[lane] == 0;
            if (!_marks(row, lane) && !isEmpty) revert IPositionBook.InstrumentNotMarked(4 * uint256(row.page) + lane);
        }
    }

    function _run(PlainRow calldata row, PlainRun calldata run, uint256 index) private {
        bool moves;
        for (uint256 lane; lane < 4; ++lane) {
            if (run.lots[lane] != 0 || run.cash[lane] != 0) moves = true;
        }
        if (!moves) revert IPositionBook.EmptyRun(index);
        for (uint256 lane; lane < 4; ++lane) {
            bool moved = run.lots[lane] != 0 || run.cash[lane] != 0;
            if (moved && !_marks(row, lane)) revert IPositionBook.InstrumentNotMarked(4 * uint256(row.page) + lane);
        }
        for (uint256 lane; lane < 4; ++lane) {
            uint32 instrument = uint32(4 * row.page + lane);
            int256 lots = positionOf[run.account][instrument] + run.lots[lane];
            if (lots < type(int64).min || lots > type(int64).max) {
                revert IPositionBook.LotsOverflow(run.account, instrument);
            }
            positionOf[run.account][instrument] = lots;
        }
    }

    function _checkSums(PlainRow calldata row) private pure {
        for (uint256 lane; lane < 4; ++lane) {
            int256 sum;
            for (uint256 j; j < row.runs.length; ++j) {
                sum += row.runs[j].lots[lane];
            }
            if (sum != 0) revert IPositionBook.InstrumentNotZeroSum(uint32(4 * row.page + lane), sum);
        }
        for (uint256 lane; lane < 4; ++lane) {
            int256 sum;
            for (uint256 j; j < row.runs.length; ++j) {
                sum += row.runs[j].cash[lane];
            }
            if (sum != 0) revert IPositionBook.CashNotZeroSum(uint32(4 * row.page + lane), sum);
        }
    }

    function _marks(PlainRow calldata row, uint256 lane) private pure returns (bool) {
        return (row.lanes / 2 ** lane) % 2 == 1;
    }
}

/// Writes decoded rows as the book reads them, number by number.
library PlainCodec {
    function encode(PlainRow[] memory rows) internal pure returns (bytes memory marks, bytes memory runs) {
        for (uint256 i; i < rows.length; ++i) {
            PlainRow memory row = rows[i];
            marks = bytes.concat(
                marks,
                abi.encodePacked(row.page, uint24(row.runs.length), row.lanes),
                _four(row.prices),
                _four(row.funding)
            );
            for (uint256 j; j < row.runs.length; ++j) {
                PlainRun memory run = row.runs[j];
                runs = bytes.concat(runs, bytes20(run.account), _four(run.lots), _four(run.cash));
            }
        }
    }

    function _four(int64[4] memory x) private pure returns (bytes memory) {
        return abi.encodePacked(uint64(x[0]), uint64(x[1]), uint64(x[2]), uint64(x[3]));
    }
}
