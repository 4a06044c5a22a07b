// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

/// @notice What a batch says of itself.
struct Header {
    /// 1 for the first batch, then one more each.
    uint64 sequence;
    /// The digest of the batch before; zero for the first.
    bytes32 previousDigest;
    /// Seconds of chain time up to which fills are included.
    uint64 asOf;
}

/// @notice What a position is a number of.
struct Instrument {
    /// The contract that names the instrument at its venue.
    address asset;
    /// 0 for a perpetual. An option's: isCall · 2^95 + strike · 10^8 · 2^32 + expiry (unix seconds).
    uint96 subId;
    /// Coins per lot, times 10^18.
    uint128 lotSizeE18;
}

/// @title IPositionBook
/// @notice The mirror of the positions held at a venue, moved by batches that form a hash chain.
/// @dev Four positions of an account share a slot: instruments 4p to 4p + 3, its lanes, are page p. A batch marks pages
/// and moves lots and cash in their lanes; how it is written is BatchCodec's.
/// Cash is what was paid (negative) or received at the fills' prices, in 1e-6 USD; with the lots at their marks it is the
/// P&L, exactly. The funding index is what one lot has paid since it was listed, in 1e-6 USD: who holds `lots` when it
/// moves by d pays lots × d. A run may move cash alone: a bust, a correction, a fee or penalty. An option's
/// expiry moves its lots back to zero, for cash.
/// Invariant: positions in an instrument, the venue's own included, sum to zero; so does the cash of every batch.
/// Warning: positions, cash and marks are what the operator says. The book makes the statement ordered, balanced and
/// comparable; it does not check it against the venue.
/// Warning: marks, funding and cash are not stored. They are bound by the digest, which a settlement cycle cites, and
/// stand in the calldata of the transaction that emitted `BatchMirrored`.
interface IPositionBook {
    /// @notice The instrument is listed already, as this.
    error InstrumentAlreadyListed(uint32 instrument);

    /// @notice No lot has no size.
    error ZeroLotSize();

    /// @notice Another batch is due: the given one was mirrored already (lower), or one is missing (higher).
    error WrongSequence(uint64 expected, uint64 given);

    /// @notice The batch follows another history than the chain's.
    error WrongPreviousDigest(bytes32 expected, bytes32 given);

    /// @notice The table of marks does not consist of whole rows.
    error WrongMarksLength(uint256 given);

    /// @notice The rows have announced so many bytes of runs, up to the one that exceeds them or up to the last.
    error WrongRunsLength(uint256 expected, uint256 given);

    /// @notice The page of the row at `index` does not come after the one before it.
    error MarksNotSorted(uint256 index);

    /// @notice The row at `index` marks no lane, or one beyond the fourth.
    error WrongLanes(uint256 index, uint256 lanes);

    /// @notice The row marks an instrument that nobody has listed.
    error InstrumentNotListed(uint256 instrument);

    /// @notice A mark, an index, lots or cash in a lane that the row does not mark.
    error InstrumentNotMarked(uint256 instrument);

    /// @notice The account of the run at `index` does not come after the one before it in the row, or is zero.
    error RunsNotSorted(uint256 index);

    /// @notice The run at `index` moves neither lots nor cash.
    error EmptyRun(uint256 index);

    /// @notice The position would leave the range of int64.
    error LotsOverflow(address account, uint32 instrument);

    /// @notice The lots that are moved in an instrument do not sum to zero.
    error InstrumentNotZeroSum(uint32 instrument, int256 sum);

    /// @notice The cash that is moved in an instrument does not sum to zero, in 1e-6 USD.
    error CashNotZeroSum(uint32 instrument, int256 sum);

    /// @notice The two lists of a pairwise read differ in length.
    error LengthMismatch(uint256 accounts, uint256 instruments);

    /// @notice An instrument was listed, for ever.
    event InstrumentListed(uint32 indexed instrument, address indexed asset, uint96 subId, uint128 lotSizeE18);

    /// @notice A batch of so many runs was mirrored; the batch itself is in the transaction's calldata.
    event BatchMirrored(uint64 indexed sequence, bytes32 digest, uint64 asOf, uint256 runs);

    /// @notice The role that mirrors batches: the operator.
    function OPERATOR_ROLE() external view returns (bytes32);

    /// @notice The last batch: its sequence and digest, both zero before the first.
    function head() external view returns (uint64 sequence, bytes32 digest);

    /// @notice How many instruments are listed; the last one's number.
    function instruments() external view returns (uint32);

    /// @notice A listed instrument; all zero for any other number.
    function instrumentAt(uint32 instrument) external view returns (Instrument memory);

    /// @notice The number of an asset's instrument, 0 if it is not listed.
    function instrumentOf(address asset, uint96 subId) external view returns (uint32 instrument);

    /// @notice An account's position in an instrument, in lots; negative = short.
    function positionOf(address account, uint32 instrument) external view returns (int64 lots);

    /// @notice Many positions in one call: the i-th of `accounts` in the i-th of `instruments`.
    /// @dev Refusal: `LengthMismatch`.
    function positionsOf(address[] calldata accounts, uint32[] calldata instruments)
        external
        view
        returns (int64[] memory lots);

    /// @notice Lists an instrument under the next number, from 1 on, with a lot size that never changes.
    /// @dev Refusals, in order: caller lacks DEFAULT_ADMIN_ROLE; `ZeroLotSize`; `InstrumentAlreadyListed`.
    /// Warning: whether asset and sub-id mean anything at the venue is not checked.
    function listInstrument(address asset, uint96 subId, uint128 lotSizeE18) external returns (uint32 instrument);

    /// @notice Applies a batch and returns its digest: the EIP-712 struct hash of
    /// Batch(uint64 sequence,bytes32 previousDigest,uint64 asOf,bytes marks,bytes runs).
    /// @dev Effects: positions move by the runs' lots, the head advances. Nothing changes if anything is refused.
    /// Refusals, in order: caller lacks OPERATOR_ROLE; `WrongSequence`; `WrongPreviousDigest`; `WrongMarksLength`. Then row
    /// by row: `MarksNotSorted`, `WrongLanes`, `InstrumentNotListed`, `InstrumentNotMarked`, `WrongRunsLength`; run by
    /// run of the row `RunsNotSorted`, `EmptyRun`, `InstrumentNotMarked`, `LotsOverflow`; and where the row ends
    /// `InstrumentNotZeroSum`, `CashNotZeroSum`. After the last row `WrongRunsLength`. Of several lanes at fault the
    /// first is named. A batch without rows is accepted: a heartbeat. So is a row without runs: marks alone.
    function mirror(Header calldata header, bytes calldata marks, bytes calldata runs) external returns (bytes32 digest);
}
