// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Lanes} from "./Lanes.sol";

/// @notice What the runs of a page add up to, lane by lane, in 128 bits a lane: lanes 0 and 2 in one word, 1 and 3 in
/// the other.
struct Totals {
    uint256 lotsEven;
    uint256 lotsOdd;
    uint256 cashEven;
    uint256 cashOdd;
}

/// @title TotalsLib
/// @notice Sums of int64 that cannot overflow, so that a total of zero is zero and not a multiple of 2^64.
/// @dev A lane is added as what it is above the least int64. A total is therefore 2^63 too large for each run, and cannot
/// leave its 128 bits before 2^64 runs: all lanes are zero exactly if each total is 2^63 times the number of runs.
library TotalsLib {
    /// @dev The low 64 bits of each half.
    uint256 private constant LOW = 0x0000000000000000_ffffffffffffffff_0000000000000000_ffffffffffffffff;

    /// @dev One in each half.
    uint256 private constant ONES = 1 << 128 | 1;

    /// @notice Adds a run.
    function add(Totals memory totals, uint256 lots, uint256 cash) internal pure {
        unchecked {
            lots ^= Lanes.SIGNS;
            cash ^= Lanes.SIGNS;
            totals.lotsEven += lots >> 64 & LOW;
            totals.lotsOdd += lots & LOW;
            totals.cashEven += cash >> 64 & LOW;
            totals.cashOdd += cash & LOW;
        }
    }

    /// @notice Whether lots and cash of `runs` runs are zero in every lane.
    function areZero(Totals memory totals, uint256 runs) internal pure returns (bool) {
        uint256 nothing = (runs << 63) * ONES;
        return totals.lotsEven == nothing && totals.lotsOdd == nothing && totals.cashEven == nothing
            && totals.cashOdd == nothing;
    }

    /// @notice The lots of a lane over `runs` runs.
    function lotsAt(Totals memory totals, uint256 runs, uint256 lane) internal pure returns (int256) {
        return _at(totals.lotsEven, totals.lotsOdd, runs, lane);
    }

    /// @notice The cash of a lane over `runs` runs.
    function cashAt(Totals memory totals, uint256 runs, uint256 lane) internal pure returns (int256) {
        return _at(totals.cashEven, totals.cashOdd, runs, lane);
    }

    function _at(uint256 even, uint256 odd, uint256 runs, uint256 lane) private pure returns (int256) {
        uint256 pair = lane % 2 == 0 ? even : odd;
        uint256 total = lane < 2 ? pair >> 128 : pair & type(uint128).max;
        // A total has 128 bits and there are less than 2^24 runs: neither cast changes a value.
        // forge-lint: disable-next-line(unsafe-typecast)
        return int256(total) - int256(runs << 63);
    }
}
