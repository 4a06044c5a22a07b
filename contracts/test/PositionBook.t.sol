// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionBook} from "../src/PositionBook.sol";
import {Batch, Delta, IPositionBook, Price} from "../src/interfaces/IPositionBook.sol";
import {Base} from "./Base.sol";

contract PositionBookTest is Base {
    event BatchMirrored(uint64 indexed sequence, bytes32 digest, uint64 asOf, uint256 deltas);

    uint32 internal constant BTC_PERP = 1;
    uint32 internal constant ETH_PERP = 2;
    address internal constant CLIENT = address(0xc1);
    address internal constant VENUE = address(0xc2);

    address internal immutable operator = _party("operator");
    PositionBook internal book;

    function setUp() public {
        book = new PositionBook(admin);
        bytes32 role = book.OPERATOR_ROLE();
        vm.prank(admin);
        book.grantRole(role, operator);
    }

    function test_mirror_refuses_everybody_but_the_operator_first(address caller) public {
        vm.assume(caller != operator);
        bytes32 role = book.OPERATOR_ROLE();
        _expectUnauthorized(caller, role);
        vm.prank(caller);
        book.mirror(_everythingWrong());
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_mirror_refuses_in_order_of_precedence() public {
        Batch memory batch = _everythingWrong();
        _refused(batch, abi.encodeWithSelector(IPositionBook.WrongSequence.selector, 1, 7));
        batch.sequence = 1;
        _refused(batch, abi.encodeWithSelector(IPositionBook.WrongPreviousDigest.selector, bytes32(0), bytes32("x")));
        batch.previousDigest = 0;
        _refused(batch, abi.encodeWithSelector(IPositionBook.DeltasNotSorted.selector, 1));
        (batch.deltas[0], batch.deltas[1]) = (batch.deltas[1], batch.deltas[0]);
        _refused(batch, abi.encodeWithSelector(IPositionBook.InstrumentNotZeroSum.selector, BTC_PERP, 3));
        batch.deltas[0].lots = -8;
        _refused(batch, abi.encodeWithSelector(IPositionBook.PricesNotSorted.selector, 1));
        batch.prices[1].instrument = ETH_PERP;
        vm.prank(operator);
        book.mirror(batch);
    }

    function test_mirror_refuses_the_same_account_twice_in_an_instrument() public {
        Batch memory batch = _trade(BTC_PERP, 5);
        batch.deltas[1].account = CLIENT;
        _refused(batch, abi.encodeWithSelector(IPositionBook.DeltasNotSorted.selector, 1));
    }

    function test_mirror_refuses_a_first_instrument_that_only_the_second_balances() public {
        Batch memory batch = _trade(BTC_PERP, 5);
        batch.deltas[1].instrument = ETH_PERP;
        _refused(batch, abi.encodeWithSelector(IPositionBook.InstrumentNotZeroSum.selector, BTC_PERP, 5));
    }

    function test_mirror_refuses_a_position_beyond_int64_and_keeps_the_old_one() public {
        _mirror(_trade(BTC_PERP, type(int64).max));
        _refused(_trade(BTC_PERP, 1), abi.encodeWithSelector(IPositionBook.LotsOverflow.selector, CLIENT, BTC_PERP));
        vm.assertEq(book.positionOf(CLIENT, BTC_PERP), type(int64).max, "a refusal changes nothing");
        _mirror(_trade(BTC_PERP, -type(int64).max));
        _mirror(_trade(BTC_PERP, -type(int64).max));
        _refused(_trade(BTC_PERP, -2), abi.encodeWithSelector(IPositionBook.LotsOverflow.selector, CLIENT, BTC_PERP));
    }

    function test_a_batch_counts_once() public {
        Batch memory batch = _trade(BTC_PERP, 5);
        _mirror(batch);
        _refused(batch, abi.encodeWithSelector(IPositionBook.WrongSequence.selector, 2, 1));
        vm.assertEq(book.positionOf(CLIENT, BTC_PERP), 5, "twice = once");
    }

    function test_a_fork_of_the_history_is_refused_with_the_true_digest() public {
        bytes32 digest = _mirror(_trade(BTC_PERP, 5));
        Batch memory fork = _trade(BTC_PERP, 6);
        fork.previousDigest = 0;
        _refused(fork, abi.encodeWithSelector(IPositionBook.WrongPreviousDigest.selector, digest, bytes32(0)));
    }

    function test_positions_follow_the_trades_sum_to_zero_and_chain_by_digest(int32[8] memory trades) public {
        int256 held;
        for (uint256 i; i < trades.length; ++i) {
            Batch memory batch = _trade(ETH_PERP, trades[i]);
            bytes32 expected = keccak256(abi.encode(batch));
            vm.expectEmit();
            emit BatchMirrored(batch.sequence, expected, batch.asOf, 2);
            vm.assertEq(_mirror(batch), expected, "returned digest");
            (uint64 sequence, bytes32 digest) = book.head();
            vm.assertEq(uint256(sequence), i + 1, "sequence");
            vm.assertEq(digest, expected, "digest of the head");
            held += trades[i];
            vm.assertEq(book.positionOf(CLIENT, ETH_PERP), held, "client");
            vm.assertEq(book.positionOf(VENUE, ETH_PERP), -held, "the venue holds the other side");
        }
    }

    function test_a_batch_may_be_empty() public {
        Batch memory batch;
        batch.sequence = 1;
        _mirror(batch);
        (uint64 sequence,) = book.head();
        vm.assertEq(uint256(sequence), 1, "a heartbeat advances the head");
    }

    function test_positionsOf_reads_pairwise_and_refuses_lists_of_different_length() public {
        _mirror(_trade(BTC_PERP, 5));
        address[] memory accounts = new address[](2);
        uint32[] memory instruments = new uint32[](2);
        (accounts[0], accounts[1]) = (VENUE, CLIENT);
        (instruments[0], instruments[1]) = (BTC_PERP, ETH_PERP);
        int64[] memory lots = book.positionsOf(accounts, instruments);
        vm.assertEq(lots[0], -5, "venue");
        vm.assertEq(lots[1], 0, "never traded");
        vm.expectRevert(abi.encodeWithSelector(IPositionBook.LengthMismatch.selector, 2, 1));
        book.positionsOf(accounts, new uint32[](1));
    }

    function _trade(uint32 instrument, int64 lots) private view returns (Batch memory batch) {
        (uint64 sequence, bytes32 digest) = book.head();
        batch.sequence = sequence + 1;
        batch.previousDigest = digest;
        batch.asOf = 1_760_000_000 + sequence;
        batch.prices = new Price[](1);
        batch.prices[0] = Price(instrument, 3_000e6);
        batch.deltas = new Delta[](2);
        batch.deltas[0] = Delta(instrument, CLIENT, lots);
        batch.deltas[1] = Delta(instrument, VENUE, -lots);
    }

    function _everythingWrong() private pure returns (Batch memory batch) {
        batch.sequence = 7;
        batch.previousDigest = "x";
        batch.prices = new Price[](2);
        (batch.prices[0].instrument, batch.prices[1].instrument) = (BTC_PERP, BTC_PERP);
        batch.deltas = new Delta[](2);
        batch.deltas[0] = Delta(BTC_PERP, VENUE, 8);
        batch.deltas[1] = Delta(BTC_PERP, CLIENT, -5);
    }

    function _mirror(Batch memory batch) private returns (bytes32) {
        vm.prank(operator);
        return book.mirror(batch);
    }

    function _refused(Batch memory batch, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(operator);
        book.mirror(batch);
    }
}
