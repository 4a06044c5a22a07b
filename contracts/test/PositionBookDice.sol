// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionBookBase} from "./PositionBook.t.sol";
import {PlainRow, PlainRun} from "./PositionBookReference.sol";

/// Random batches, most of them right and the others wrong in every way that rows and runs can be.
abstract contract PositionBookDice is PositionBookBase {
    uint256 internal _state;

    /// Mostly right: pages 0 and 1 in order, up to four ascending accounts, the last of which balances. One number in
    /// sixteen is another than it should be.
    function _rows() internal returns (PlainRow[] memory rows) {
        rows = new PlainRow[](_draw(3));
        uint32 page = rows.length == 1 ? uint32(_draw(2)) : 0;
        for (uint256 i; i < rows.length; ++i) {
            PlainRow memory row = rows[i];
            row.page = page++;
            row.lanes = row.page == 0 ? 14 : 15;
            if (_draw(40) == 0) row.page = uint32(_draw(3));
            if (_draw(40) == 0) row.lanes = uint8(_draw(32));
            for (uint256 lane; lane < 4; ++lane) {
                if (row.lanes >> lane & 1 == 0 && _draw(100) > 0) continue;
                (row.prices[lane], row.funding[lane]) = (_number(), _number());
            }
            row.runs = _runs(row.lanes);
        }
    }

    function _runs(uint8 lanes) private returns (PlainRun[] memory runs) {
        runs = new PlainRun[](_draw(4) == 0 ? 0 : 2 + _draw(3));
        for (uint160 i; i < runs.length; ++i) {
            runs[i].account = address(_draw(80) == 0 ? uint160(_draw(7)) : i + 1);
            if (_draw(80) == 0) continue;
            for (uint256 lane; lane < 4; ++lane) {
                if (lanes >> lane & 1 == 0 && _draw(100) > 0) continue;
                bool isLast = i + 1 == runs.length;
                runs[i].lots[lane] = isLast ? _rest(runs, lane, true) : _number();
                runs[i].cash[lane] = isLast ? _rest(runs, lane, false) : _number();
            }
        }
    }

    /// What balances a lane, if it fits; one in a hundred times something else.
    function _rest(PlainRun[] memory runs, uint256 lane, bool ofLots) private returns (int64) {
        int256 sum;
        for (uint256 i; i + 1 < runs.length; ++i) {
            sum -= ofLots ? runs[i].lots[lane] : runs[i].cash[lane];
        }
        return _draw(100) == 0 || sum != int64(sum) ? _number() : int64(sum);
    }

    function _number() private returns (int64) {
        uint256 kind = _draw(60);
        if (kind < 15) return 0;
        if (kind == 15) return type(int64).max - int64(uint64(_draw(2)));
        if (kind == 16) return type(int64).min + int64(uint64(_draw(2)));
        return int64(uint64(_draw(1 << 40))) - (1 << 39);
    }

    function _draw(uint256 below) private returns (uint256) {
        _state = uint256(keccak256(abi.encode(_state)));
        return _state % below;
    }
}
