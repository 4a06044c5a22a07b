// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lanes} from "../src/libraries/Lanes.sol";
import {Totals, TotalsLib} from "../src/libraries/Totals.sol";
import {Base} from "./Base.sol";

/// Four at a time against one at a time; without loops over words, so that a prover can take them as they are.
contract LanesTest is Base {
    using Lanes for uint256;

    function test_add_is_int64_addition_in_every_lane(uint256 a, uint256 b, uint256 lane) public pure {
        lane = lane % 4;
        (uint256 sum, uint256 overflow) = a.add(b);
        int256 exact = int256(a.get(lane)) + int256(b.get(lane));
        bool fits = exact >= type(int64).min && exact <= type(int64).max;
        vm.assertTrue((overflow & _mask(lane) == 0) == fits, "an overflow is told, and nothing else");
        vm.assertTrue(sum.get(lane) == int64(exact), "the sum, modulo 2^64 where it overflows");
    }

    function test_first_is_the_lowest_lane_that_is_not_zero(uint256 word) public pure {
        uint256 lane = word.first();
        for (uint256 i; i < lane; ++i) {
            vm.assertEq(int256(word.get(i)), 0, "zero before it");
        }
        vm.assertTrue(lane == 4 || word.get(lane) != 0, "not zero there");
    }

    function test_covering_names_the_lanes_whose_bits_are_set(uint8 bits, uint256 lane) public pure {
        lane = lane % 4;
        uint256 expected = bits >> lane & 1 == 1 ? _mask(lane) : 0;
        vm.assertEq(Lanes.covering(bits) & _mask(lane), expected, "lane");
    }

    function test_totals_are_sums_of_every_lane(uint256[6] memory lots, uint256[6] memory cash) public pure {
        Totals memory totals;
        int256[4] memory expectedLots;
        int256[4] memory expectedCash;
        bool zero = true;
        for (uint256 i; i < 6; ++i) {
            TotalsLib.add(totals, lots[i], cash[i]);
            for (uint256 lane; lane < 4; ++lane) {
                expectedLots[lane] += lots[i].get(lane);
                expectedCash[lane] += cash[i].get(lane);
            }
        }
        for (uint256 lane; lane < 4; ++lane) {
            vm.assertEq(TotalsLib.lotsAt(totals, 6, lane), expectedLots[lane], "lots");
            vm.assertEq(TotalsLib.cashAt(totals, 6, lane), expectedCash[lane], "cash");
            zero = zero && expectedLots[lane] == 0 && expectedCash[lane] == 0;
        }
        vm.assertTrue(TotalsLib.areZero(totals, 6) == zero, "zero in all");
    }

    /// A run and its opposite; the least int64 has none, and is then left over.
    function test_what_is_taken_back_totals_zero(uint256 lots, uint256 cash) public pure {
        Totals memory totals;
        TotalsLib.add(totals, lots, cash);
        TotalsLib.add(totals, _negated(lots), _negated(cash));
        bool exact = !_hasLeast(lots) && !_hasLeast(cash);
        vm.assertTrue(TotalsLib.areZero(totals, 2) == exact, "zero");
    }

    function _mask(uint256 lane) private pure returns (uint256) {
        return uint256(type(uint64).max) << (64 * (3 - lane));
    }

    function _negated(uint256 word) private pure returns (uint256 back) {
        for (uint256 lane; lane < 4; ++lane) {
            unchecked {
                back |= uint256(uint64(-word.get(lane))) << (64 * (3 - lane));
            }
        }
    }

    function _hasLeast(uint256 word) private pure returns (bool) {
        return word.get(0) == type(int64).min || word.get(1) == type(int64).min || word.get(2) == type(int64).min
            || word.get(3) == type(int64).min;
    }
}
