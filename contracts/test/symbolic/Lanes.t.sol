// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lanes} from "../../src/libraries/Lanes.sol";
import {Totals, TotalsLib} from "../../src/libraries/Totals.sol";
import {Symbolic} from "./Symbolic.sol";

/// Four int64 in a word, against one at a time in 256 bits: all words, nothing left out.
contract SymbolicLanes is Symbolic {
    using TotalsLib for Totals;

    function check_lane_0_is_the_sum_of_its_own_or_said_to_overflow(uint256 a, uint256 b) public pure {
        _lane(a, b, 0);
    }

    function check_lane_1_is_the_sum_of_its_own_or_said_to_overflow(uint256 a, uint256 b) public pure {
        _lane(a, b, 1);
    }

    function check_lane_2_is_the_sum_of_its_own_or_said_to_overflow(uint256 a, uint256 b) public pure {
        _lane(a, b, 2);
    }

    function check_lane_3_is_the_sum_of_its_own_or_said_to_overflow(uint256 a, uint256 b) public pure {
        _lane(a, b, 3);
    }

    /// Also where a neighbour overflows, or is refused for it.
    function check_a_change_of_one_lane_leaves_the_other_three(uint256 word, int64 change) public pure {
        for (uint256 lane; lane < 4; ++lane) {
            uint256 shifted = uint256(uint64(change)) << (192 - 64 * lane);
            (uint256 sum,) = Lanes.add(word, shifted);
            uint256 others = ~Lanes.covering(1 << lane);
            assert(sum & others == word & others);
        }
    }

    function check_overflow_is_told_in_sign_bits_only(uint256 a, uint256 b) public pure {
        (, uint256 overflow) = Lanes.add(a, b);
        assert(overflow & ~Lanes.SIGNS == 0);
    }

    function check_first_is_the_lowest_lane_that_is_not_zero(uint256 word) public pure {
        uint256 first = Lanes.first(word);
        for (uint256 lane; lane < 4; ++lane) {
            if (lane < first) assert(Lanes.get(word, lane) == 0);
            if (lane == first) assert(Lanes.get(word, lane) != 0);
        }
    }

    /// Two runs: totals are the exact sums, whatever the lanes hold.
    function check_totals_are_exact(uint256 a, uint256 b, uint256 c, uint256 d) public pure {
        Totals memory totals;
        totals.add(a, c);
        totals.add(b, d);
        bool allZero = true;
        for (uint256 lane; lane < 4; ++lane) {
            int256 lots = int256(Lanes.get(a, lane)) + Lanes.get(b, lane);
            int256 cash = int256(Lanes.get(c, lane)) + Lanes.get(d, lane);
            assert(totals.lotsAt(2, lane) == lots);
            assert(totals.cashAt(2, lane) == cash);
            allZero = allZero && lots == 0 && cash == 0;
        }
        assert(totals.areZero(2) == allZero);
    }

    function reach_an_overflow(uint256 a, uint256 b) public pure {
        (, uint256 overflow) = Lanes.add(a, b);
        assert(overflow == 0);
    }

    function reach_totals_of_zero(uint256 a, uint256 b) public pure {
        Totals memory totals;
        totals.add(a, 0);
        totals.add(b, 0);
        assert(a == 0 || !totals.areZero(2));
    }

    /// A lane is a constant in each proof: with a loop over them halmos 0.3.3 refutes lane 3 by numbers with which the
    /// assertion holds when they are run.
    function _lane(uint256 a, uint256 b, uint256 lane) private pure {
        (uint256 sum, uint256 overflow) = Lanes.add(a, b);
        int256 exact = int256(Lanes.get(a, lane)) + Lanes.get(b, lane);
        bool fits = exact >= type(int64).min && exact <= type(int64).max;
        assert(fits == (overflow & Lanes.covering(1 << lane) == 0));
        if (fits) assert(Lanes.get(sum, lane) == exact);
    }
}
