// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

import {ICollateralVault, Leg} from "./ICollateralVault.sol";

/// @notice A settlement cycle: what every holder at a venue owes or is owed at a cut-off, net.
struct Cycle {
    address venue;
    /// 1 for the venue's first cycle, then one more for each that became final.
    uint64 sequence;
    /// The digest of the venue's last final cycle; zero for the first.
    bytes32 previousDigest;
    /// Seconds of chain time up to which profit and loss is settled.
    uint64 cutOff;
    /// The digest of the PositionBook's batch that the obligations were computed from.
    bytes32 positionsDigest;
    /// One per token in which anything is owed, strictly ascending by token; empty when nothing is. In each, debits and
    /// credits are strictly ascending by holder, none zero, their sums equal, and nobody is on both sides.
    Leg[] legs;
}

/// @title ISettlementBook
/// @notice Settlement cycles: proposed with two signatures, open to dispute for a window, then final and paid.
/// @dev Per venue at most one cycle is open. The venue and the custodian both sign its EIP-712 digest in the domain
/// "Bulkhead Settlement", version "1". The type, in one line without further spaces, is
/// `Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,Leg[] legs)`
/// `Leg(address token,Obligation[] debits,Obligation[] credits)Obligation(address holder,uint256 amount)`.
///
/// A payer whose compartment holds less than it owes pays what is there, and the venue's own compartment in the same
/// token the rest ({ICollateralVault.settle}). Where that does not suffice either the cycle cannot be paid: it stays
/// open, so that a top-up may cure it, until its grace ends and anyone expires it. Both sides then sign another one, in
/// which what stays unpaid is written down. Another client's compartment never pays.
/// Warning: two signatures settle. A venue and a custodian that collude can move any compartment of that venue to
/// another of that venue, but to nowhere else, and not out of an exit that was ready before they proposed.
/// Warning: a signature over a cycle stands until the sequence is taken by a final cycle or this very digest is void.
interface ISettlementBook {
    /// @notice The venue is not registered.
    error UnknownVenue(address venue);

    /// @notice The venue's cycle `sequence` is open; it must become final or void first.
    error CycleOpen(address venue, uint64 sequence);

    /// @notice Another cycle is due.
    error WrongSequence(uint64 expected, uint64 given);

    /// @notice The cycle follows another history than the chain's.
    error WrongPreviousDigest(bytes32 expected, bytes32 given);

    /// @notice The cut-off is not after that of the last final cycle.
    error CutOffNotAfter(uint64 previous, uint64 given);

    /// @notice The cut-off has not come yet.
    error CutOffInFuture(uint64 given, uint64 timestamp);

    /// @notice The leg at `index` does not come after the one before it in token.
    error LegsNotSorted(uint256 index);

    /// @notice A leg in which nobody owes anything.
    error EmptyLeg(address token);

    /// @notice The debit or credit at `index` does not come after the one before it in holder.
    error ObligationsNotSorted(address token, uint256 index);

    /// @notice An obligation that moves nothing.
    error ZeroObligation(address token, address holder);

    /// @notice What is owed and what is to be received in a token differ.
    error ObligationsNotBalanced(address token, uint256 debits, uint256 credits);

    /// @notice A holder owes and is owed the same token: the legs are not net.
    error HolderOnBothSides(address token, address holder);

    /// @notice This very cycle was disputed or has expired; its signatures count no more.
    error CycleVoid(bytes32 digest);

    /// @notice The first signature is not that of the venue's signer over this cycle.
    error WrongVenueSignature(address venue);

    /// @notice The second signature is not the custodian's over this cycle.
    error WrongCustodianSignature();

    /// @notice The venue has no open cycle.
    error NoOpenCycle(address venue);

    /// @notice The dispute window is over.
    error WindowClosed(uint64 ended, uint64 timestamp);

    /// @notice The dispute window is still open.
    error WindowOpen(uint64 ends, uint64 timestamp);

    /// @notice Only the venue's signer and the custodian may dispute.
    error NotAParty(address caller);

    /// @notice The cycle is not the open one; `expected` is zero when none is open. Where both are the same, the cycle
    /// came in another encoding than the ABI's own.
    error WrongDigest(bytes32 expected, bytes32 given);

    /// @notice The open cycle may still be finalised undisturbed.
    error GraceOpen(uint64 ends, uint64 timestamp);

    /// @notice The venue's signer was set; zero = the venue proposes no more cycles.
    event VenueRegistered(address indexed venue, address indexed signer);

    /// @notice A cycle is open to dispute until `windowEnds`; the cycle itself is in the transaction's calldata.
    event CycleProposed(address indexed venue, uint64 indexed sequence, bytes32 digest, uint64 windowEnds);

    /// @notice The open cycle was voided by a party; nothing moved.
    event CycleDisputed(address indexed venue, uint64 indexed sequence, bytes32 digest, address by);

    /// @notice The open cycle was voided because nobody could or would finalise it in time; nothing moved.
    event CycleExpired(address indexed venue, uint64 indexed sequence, bytes32 digest);

    /// @notice The cycle is final and paid.
    event CycleFinal(address indexed venue, uint64 indexed sequence, bytes32 digest);

    /// @notice Seconds after the window in which the cycle may be finalised undisturbed, before anyone may expire it.
    function GRACE_S() external view returns (uint64);

    /// @notice The vault whose compartments are settled.
    function vault() external view returns (ICollateralVault);

    /// @notice The co-signer of every cycle. A contract (ERC-1271) where keys must rotate: the address itself is fixed.
    function custodian() external view returns (address);

    /// @notice Seconds between proposal and finality.
    function disputeWindow() external view returns (uint64);

    /// @notice Who signs for a venue; zero = not registered.
    function signerOf(address venue) external view returns (address);

    /// @notice Whether a cycle of this digest was disputed or expired.
    function isVoid(bytes32 digest) external view returns (bool);

    /// @notice The venue's last final cycle; all zero before the first.
    function headOf(address venue) external view returns (uint64 sequence, bytes32 digest, uint64 cutOff);

    /// @notice The venue's open cycle and when its window ends; both zero when none is open.
    function openOf(address venue) external view returns (bytes32 digest, uint64 windowEnds);

    /// @notice The EIP-712 digest that the venue and the custodian sign, and by which the cycle is known from then on.
    function digestOf(Cycle calldata cycle) external view returns (bytes32);

    /// @notice Names the signer of a venue, or replaces it; zero removes the venue.
    /// @dev Counts at once: an open cycle may be disputed by the new signer and no more by the old one, and is
    /// finalised all the same. Refusal: caller lacks DEFAULT_ADMIN_ROLE.
    function registerVenue(address venue, address signer) external;

    /// @notice Opens a cycle that both parties have signed. Anyone may send it.
    /// @dev Effects: the cycle is open until disputed, final or expired; releases at the venue are locked meanwhile.
    /// Refusals, in order: `UnknownVenue`, `CycleOpen`, `WrongSequence`, `WrongPreviousDigest`, `CutOffNotAfter`,
    /// `CutOffInFuture`; then leg by leg `LegsNotSorted`, `EmptyLeg`, `ObligationsNotSorted` and `ZeroObligation` of the
    /// debits and then of the credits, `ObligationsNotBalanced`, `HolderOnBothSides`; `CycleVoid`, `WrongVenueSignature`,
    /// `WrongCustodianSignature`; the vault's `EnforcedPause`.
    /// Warning: compartments are not read here, and a release or an exit may have emptied one: `finalize` takes what
    /// is missing from the venue.
    function propose(Cycle calldata cycle, bytes calldata venueSignature, bytes calldata custodianSignature) external;

    /// @notice Voids the venue's open cycle.
    /// @dev Effects: nothing is open, releases are unlocked, the same sequence may be proposed again with other
    /// content. This very digest may not: its signatures are public, and anyone could propose it again for ever.
    /// Refusals, in order: `NoOpenCycle`, `WindowClosed`, `NotAParty`.
    function dispute(address venue) external;

    /// @notice Pays the open cycle once its window is over. Anyone may send it.
    /// @dev Effects: compartments move, the head advances, releases are unlocked. Refusals, in order: `WrongDigest`,
    /// `WindowOpen`, the vault's `ShortfallNotCovered`. The calldata has to be the ABI's own encoding, without anything
    /// behind it: it is compared with what was proposed by one hash over all of it.
    function finalize(Cycle calldata cycle) external;

    /// @notice Voids an open cycle that was not finalised within GRACE_S after its window. Anyone may send it.
    /// @dev Without it a cycle that asks more of payers and venue than they hold would lock the venue for ever. Whoever is
    /// owed something finalises before the grace ends; that is open to all. Effects as `dispute`.
    /// Refusals, in order: `NoOpenCycle`, `GraceOpen`.
    function expire(address venue) external;
}
