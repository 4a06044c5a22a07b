// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

import {Leaf} from "../libraries/SumTree.sol";

/// @notice What the custodian says it owes of one asset, in all, at one moment.
struct Liabilities {
    /// The asset's symbol.
    string asset;
    /// Places after the point of a ledger unit.
    uint64 scale;
    /// The root of the tree over what is owed to each account: {SumTree}.
    bytes32 root;
    /// Their sum, in ledger units.
    uint64 units;
    /// How many accounts stand in the tree.
    uint64 accounts;
    /// The place in the custodian's journal up to which transfers are counted.
    uint64 journalPosition;
    /// The digest of the journal's seal at that place.
    bytes32 journalHead;
    /// Seconds of UTC at which this was owed.
    uint64 asOf;
    /// 1 for the first statement, then one more each.
    uint64 sequence;
    /// The digest of the statement before; zero for the first.
    bytes32 previousDigest;
}

/// @notice What is kept of a statement.
struct Publication {
    bytes32 digest;
    bytes32 root;
    uint64 units;
    uint64 accounts;
    uint64 journalPosition;
    uint64 asOf;
}

/// @title ILiabilityRegistry
/// @notice What a custodian owes of one asset, statement after statement: each with its total, and each account's part
/// provable.
/// @dev The custodian signs a statement's EIP-712 digest in the domain "Bulkhead Custody", version "1", of this very
/// contract. Members are named in the type as in the files of custody/inclusion.py, in one line without further spaces:
/// `Liabilities(string asset,uint64 scale,bytes32 root,uint64 units,uint64 accounts,uint64 journal_position,`
/// `bytes32 journal_head,uint64 as_of_s,uint64 sequence,bytes32 previous_digest)`.
/// Warning: a total of liabilities says nothing of assets, liens, or debt that is in no tree; and an account that does
/// not check its part might be missing from it. It binds the custodian only as far as many look.
/// Warning: statements are ordered, not fresh. A custodian that falls silent leaves its last one standing: compare
/// `asOf` with the time.
/// Warning: units are the custodian's ledger units of `scale` places, not a token's.
interface ILiabilityRegistry {
    /// @notice The statement is about another asset.
    error WrongAsset(string expected, string given);

    /// @notice The statement counts in other units.
    error WrongScale(uint64 expected, uint64 given);

    /// @notice Another statement is due: the given one was published already (lower), or one is missing (higher).
    error WrongSequence(uint64 expected, uint64 given);

    /// @notice The statement follows another history than the chain's.
    error WrongPreviousDigest(bytes32 expected, bytes32 given);

    /// @notice The statement counts fewer transfers than the one before.
    error JournalWentBack(uint64 previous, uint64 given);

    /// @notice The statement's time is not after that of the one before.
    error TimeNotAfter(uint64 previous, uint64 given);

    /// @notice The statement's time has not come yet.
    error TimeInFuture(uint64 given, uint64 timestamp);

    /// @notice The statement has no accounts: there is no tree without a leaf.
    error NoAccounts();

    /// @notice The total is more than a ledger can hold, `most` = 2^63 − 1 units.
    error TotalTooLarge(uint64 most, uint64 given);

    /// @notice The signature is not the custodian's over this statement.
    error WrongCustodianSignature();

    /// @notice No statement of this sequence has been published; `last` is the last that was, zero for none.
    error UnknownSequence(uint64 last, uint64 given);

    /// @notice A statement was published; all of it is in the transaction's calldata, and bound by `digest`.
    event LiabilitiesPublished(
        uint64 indexed sequence,
        bytes32 digest,
        bytes32 root,
        uint64 units,
        uint64 accounts,
        uint64 journalPosition,
        bytes32 journalHead,
        uint64 asOf
    );

    /// @notice Who signs. A contract (ERC-1271) where keys must rotate: the address itself is fixed.
    function custodian() external view returns (address);

    /// @notice The symbol of the asset that is owed.
    function asset() external view returns (string memory);

    /// @notice Places after the point of a ledger unit.
    function scale() external view returns (uint64);

    /// @notice The sequence of the last statement; zero before the first.
    function lastSequence() external view returns (uint64);

    /// @notice What is kept of a statement; all zero where there is none of this sequence.
    function publicationOf(uint64 sequence) external view returns (Publication memory);

    /// @notice The EIP-712 digest that the custodian signs, and that the next statement names.
    function digestOf(Liabilities calldata statement) external view returns (bytes32);

    /// @notice Takes down a statement that the custodian has signed. Anyone may send it.
    /// @dev Effects: it is the last statement; earlier ones stay. Refusals, in order: `WrongAsset`, `WrongScale`,
    /// `WrongSequence`, `WrongPreviousDigest`, `JournalWentBack`, `TimeNotAfter`, `TimeInFuture`, `NoAccounts`,
    /// `TotalTooLarge`, `WrongCustodianSignature`.
    /// Warning: a statement of long ago is taken too. Were it refused, no later one could follow it.
    function publish(Liabilities calldata statement, bytes calldata signature) external;

    /// @notice Refuses a leaf that is no part of the total of the statement of this sequence.
    /// @dev Refusals, in order: `UnknownSequence`, then {SumTree}'s: `IndexOutsideTree`, `WrongPathLength`,
    /// `WrongTotal`, `WrongRoot`. Read the warnings of {SumTree}: what is proven, and to whom a proof is shown.
    function requireIncluded(uint64 sequence, Leaf calldata leaf, bytes calldata path) external view;
}
