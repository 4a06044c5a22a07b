// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {ILiabilityRegistry, Liabilities, Publication} from "./interfaces/ILiabilityRegistry.sol";
import {Leaf, Root, SumTree} from "./libraries/SumTree.sol";

/// @title LiabilityRegistry
/// @notice What a custodian owes of one asset, statement after statement. The manual is {ILiabilityRegistry}.
contract LiabilityRegistry is ILiabilityRegistry, EIP712 {
    bytes32 private constant LIABILITIES_TYPEHASH = keccak256(
        "Liabilities(string asset,uint64 scale,bytes32 root,uint64 units,uint64 accounts,uint64 journal_position,"
        "bytes32 journal_head,uint64 as_of_s,uint64 sequence,bytes32 previous_digest)"
    );

    /// @dev What a custodian's ledger can hold in all.
    uint64 private constant MOST_UNITS = uint64(type(int64).max);

    /// @inheritdoc ILiabilityRegistry
    address public immutable custodian;
    /// @inheritdoc ILiabilityRegistry
    uint64 public immutable scale;
    /// @inheritdoc ILiabilityRegistry
    string public asset;

    /// @inheritdoc ILiabilityRegistry
    uint64 public lastSequence;
    /// @dev Invariant: there is one of every sequence from 1 to `lastSequence`, and each has accounts.
    mapping(uint64 sequence => Publication) private _publications;

    /// @dev No zero checks: a zero custodian has signed nothing, so nothing could ever be published.
    constructor(address custodian_, string memory asset_, uint64 scale_) EIP712("Bulkhead Custody", "1") {
        custodian = custodian_;
        asset = asset_;
        scale = scale_;
    }

    /// @inheritdoc ILiabilityRegistry
    function publish(Liabilities calldata statement, bytes calldata signature) external {
        _requireNext(statement);
        if (statement.accounts == 0) revert NoAccounts();
        if (statement.units > MOST_UNITS) revert TotalTooLarge(MOST_UNITS, statement.units);
        bytes32 digest = digestOf(statement);
        if (!SignatureChecker.isValidSignatureNowCalldata(custodian, digest, signature)) {
            revert WrongCustodianSignature();
        }

        lastSequence = statement.sequence;
        _publications[statement.sequence] = Publication(
            digest, statement.root, statement.units, statement.accounts, statement.journalPosition, statement.asOf
        );
        emit LiabilitiesPublished(
            statement.sequence,
            digest,
            statement.root,
            statement.units,
            statement.accounts,
            statement.journalPosition,
            statement.journalHead,
            statement.asOf
        );
    }

    /// @inheritdoc ILiabilityRegistry
    function requireIncluded(uint64 sequence, Leaf calldata leaf, bytes calldata path) external view {
        Publication storage publication = _publications[sequence];
        Root memory root = Root(publication.root, publication.units, publication.accounts);
        if (root.leaves == 0) revert UnknownSequence(lastSequence, sequence);
        SumTree.requireIncluded(root, leaf, path);
    }

    /// @inheritdoc ILiabilityRegistry
    function publicationOf(uint64 sequence) external view returns (Publication memory) {
        return _publications[sequence];
    }

    /// @inheritdoc ILiabilityRegistry
    function digestOf(Liabilities calldata statement) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    LIABILITIES_TYPEHASH,
                    keccak256(bytes(statement.asset)),
                    statement.scale,
                    statement.root,
                    statement.units,
                    statement.accounts,
                    statement.journalPosition,
                    statement.journalHead,
                    statement.asOf,
                    statement.sequence,
                    statement.previousDigest
                )
            )
        );
    }

    /// @dev The caller's belief about this chain of statements must be the chain's, and time goes forward.
    function _requireNext(Liabilities calldata statement) private view {
        if (!Strings.equal(statement.asset, asset)) revert WrongAsset(asset, statement.asset);
        if (statement.scale != scale) revert WrongScale(scale, statement.scale);
        uint64 last = lastSequence;
        if (statement.sequence != last + 1) revert WrongSequence(last + 1, statement.sequence);

        Publication memory previous = _publications[last];
        if (statement.previousDigest != previous.digest) {
            revert WrongPreviousDigest(previous.digest, statement.previousDigest);
        }
        if (statement.journalPosition < previous.journalPosition) {
            revert JournalWentBack(previous.journalPosition, statement.journalPosition);
        }
        if (statement.asOf <= previous.asOf) revert TimeNotAfter(previous.asOf, statement.asOf);
        // Seconds fit 64 bits for longer than there will be blocks.
        uint64 timestamp = uint64(block.timestamp);
        if (statement.asOf > timestamp) revert TimeInFuture(statement.asOf, timestamp);
    }
}
