// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

/// @notice What a quorum of sources signs in one go.
struct MarkBatch {
    /// The edition of the source set that signs.
    uint64 edition;
    /// Seconds of UTC at which these were the marks.
    uint64 asOf;
    /// Marks of 15 bytes, one behind the other, in any order but no instrument twice: instrument (uint32), price
    /// (uint64, in 1e-6 USD per whole coin, never zero), confidence (uint24, a fraction in 1e-6, 1,000,000 = fully sure).
    /// Neighbours 2k and 2k + 1 share a slot: together they cost half.
    bytes marks;
}

/// @notice A source's signature of a batch's digest: 65 bytes of a key, or whatever its contract (ERC-1271) asks for.
struct SourceSignature {
    address source;
    bytes signature;
}

/// @notice The last mark of an instrument; all zero where there is none.
struct LatestMark {
    uint64 price;
    uint24 confidence;
    uint40 asOf;
}

/// @title IMarkFeed
/// @notice Marks that a quorum of independent sources has signed, with their time and confidence.
/// @dev Sources sign a batch's EIP-712 digest in the domain "Bulkhead Marks", version "1", of this very contract; the
/// type shows every mark with its members by name. In one line: `MarkBatch(uint64 edition,uint64 as_of_s,Mark[] marks)`
/// `Mark(uint32 instrument,uint64 price_e6,uint24 confidence_e6)`.
/// Invariants: an instrument's time never falls; a mark is only ever what a quorum of one edition has signed.
/// Warning: a quorum that colludes, or that reads the same broken market, can say anything. Look at `confidence`.
/// Warning: whoever decides by a mark calls `markOf`, which refuses an old one. `latestOf` refuses nothing.
/// Warning: an edition's change voids every signature of earlier ones that was not used yet. The marks that were taken
/// stay, until the heartbeat makes them stale: a source that lied is not undone by being removed.
interface IMarkFeed {
    // -- what `setSources` refuses ------------------------------------------------------------------------------------

    /// @notice The source at `index` does not come after the one before it, or is zero.
    error SourcesNotSorted(uint256 index);

    /// @notice The quorum is none of 1 … `sources`.
    error QuorumOutOfRange(uint256 sources, uint256 given);

    // -- what `publish` refuses ---------------------------------------------------------------------------------------

    /// @notice The batch is signed for another edition of the source set than the one in force.
    error WrongEdition(uint64 expected, uint64 given);

    /// @notice The batch's time has not come yet.
    error TimeInFuture(uint64 given, uint64 timestamp);

    /// @notice The batch has no marks, or a part of one: so many bytes are no positive multiple of 15.
    error WrongLength(uint256 given);

    /// @notice Fewer signatures than the quorum.
    error QuorumNotReached(uint256 quorum, uint256 given);

    /// @notice The signature at `index` is of a source that does not come after the one before it.
    error SignaturesNotSorted(uint256 index);

    /// @notice This address is no source of the edition in force.
    error UnknownSource(address source);

    /// @notice The signature is not the source's over this batch.
    error WrongSourceSignature(address source);

    /// @notice A price of zero.
    error ZeroPrice(uint32 instrument);

    /// @notice A confidence of more than `most` = 1,000,000.
    error ConfidenceOutOfRange(uint32 instrument, uint24 most, uint24 given);

    /// @notice The instrument has a mark of this time or a later one, `latest`.
    error TimeNotAfter(uint32 instrument, uint64 latest, uint64 given);

    // -- what `markOf` refuses ----------------------------------------------------------------------------------------

    /// @notice The instrument has never had a mark.
    error NoMark(uint32 instrument);

    /// @notice The mark is older than the heartbeat.
    error StaleMark(uint32 instrument, uint64 asOf, uint64 heartbeat, uint64 timestamp);

    // -- events -------------------------------------------------------------------------------------------------------

    /// @notice Another set of sources is in force.
    event SourcesChanged(uint64 indexed edition, address[] sources, uint256 quorum);

    /// @notice A batch of `marks` was taken; the batch itself is in the transaction's calldata, bound by `digest`.
    event MarksPublished(uint64 indexed asOf, bytes32 digest, uint256 marks);

    // -- reading ------------------------------------------------------------------------------------------------------

    /// @notice How old a mark may be, in seconds, and still be read by `markOf`.
    function heartbeat() external view returns (uint64);

    /// @notice The set in force: its edition (1 for the first), how many sources it has, how many of them must sign.
    function sourceSet() external view returns (uint64 edition, uint64 sources, uint64 quorum);

    /// @notice Whether an address is a source of the edition in force.
    function isSource(address source) external view returns (bool);

    /// @notice The EIP-712 digest that sources sign.
    function digestOf(MarkBatch calldata batch) external view returns (bytes32);

    /// @notice The mark of an instrument, no older than the heartbeat: price in 1e-6 USD, confidence in 1e-6.
    /// @dev Refusals, in order: `NoMark`, `StaleMark`.
    function markOf(uint32 instrument) external view returns (uint64 price, uint24 confidence);

    /// @notice The last mark of an instrument with its time, however old; all zero where there is none.
    function latestOf(uint32 instrument) external view returns (LatestMark memory);

    /// @notice Many in one call: `latestOf` each of these, in turn.
    function latestOfEach(uint32[] calldata instruments) external view returns (LatestMark[] memory);

    // -- writing ------------------------------------------------------------------------------------------------------

    /// @notice Puts another set of sources in force. For the admin.
    /// @dev Effects: the edition goes up by one, and no signature for an earlier one counts any more. Refusals, in
    /// order: caller lacks DEFAULT_ADMIN_ROLE; `SourcesNotSorted` (strictly ascending, so none twice and none zero);
    /// `QuorumOutOfRange`.
    /// Warning: a source that is a contract, or delegates to one (EIP-7702), signs by whatever rules its code has.
    function setSources(address[] calldata sources, uint256 quorum) external;

    /// @notice Takes down the marks that a quorum has signed. Anyone may send them.
    /// @dev Effects: each instrument has its new mark; nothing changes if anything is refused. Refusals, in order:
    /// `WrongEdition`; `TimeInFuture`; `WrongLength`; `QuorumNotReached`; then signature by signature
    /// `SignaturesNotSorted`, `UnknownSource`, `WrongSourceSignature` (every one that is sent must be right, also beyond
    /// the quorum); then mark by mark `ZeroPrice`, `ConfidenceOutOfRange`, `TimeNotAfter` (which is also what an
    /// instrument that stands twice in the batch gets).
    /// Warning: a signed batch can be held back. Until the heartbeat it is taken, if nothing newer was.
    function publish(MarkBatch calldata batch, SourceSignature[] calldata signatures) external;
}
