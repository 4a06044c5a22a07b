// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

/// @notice The mark of an instrument at the batch's time.
struct Price {
    uint32 instrument;
    /// In 1e-6 USD per whole coin.
    uint64 price;
}

/// @notice A change of one account's position: positive lots = bought.
struct Delta {
    uint32 instrument;
    address account;
    int64 lots;
}

/// @notice What the operator mirrors from the venue's fills in one go.
struct Batch {
    /// 1 for the first batch, then one more each.
    uint64 sequence;
    /// The digest of the batch before; zero for the first.
    bytes32 previousDigest;
    /// Seconds of chain time up to which fills are included.
    uint64 asOf;
    /// Strictly ascending by instrument.
    Price[] prices;
    /// Strictly ascending by (instrument, account); sums to zero per instrument.
    Delta[] deltas;
}

/// @title IPositionBook
/// @notice The mirror of the positions held at a venue, moved by batches that form a hash chain.
/// @dev Invariant: the positions in an instrument, the venue's own included, sum to zero.
/// Warning: positions and prices are what the operator says. The book makes the statement ordered, balanced and
/// comparable; it does not check it against the venue.
/// Warning: prices are not stored. They are bound by the digest, which a settlement cycle cites.
interface IPositionBook {
    /// @notice Another batch is due: the given one was mirrored already (lower), or one is missing (higher).
    error WrongSequence(uint64 expected, uint64 given);

    /// @notice The batch follows another history than the chain's.
    error WrongPreviousDigest(bytes32 expected, bytes32 given);

    /// @notice The delta at `index` does not come after the one before it in (instrument, account).
    error DeltasNotSorted(uint256 index);

    /// @notice The deltas of an instrument do not sum to zero.
    error InstrumentNotZeroSum(uint32 instrument, int256 sum);

    /// @notice The position would leave the range of int64.
    error LotsOverflow(address account, uint32 instrument);

    /// @notice The price at `index` does not come after the one before it.
    error PricesNotSorted(uint256 index);

    /// @notice The two lists of a pairwise read differ in length.
    error LengthMismatch(uint256 accounts, uint256 instruments);

    /// @notice A batch of `deltas` position changes was mirrored; the batch itself is in the transaction's calldata.
    event BatchMirrored(uint64 indexed sequence, bytes32 digest, uint64 asOf, uint256 deltas);

    /// @notice The role that mirrors batches: the operator.
    function OPERATOR_ROLE() external view returns (bytes32);

    /// @notice The last batch: its sequence and digest, both zero before the first.
    function head() external view returns (uint64 sequence, bytes32 digest);

    /// @notice An account's position in an instrument, in lots; negative = short.
    function positionOf(address account, uint32 instrument) external view returns (int64 lots);

    /// @notice Many positions in one call: the i-th of `accounts` in the i-th of `instruments`.
    /// @dev Refusal: `LengthMismatch`.
    function positionsOf(address[] calldata accounts, uint32[] calldata instruments)
        external
        view
        returns (int64[] memory lots);

    /// @notice Applies a batch and returns its digest, keccak256(abi.encode(batch)).
    /// @dev Effects: positions move by the deltas, the head advances. Nothing changes if anything is refused.
    /// Refusals, in order: caller lacks OPERATOR_ROLE; `WrongSequence`; `WrongPreviousDigest`; then the deltas are read
    /// once and the first at fault is named, per delta `DeltasNotSorted`, `LotsOverflow`, and `InstrumentNotZeroSum`
    /// where an instrument ends; `PricesNotSorted`. A batch without deltas or prices is accepted: a heartbeat. So is a
    /// delta of zero lots.
    function mirror(Batch calldata batch) external returns (bytes32 digest);
}
