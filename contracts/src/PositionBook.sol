// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

import {Header, IPositionBook, Instrument} from "./interfaces/IPositionBook.sol";
import {BatchCodec} from "./libraries/BatchCodec.sol";
import {Lanes} from "./libraries/Lanes.sol";
import {Totals, TotalsLib} from "./libraries/Totals.sol";

/// @title PositionBook
/// @notice Mirrored positions, four to a slot. The manual is {IPositionBook}.
contract PositionBook is IPositionBook, AccessControl {
    using Lanes for uint256;
    using TotalsLib for Totals;

    /// @inheritdoc IPositionBook
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    /// @dev One row of a batch while its runs are applied: its page, its marked lanes as a mask, and running totals.
    struct Row {
        uint256 page;
        uint256 marked;
        uint256 runs;
        Totals totals;
    }

    /// @dev A slot, so that it is hashed for once where it is read and written.
    struct Slot {
        uint256 lots;
    }

    /// @dev Lots in four lanes, by account ‖ page (32 bits). Invariant: Σ over accounts = 0, per instrument.
    mapping(uint256 accountAndPage => Slot) private _pages;

    uint64 private _sequence;
    /// @inheritdoc IPositionBook
    uint32 public instruments;
    bytes32 private _digest;

    mapping(uint32 instrument => Instrument) private _instruments;

    /// @inheritdoc IPositionBook
    mapping(address asset => mapping(uint96 subId => uint32 instrument)) public instrumentOf;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IPositionBook
    function listInstrument(address asset, uint96 subId, uint128 lotSizeE18)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
        returns (uint32 instrument)
    {
        if (lotSizeE18 == 0) revert ZeroLotSize();
        uint32 listed = instrumentOf[asset][subId];
        if (listed != 0) revert InstrumentAlreadyListed(listed);

        instrument = ++instruments;
        _instruments[instrument] = Instrument(asset, subId, lotSizeE18);
        instrumentOf[asset][subId] = instrument;
        emit InstrumentListed(instrument, asset, subId, lotSizeE18);
    }

    /// @inheritdoc IPositionBook
    function mirror(Header calldata header, bytes calldata marks, bytes calldata runs)
        external
        onlyRole(OPERATOR_ROLE)
        returns (bytes32 digest)
    {
        uint64 expected = _sequence + 1;
        if (header.sequence != expected) revert WrongSequence(expected, header.sequence);
        if (header.previousDigest != _digest) revert WrongPreviousDigest(_digest, header.previousDigest);
        if (marks.length % BatchCodec.ROW_BYTES != 0) revert WrongMarksLength(marks.length);

        _apply(marks, runs);

        digest = keccak256(
            abi.encode(
                BatchCodec.TYPEHASH,
                header.sequence,
                header.previousDigest,
                header.asOf,
                keccak256(marks),
                keccak256(runs)
            )
        );
        _sequence = header.sequence;
        _digest = digest;
        emit BatchMirrored(header.sequence, digest, header.asOf, runs.length / BatchCodec.RUN_BYTES);
    }

    /// @inheritdoc IPositionBook
    function head() external view returns (uint64 sequence, bytes32 digest) {
        return (_sequence, _digest);
    }

    /// @inheritdoc IPositionBook
    function instrumentAt(uint32 instrument) external view returns (Instrument memory) {
        return _instruments[instrument];
    }

    /// @inheritdoc IPositionBook
    function positionsOf(address[] calldata accounts, uint32[] calldata numbers)
        external
        view
        returns (int64[] memory lots)
    {
        if (accounts.length != numbers.length) revert LengthMismatch(accounts.length, numbers.length);
        lots = new int64[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            lots[i] = positionOf(accounts[i], numbers[i]);
        }
    }

    /// @inheritdoc IPositionBook
    function positionOf(address account, uint32 instrument) public view returns (int64 lots) {
        return _slot(uint160(account), instrument / Lanes.COUNT).lots.get(instrument % Lanes.COUNT);
    }

    /// @dev One pass over the rows, each with its runs.
    function _apply(bytes calldata marks, bytes calldata runs) private {
        uint256 listed = instruments;
        uint256 lowestPage;
        uint256 start;
        for (uint256 place; place < marks.length; place += BatchCodec.ROW_BYTES) {
            Row memory row = _row(marks, place, lowestPage, listed);
            lowestPage = row.page + 1;

            uint256 end = start + row.runs * BatchCodec.RUN_BYTES;
            if (end > runs.length) revert WrongRunsLength(end, runs.length);
            _applyRuns(row, runs, start, end);
            _requireZeroSums(row);
            start = end;
        }
        if (start != runs.length) revert WrongRunsLength(start, runs.length);
    }

    /// @dev The row at a byte of the table, well formed. `lowestPage` is one more than the page before.
    function _row(bytes calldata marks, uint256 place, uint256 lowestPage, uint256 listed)
        private
        pure
        returns (Row memory row)
    {
        uint256 lanes;
        uint256 prices;
        uint256 funding;
        (row.page, row.runs, lanes, prices, funding) = BatchCodec.row(marks, place);
        if (row.page < lowestPage) revert MarksNotSorted(place / BatchCodec.ROW_BYTES);
        if (lanes == 0 || lanes >> Lanes.COUNT != 0) revert WrongLanes(place / BatchCodec.ROW_BYTES, lanes);

        for (uint256 lane; lane < Lanes.COUNT; ++lane) {
            if (lanes >> lane & 1 == 0) continue;
            uint256 instrument = row.page * Lanes.COUNT + lane;
            if (instrument == 0 || instrument > listed) revert InstrumentNotListed(instrument);
        }
        row.marked = Lanes.covering(lanes);
        uint256 stray = (prices | funding) & ~row.marked;
        if (stray != 0) revert InstrumentNotMarked(row.page * Lanes.COUNT + stray.first());
    }

    /// @dev The runs between two bytes. Everything that is counted here is bounded by the length of calldata.
    function _applyRuns(Row memory row, bytes calldata runs, uint256 start, uint256 end) private {
        unchecked {
            uint256 lowest = 1;
            uint256 page = row.page;
            uint256 unmarked = ~row.marked;
            Totals memory totals = row.totals;
            for (; start < end; start += BatchCodec.RUN_BYTES) {
                (uint256 account, uint256 lots, uint256 cash) = BatchCodec.run(runs, start);
                if (account < lowest) revert RunsNotSorted(start / BatchCodec.RUN_BYTES);
                lowest = account + 1;

                uint256 moved = lots | cash;
                if (moved == 0) revert EmptyRun(start / BatchCodec.RUN_BYTES);
                if (moved & unmarked != 0) {
                    revert InstrumentNotMarked(page * Lanes.COUNT + (moved & unmarked).first());
                }
                // What only pays cash touches no slot.
                if (lots != 0) _move(account, page, lots);

                totals.add(lots, cash);
            }
        }
    }

    function _move(uint256 account, uint256 page, uint256 lots) private {
        Slot storage slot = _slot(account, page);
        (uint256 sum, uint256 overflow) = slot.lots.add(lots);
        if (overflow != 0) {
            // An account was 20 bytes of calldata.
            // forge-lint: disable-next-line(unsafe-typecast)
            revert LotsOverflow(address(uint160(account)), _instrument(page, overflow.first()));
        }
        slot.lots = sum;
    }

    /// @dev Of lots, then of cash, the first lane whose total is not zero is named.
    function _requireZeroSums(Row memory row) private pure {
        if (row.totals.areZero(row.runs)) return;
        for (uint256 lane; lane < Lanes.COUNT; ++lane) {
            int256 sum = row.totals.lotsAt(row.runs, lane);
            if (sum != 0) revert InstrumentNotZeroSum(_instrument(row.page, lane), sum);
        }
        for (uint256 lane; lane < Lanes.COUNT; ++lane) {
            int256 sum = row.totals.cashAt(row.runs, lane);
            if (sum != 0) revert CashNotZeroSum(_instrument(row.page, lane), sum);
        }
    }

    /// @dev Of a page that is listed: its number has 32 bits.
    function _instrument(uint256 page, uint256 lane) private pure returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(page * Lanes.COUNT + lane);
    }

    function _slot(uint256 account, uint256 page) private view returns (Slot storage) {
        return _pages[account << 32 | page];
    }
}
