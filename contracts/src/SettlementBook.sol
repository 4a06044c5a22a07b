// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "./interfaces/ISettlementBook.sol";
import {CycleLib} from "./libraries/CycleLib.sol";

/// @title SettlementBook
/// @notice Cycles: proposed → dispute window → final, or void. The manual is {ISettlementBook}.
/// @dev The vault is trusted and calls nobody back from what is called here, and signature checks are static calls:
/// there is nothing to re-enter. State is written before the vault is called all the same.
contract SettlementBook is ISettlementBook, AccessControl, EIP712 {
    using CycleLib for Cycle;

    /// @dev `digest` and `cutOff` are the last final cycle's, `sequence` counts the final ones.
    struct Head {
        bytes32 digest;
        uint64 sequence;
        uint64 cutOff;
    }

    /// @dev Invariant: `isOpen` ⇔ the vault's lock of the venue is on. The rest stays when a cycle ends: to write the
    /// next one over it costs 17,100 gas a slot less than to write it anew.
    struct Open {
        bytes32 digest;
        /// keccak256 of the cycle's ABI encoding: finality compares calldata with it, a fraction of hashing typed data.
        bytes32 content;
        uint64 windowEnds;
        bool isOpen;
    }

    /// @inheritdoc ISettlementBook
    /// @dev A day: long enough for anyone owed to finalise, short enough to wait for an exit.
    uint64 public constant GRACE_S = 1 days;

    /// @inheritdoc ISettlementBook
    ICollateralVault public immutable vault;
    /// @inheritdoc ISettlementBook
    address public immutable custodian;
    /// @inheritdoc ISettlementBook
    uint64 public immutable disputeWindow;

    /// @inheritdoc ISettlementBook
    mapping(address venue => address signer) public signerOf;
    /// @inheritdoc ISettlementBook
    mapping(bytes32 digest => bool) public isVoid;

    mapping(address venue => Head) private _heads;
    mapping(address venue => Open) private _opens;

    /// @dev No zero checks: a zero custodian has signed nothing, so nothing could ever be proposed.
    constructor(address admin, ICollateralVault vault_, address custodian_, uint64 disputeWindow_)
        EIP712("Bulkhead Settlement", "1")
    {
        vault = vault_;
        custodian = custodian_;
        disputeWindow = disputeWindow_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc ISettlementBook
    function registerVenue(address venue, address signer) external onlyRole(DEFAULT_ADMIN_ROLE) {
        signerOf[venue] = signer;
        emit VenueRegistered(venue, signer);
    }

    /// @inheritdoc ISettlementBook
    function propose(Cycle calldata cycle, bytes calldata venueSignature, bytes calldata custodianSignature) external {
        _requireNext(cycle);
        CycleLib.requireWellFormed(cycle.legs);
        bytes32 digest = digestOf(cycle);
        _requireSigned(cycle.venue, digest, venueSignature, custodianSignature);

        uint64 windowEnds = _now() + disputeWindow;
        _opens[cycle.venue] = Open(digest, keccak256(abi.encode(cycle)), windowEnds, true);
        emit CycleProposed(cycle.venue, cycle.sequence, digest, windowEnds);
        vault.lock(cycle.venue);
    }

    /// @inheritdoc ISettlementBook
    function dispute(address venue) external {
        Open memory open = _requireOpen(venue);
        if (_now() >= open.windowEnds) revert WindowClosed(open.windowEnds, _now());
        if (msg.sender != custodian && msg.sender != signerOf[venue]) revert NotAParty(msg.sender);

        isVoid[open.digest] = true;
        emit CycleDisputed(venue, _heads[venue].sequence + 1, open.digest, msg.sender);
        _close(venue);
    }

    /// @inheritdoc ISettlementBook
    function finalize(Cycle calldata cycle) external {
        Open memory open = _openOf(cycle.venue);
        bytes32 digest = open.digest;
        // All behind the selector is the cycle. Equal bytes are the same cycle, however anybody would decode them.
        if (keccak256(msg.data[4:]) != open.content) revert WrongDigest(digest, digestOf(cycle));
        if (_now() < open.windowEnds) revert WindowOpen(open.windowEnds, _now());

        _heads[cycle.venue] = Head(digest, cycle.sequence, cycle.cutOff);
        emit CycleFinal(cycle.venue, cycle.sequence, digest);
        _close(cycle.venue);
        vault.settle(cycle.venue, cycle.sequence, cycle.legs);
    }

    /// @inheritdoc ISettlementBook
    function expire(address venue) external {
        Open memory open = _requireOpen(venue);
        uint64 graceEnds = open.windowEnds + GRACE_S;
        if (_now() < graceEnds) revert GraceOpen(graceEnds, _now());

        isVoid[open.digest] = true;
        emit CycleExpired(venue, _heads[venue].sequence + 1, open.digest);
        _close(venue);
    }

    /// @inheritdoc ISettlementBook
    function headOf(address venue) external view returns (uint64 sequence, bytes32 digest, uint64 cutOff) {
        Head memory head = _heads[venue];
        return (head.sequence, head.digest, head.cutOff);
    }

    /// @inheritdoc ISettlementBook
    function openOf(address venue) external view returns (bytes32 digest, uint64 windowEnds) {
        Open memory open = _openOf(venue);
        return (open.digest, open.windowEnds);
    }

    /// @inheritdoc ISettlementBook
    function digestOf(Cycle calldata cycle) public view returns (bytes32) {
        return _hashTypedDataV4(cycle.hash());
    }

    function _close(address venue) private {
        _opens[venue].isOpen = false;
        vault.unlock(venue);
    }

    /// @dev The caller's belief about the venue's state must be the chain's.
    function _requireNext(Cycle calldata cycle) private view {
        address venue = cycle.venue;
        if (signerOf[venue] == address(0)) revert UnknownVenue(venue);
        Head memory head = _heads[venue];
        uint64 expected = head.sequence + 1;
        if (_opens[venue].isOpen) revert CycleOpen(venue, expected);
        if (cycle.sequence != expected) revert WrongSequence(expected, cycle.sequence);
        if (cycle.previousDigest != head.digest) revert WrongPreviousDigest(head.digest, cycle.previousDigest);
        if (cycle.cutOff <= head.cutOff) revert CutOffNotAfter(head.cutOff, cycle.cutOff);
        if (cycle.cutOff > _now()) revert CutOffInFuture(cycle.cutOff, _now());
    }

    function _requireSigned(
        address venue,
        bytes32 digest,
        bytes calldata venueSignature,
        bytes calldata custodianSignature
    ) private view {
        if (isVoid[digest]) revert CycleVoid(digest);
        if (!SignatureChecker.isValidSignatureNowCalldata(signerOf[venue], digest, venueSignature)) {
            revert WrongVenueSignature(venue);
        }
        if (!SignatureChecker.isValidSignatureNowCalldata(custodian, digest, custodianSignature)) {
            revert WrongCustodianSignature();
        }
    }

    function _requireOpen(address venue) private view returns (Open memory open) {
        open = _openOf(venue);
        if (!open.isOpen) revert NoOpenCycle(venue);
    }

    /// @dev All zero when none is open, whatever a former one has left.
    function _openOf(address venue) private view returns (Open memory open) {
        if (_opens[venue].isOpen) open = _opens[venue];
    }

    /// @dev Seconds fit 64 bits for longer than there will be blocks.
    function _now() private view returns (uint64) {
        return uint64(block.timestamp);
    }
}
