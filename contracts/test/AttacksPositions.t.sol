// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPositionBook} from "../src/interfaces/IPositionBook.sol";
import {PositionBookBase} from "./PositionBook.t.sol";
import {PlainRow, PlainRun} from "./PositionBookReference.sol";

/// What an operator that lies could try at the edges of 64 bits: positions from nothing, or at a neighbour's cost.
contract PositionAttacks is PositionBookBase {
    int64 private constant MOST = type(int64).max;
    int64 private constant LEAST = type(int64).min;

    /// The largest position and one lot more would be the most negative one, if it wrapped.
    function test_one_lot_beyond_int64_turns_nobodys_position_round() public {
        _mirror(_trade(ETH_PERP, MOST, 1));
        _refused(_trade(ETH_PERP, 1, 1), abi.encodeWithSelector(IPositionBook.LotsOverflow.selector, CLIENT, ETH_PERP));
        vm.assertEq(book.positionOf(CLIENT, ETH_PERP), MOST, "as it was");
        vm.assertEq(book.positionOf(VENUE, ETH_PERP), -MOST, "and the other side");
    }

    /// int64 has one number more below zero than above: the one that is its own opposite does not balance itself.
    function test_the_least_int64_is_not_its_own_opposite() public {
        PlainRow[] memory rows = _trade(ETH_PERP, 0, 0);
        (rows[0].runs[0].lots[2], rows[0].runs[1].lots[2]) = (LEAST, LEAST);
        bytes memory reason =
            abi.encodeWithSelector(IPositionBook.InstrumentNotZeroSum.selector, ETH_PERP, 2 * int256(LEAST));
        _refused(rows, reason);
    }

    /// 2^k runs of 2^(64 − k) lots each are nothing in 64 bits, and everything in truth.
    function test_runs_that_wrap_to_zero_together_create_nothing(uint8 power) public {
        power = uint8(_bound(power, 2, 6));
        PlainRow[] memory rows = _trade(ETH_PERP, 0, 0);
        PlainRun[] memory runs = new PlainRun[](1 << power);
        for (uint160 i; i < runs.length; ++i) {
            runs[i].account = address(i + 1);
            runs[i].lots[2] = int64(uint64(1 << (64 - power)));
        }
        rows[0].runs = runs;
        bytes memory reason =
            abi.encodeWithSelector(IPositionBook.InstrumentNotZeroSum.selector, ETH_PERP, int256(2 ** 64));
        _refused(rows, reason);
    }

    /// All bits of a lane set, and one lot more: what would carry if four positions were one number.
    function test_a_carry_out_of_one_position_reaches_no_neighbour(int64 beside) public {
        PlainRow[] memory rows = _trade(ETH_PERP, -1, 1);
        rows[0].lanes = 15;
        int64 other = beside == LEAST ? MOST : beside;
        (rows[0].runs[0].lots[1], rows[0].runs[1].lots[1]) = (other, -other);
        _mirror(rows);
        _mirror(_trade(ETH_PERP, 1, 1));
        vm.assertEq(book.positionOf(CLIENT, ETH_PERP), 0, "closed");
        vm.assertEq(book.positionOf(CLIENT, ETH_PERP - 1), other, "the neighbour's lots are its own");
        vm.assertEq(book.positionOf(VENUE, ETH_PERP - 1), -other, "and on the other side");
    }

    /// Cash is a balance sheet of its own: lots that balance do not excuse it.
    function test_cash_that_wraps_to_zero_pays_nobody() public {
        PlainRow[] memory rows = _trade(ETH_PERP, 5, 0);
        (rows[0].runs[0].cash[2], rows[0].runs[1].cash[2]) = (LEAST, LEAST);
        bytes memory reason = abi.encodeWithSelector(IPositionBook.CashNotZeroSum.selector, ETH_PERP, 2 * int256(LEAST));
        _refused(rows, reason);
    }

    /// A lot of dust, a million times, is a million lots: nothing is rounded anywhere.
    function test_dust_is_counted_to_the_lot() public {
        for (uint256 i; i < 10; ++i) {
            _mirror(_trade(BTC_PERP, 1, 0));
        }
        vm.assertEq(book.positionOf(CLIENT, BTC_PERP), 10, "to the lot");
        vm.assertEq(book.positionOf(VENUE, BTC_PERP), -10, "on both sides");
    }

    function test_many_positions_are_read_as_each_alone(address[4] memory accounts, uint32[4] memory numbers) public {
        _mirror(_trade(BTC_PERP, 5, 7));
        (address[] memory who, uint32[] memory which) = (new address[](4), new uint32[](4));
        for (uint256 i; i < 4; ++i) {
            (who[i], which[i]) = (i == 2 ? CLIENT : accounts[i], i == 2 ? BTC_PERP : numbers[i]);
        }
        int64[] memory lots = book.positionsOf(who, which);
        for (uint256 i; i < 4; ++i) {
            vm.assertEq(lots[i], book.positionOf(who[i], which[i]), "the same");
        }
        vm.assertEq(lots[2], 5, "and not nothing");
    }
}
