// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IMarkFeed, LatestMark, MarkBatch, SourceSignature} from "./interfaces/IMarkFeed.sol";
import {MarkLib} from "./libraries/MarkLib.sol";

/// @title MarkFeed
/// @notice Marks under the signatures of a quorum of sources, two marks a slot. The manual is {IMarkFeed}.
contract MarkFeed is IMarkFeed, AccessControl, EIP712 {
    using MarkLib for bytes;

    /// @dev `edition` counts the sets from 1. Invariant: 1 ≤ quorum ≤ sources.
    struct SourceSet {
        uint64 edition;
        uint64 sources;
        uint64 quorum;
    }

    /// @dev Instruments 2k and 2k + 1 share a slot, the even one in the low half: price | confidence | time of each.
    struct Pair {
        uint256 halves;
    }

    uint24 private constant MOST_CONFIDENCE = 1_000_000;
    uint256 private constant HALF = type(uint128).max;

    /// @inheritdoc IMarkFeed
    uint64 public immutable heartbeat;
    /// @inheritdoc IMarkFeed
    SourceSet public sourceSet;

    /// @dev By edition, so that a change needs to take nobody out.
    mapping(uint64 edition => mapping(address source => bool)) private _isSource;
    mapping(uint256 pair => Pair) private _pairs;

    constructor(address admin, uint64 heartbeat_, address[] memory sources, uint256 quorum)
        EIP712("Bulkhead Marks", "1")
    {
        heartbeat = heartbeat_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _setSources(sources, quorum);
    }

    /// @inheritdoc IMarkFeed
    function setSources(address[] calldata sources, uint256 quorum) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setSources(sources, quorum);
    }

    /// @inheritdoc IMarkFeed
    function publish(MarkBatch calldata batch, SourceSignature[] calldata signatures) external {
        SourceSet memory set = sourceSet;
        if (batch.edition != set.edition) revert WrongEdition(set.edition, batch.edition);
        if (batch.asOf > _now()) revert TimeInFuture(batch.asOf, _now());
        bytes32 digest = digestOf(batch);
        _requireQuorum(set, digest, signatures);

        uint256 kept = _keep(batch.marks, batch.asOf);
        emit MarksPublished(batch.asOf, digest, kept);
    }

    /// @inheritdoc IMarkFeed
    function markOf(uint32 instrument) external view returns (uint64 price, uint24 confidence) {
        LatestMark memory latest = latestOf(instrument);
        if (latest.price == 0) revert NoMark(instrument);
        // In 256 bits: a heartbeat of any length cannot overflow.
        if (uint256(latest.asOf) + heartbeat < block.timestamp) {
            revert StaleMark(instrument, latest.asOf, heartbeat, _now());
        }
        return (latest.price, latest.confidence);
    }

    /// @inheritdoc IMarkFeed
    function latestOfEach(uint32[] calldata instruments) external view returns (LatestMark[] memory latest) {
        latest = new LatestMark[](instruments.length);
        for (uint256 i; i < instruments.length; ++i) {
            latest[i] = latestOf(instruments[i]);
        }
    }

    /// @inheritdoc IMarkFeed
    function isSource(address source) external view returns (bool) {
        return _isSource[sourceSet.edition][source];
    }

    /// @inheritdoc IMarkFeed
    function latestOf(uint32 instrument) public view returns (LatestMark memory) {
        uint256 half = _pairs[instrument >> 1].halves >> _shift(instrument);
        // Each cast keeps the bits of one member.
        // forge-lint: disable-next-line(unsafe-typecast)
        return LatestMark(uint64(half >> 64), uint24(half >> 40), uint40(half));
    }

    /// @inheritdoc IMarkFeed
    function digestOf(MarkBatch calldata batch) public view returns (bytes32) {
        return _hashTypedDataV4(MarkLib.hash(batch));
    }

    function _setSources(address[] memory sources, uint256 quorum) private {
        uint64 edition = sourceSet.edition + 1;
        address last;
        for (uint256 i; i < sources.length; ++i) {
            if (sources[i] <= last) revert SourcesNotSorted(i);
            last = sources[i];
            _isSource[edition][last] = true;
        }
        if (quorum == 0 || quorum > sources.length) revert QuorumOutOfRange(sources.length, quorum);

        // Both are at most the length of a list in a transaction.
        // forge-lint: disable-next-line(unsafe-typecast)
        sourceSet = SourceSet(edition, uint64(sources.length), uint64(quorum));
        emit SourcesChanged(edition, sources, quorum);
    }

    /// @dev What was written before a mark that is refused is undone with everything else.
    function _keep(bytes calldata marks, uint64 asOf) private returns (uint256 count) {
        count = marks.count();
        for (uint256 i; i < count; ++i) {
            (uint32 instrument, uint64 price, uint24 confidence) = marks.markAt(i);
            if (price == 0) revert ZeroPrice(instrument);
            if (confidence > MOST_CONFIDENCE) revert ConfidenceOutOfRange(instrument, MOST_CONFIDENCE, confidence);

            Pair storage pair = _pairs[instrument >> 1];
            uint256 shift = _shift(instrument);
            uint256 halves = pair.halves;
            // The cast keeps the time's bits.
            // forge-lint: disable-next-line(unsafe-typecast)
            uint40 latest = uint40(halves >> shift);
            if (asOf <= latest) revert TimeNotAfter(instrument, latest, asOf);
            // Not later than the block, so that the time fits 40 bits.
            uint256 half = uint256(price) << 64 | uint256(confidence) << 40 | asOf;
            pair.halves = halves & ~(HALF << shift) | half << shift;
        }
    }

    function _requireQuorum(SourceSet memory set, bytes32 digest, SourceSignature[] calldata signatures) private view {
        if (signatures.length < set.quorum) revert QuorumNotReached(set.quorum, signatures.length);
        address last;
        for (uint256 i; i < signatures.length; ++i) {
            address source = signatures[i].source;
            if (source <= last) revert SignaturesNotSorted(i);
            if (!_isSource[set.edition][source]) revert UnknownSource(source);
            if (!SignatureChecker.isValidSignatureNowCalldata(source, digest, signatures[i].signature)) {
                revert WrongSourceSignature(source);
            }
            last = source;
        }
    }

    /// @dev Where an instrument's half of its slot begins.
    function _shift(uint32 instrument) private pure returns (uint256) {
        return uint256(instrument & 1) << 7;
    }

    /// @dev Seconds fit 64 bits for longer than there will be blocks.
    function _now() private view returns (uint64) {
        return uint64(block.timestamp);
    }
}
