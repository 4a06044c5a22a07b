// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

/// @notice What one holder owes, or is owed, in one token in one settlement cycle.
struct Obligation {
    address holder;
    /// Base units of the leg's token.
    uint256 amount;
}

/// @notice A settlement cycle's obligations in one token: what is paid, and what is received.
struct Leg {
    address token;
    /// What holders owe.
    Obligation[] debits;
    /// What holders are owed.
    Obligation[] credits;
}

/// @notice A holder's signed wish to take claims out of a compartment and have them redeemed by the custodian.
struct Release {
    address holder;
    address venue;
    address token;
    /// Base units of `token`.
    uint256 amount;
    /// `nonceOf(holder)` at the time of execution: releases of one holder run in the order of their nonces.
    uint256 nonce;
    /// Last second, in chain time, at which the release may run.
    uint256 deadline;
}

/// @notice A holder's signed request to leave a venue, for holders that send no transactions themselves.
struct ExitRequest {
    address holder;
    address venue;
    address token;
    /// `exitNonceOf(holder)` at the time of execution.
    uint256 nonce;
    /// Last second, in chain time, at which the request may be made.
    uint256 deadline;
}

/// @title ICollateralVault
/// @notice Holds claim tokens in compartments. A compartment is (holder, venue, token); the holder is a client, the
/// venue itself (its own collateral), an omnibus address or an insurance address: the rules are the same for all.
/// @dev The ring fence: a compartment is lowered by its holder's signature (`release`), by its holder's request (`exit`)
/// or by a final cycle (`settle`), and never by more than it holds. The one compartment that ever pays for another's
/// loss is the venue's own, of the same token, at the same venue.
///
/// The way out, which needs nobody: `requestExit`; after `exitDelay` seconds `exit`; then `withdraw`. It does not read
/// the pause, no role can stop or delay it, and the compartment leaves without a token being called. A cycle that was
/// proposed before the delay ended is waited for: at most its window and grace, then anyone may
/// {ISettlementBook.expire} it. One proposed later is not. So whatever the others do or do not do, a compartment is its
/// holder's own at most `exitDelay` + window + grace after the request, less what cycles signed by both took meanwhile.
///
/// Re-entrancy: no guard. Tokens are called last and in `release` and `withdraw` only, when all is written; `credit`
/// asks a token for a balance, in a static call. A token that calls back finds the vault as it is after the call.
///
/// Warning: the custodian decides what is credited to whom. The vault bounds it by what has arrived; it does not judge.
/// Warning: only tokens whose balances change by transfer, mint and burn alone. A token that takes a fee or rebases
/// downwards, or a minter who burns at the vault's address, leaves what is owed in that token above what is held:
/// nothing can then be credited in it, and the last to withdraw it fail. Other tokens are not touched.
interface ICollateralVault {
    /// @notice More was to be credited than lies in the vault outside of what is owed.
    error ExceedsUnallocated(address token, uint256 unallocated, uint256 amount);

    /// @notice A release is larger than the compartment that it names.
    error ExceedsCompartment(address holder, address venue, address token, uint256 balance, uint256 amount);

    /// @notice A withdrawal is larger than what the holder has out of every venue's reach.
    error ExceedsFree(address holder, address token, uint256 free, uint256 amount);

    /// @notice Payers lack `missing`, and the venue's own compartment has only `available` to cover it. Nothing moved.
    error ShortfallNotCovered(address venue, address token, uint256 missing, uint256 available);

    /// @notice What is paid and what is received in a token differ.
    error LegNotBalanced(address token, uint256 debits, uint256 credits);

    /// @notice The release or request came after its deadline (both in seconds of chain time).
    error SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice A replay, or it came before an earlier one of the same holder.
    error WrongNonce(uint256 expected, uint256 given);

    /// @notice The signature is not the holder's, or not over this.
    error WrongSigner(address holder);

    /// @notice A settlement cycle of this venue, proposed at `since`, is not yet final; try again when it is.
    error SettlementPending(address venue, uint256 since);

    /// @notice The exit is requested already; a second request would not bring it nearer.
    error ExitAlreadyRequested(uint256 readyAt);

    /// @notice There is nothing in the compartment that could leave.
    error CompartmentEmpty(address holder, address venue, address token);

    /// @notice No exit is requested.
    error NoExitRequested(address holder, address venue, address token);

    /// @notice The exit's delay is not over.
    error ExitNotReady(uint256 readyAt, uint256 timestamp);

    /// @notice Only the appointed SettlementBook settles and locks.
    error NotTheSettlement(address caller);

    /// @notice The SettlementBook was appointed, for good.
    error SettlementAlreadyAppointed(address settlement);

    /// @notice The SettlementBook was named; there will be no other.
    event SettlementAppointed(address indexed settlement);

    /// @notice Tokens that lay in the vault unallocated now belong to a compartment.
    event CompartmentCredited(address indexed holder, address indexed venue, address indexed token, uint256 amount);

    /// @notice Claims left a compartment and lie at the redemption address, where the custodian redeems them.
    event CompartmentReleased(
        address indexed holder, address indexed venue, address indexed token, uint256 amount, uint256 nonce
    );

    /// @notice The venue's cycle `sequence` was paid: `moved` obligations.
    event CompartmentsSettled(address indexed venue, uint64 indexed sequence, uint256 moved);

    /// @notice A payer's compartment held `paid` of the `owed`; the venue's own compartment paid the rest.
    event ShortfallCovered(
        address indexed venue,
        uint64 indexed sequence,
        address token,
        address indexed holder,
        uint256 owed,
        uint256 paid
    );

    /// @notice Releases from compartments at `venue` wait for a cycle from now on.
    event VenueLocked(address indexed venue);

    /// @notice Releases from compartments at `venue` wait no more.
    event VenueUnlocked(address indexed venue);

    /// @notice A holder wants to leave; from `readyAt` on (seconds of chain time) anybody may see it out.
    event ExitRequested(address indexed holder, address indexed venue, address indexed token, uint256 readyAt);

    /// @notice A holder stays after all.
    event ExitCancelled(address indexed holder, address indexed venue, address indexed token);

    /// @notice A whole compartment became its holder's own, out of reach of venue, custodian and cycles.
    event CompartmentExited(address indexed holder, address indexed venue, address indexed token, uint256 amount);

    /// @notice A holder took what was its own.
    event FreeWithdrawn(address indexed holder, address indexed token, uint256 amount, address to);

    /// @notice The role that credits compartments and executes releases: the custodian.
    function CUSTODIAN_ROLE() external view returns (bytes32);

    /// @notice The role that pauses and resumes: new credits and new cycles, never a way out.
    function PAUSER_ROLE() external view returns (bytes32);

    /// @notice Where released claims go, to be burned by the minter against assets paid off-chain.
    /// @dev Must be an open destination of each CustodyToken, or releases in that token fail.
    function redemption() external view returns (address);

    /// @notice Seconds between a request to exit and the exit.
    /// @dev Long enough that a venue at work closes the holder's positions and settles them.
    function exitDelay() external view returns (uint256);

    /// @notice The one contract that settles; zero until it is appointed.
    function settlement() external view returns (address);

    /// @notice What a compartment holds, in base units of the token.
    function balanceOf(address holder, address venue, address token) external view returns (uint256);

    /// @notice What a holder has out of every venue's reach, in base units of the token.
    function freeOf(address holder, address token) external view returns (uint256);

    /// @notice Σ of all compartments and free balances in a token. The vault's token balance above it is unallocated.
    function total(address token) external view returns (uint256);

    /// @notice The nonce that the holder's next release must carry.
    function nonceOf(address holder) external view returns (uint256);

    /// @notice The nonce that the holder's next signed request to exit must carry. A count of its own: releases that
    /// the custodian holds back cannot use it up.
    function exitNonceOf(address holder) external view returns (uint256);

    /// @notice When the open cycle of a venue was proposed, in seconds of chain time; zero when none is open.
    function lockedSince(address venue) external view returns (uint256);

    /// @notice From when on a compartment may exit, in seconds of chain time; zero when that was not requested.
    function exitReadyAt(address holder, address venue, address token) external view returns (uint256);

    /// @notice The EIP-712 digest of a release that the holder signs.
    function digestOf(Release calldata wish) external view returns (bytes32);

    /// @notice The EIP-712 digest of a request to exit that the holder signs.
    function exitDigestOf(ExitRequest calldata wish) external view returns (bytes32);

    /// @notice Names the one contract that settles. Once: no admin can later put another in its place.
    /// @dev Refusals, in order: caller lacks DEFAULT_ADMIN_ROLE; `SettlementAlreadyAppointed`.
    function appointSettlement(address book) external;

    /// @notice Stops credits and new cycles. What is open is paid, disputed or expired as ever; everybody may leave.
    /// @dev Refusals, in order: caller lacks PAUSER_ROLE; `EnforcedPause`.
    function pause() external;

    /// @notice Lets credits and new cycles go on.
    /// @dev Refusals, in order: caller lacks PAUSER_ROLE; `ExpectedPause`.
    function unpause() external;

    /// @notice Allocates tokens that already lie in the vault to a compartment. Also while the venue is locked, where a
    /// credit can only help the cycle, and while an exit is requested, which then takes it along.
    /// @dev Effects: compartment and total grow by `amount`. Refusals, in order: caller lacks CUSTODIAN_ROLE;
    /// `EnforcedPause`; `ExceedsUnallocated`.
    function credit(address holder, address venue, address token, uint256 amount) external;

    /// @notice Sends claims out of a compartment to `redemption`: the holder's signed wish, executed by the custodian.
    /// @dev By both, so that a client with open positions cannot walk out alone at once; its own way is `requestExit`.
    /// Effects: compartment and total shrink, the nonce advances, the tokens move. Refusals, in order: caller lacks
    /// CUSTODIAN_ROLE; `SignatureExpired`, `WrongNonce`, `WrongSigner`, `SettlementPending`, `ExceedsCompartment`; then
    /// the token's own. The signer may be a contract (ERC-1271). Warning: an account that has delegated its code
    /// (EIP-7702) counts as one.
    /// Warning: the nonces are sequential, so a signed release that never runs blocks nothing: sign another with the
    /// same nonce. To be sure that it never will, give it a near deadline, or have any other run with its nonce.
    function release(Release calldata wish, bytes calldata signature) external;

    /// @notice Starts the time-out after which the caller's compartment may exit.
    /// @dev Effects: `exitReadyAt` is now + `exitDelay`; nothing else changes, and final cycles still debit. The
    /// request covers what the compartment holds when it exits, credits that came after it included, so nobody can
    /// hinder or restart an exit by crediting. Refusals, in order: `ExitAlreadyRequested`, `CompartmentEmpty`.
    /// Warning to venues: collateral under a request is gone at `exitReadyAt`; margin should count it so. A request
    /// that is ready and not used does not lapse, but anybody may use it, so a venue can end that option itself.
    function requestExit(address venue, address token) external;

    /// @notice The same on the holder's signature. Anyone may send it.
    /// @dev Refusals, in order: `SignatureExpired`, `WrongNonce`, `WrongSigner`; then those of `requestExit`.
    function requestExitFor(ExitRequest calldata wish, bytes calldata signature) external;

    /// @notice Takes the caller's request back.
    /// @dev Refusal: `NoExitRequested`.
    function cancelExit(address venue, address token) external;

    /// @notice Turns a whole compartment into its holder's free balance. Anyone may send it.
    /// @dev Effects: the compartment is empty, the request used, `freeOf` grows; no token is called, the total stays.
    /// Refusals, in order: `NoExitRequested`, `ExitNotReady`, and `SettlementPending` where a cycle is open that was
    /// proposed before the exit was ready.
    function exit(address holder, address venue, address token) external;

    /// @notice Sends of the caller's free balance to wherever the token lets it.
    /// @dev Effects: free balance and total shrink, the tokens move. Refusals, in order: `ExceedsFree`; the token's own.
    /// Warning: a CustodyToken goes to open destinations only; `redemption` is one.
    function withdraw(address token, uint256 amount, address to) external;

    /// @notice Pays the obligations of a final cycle between the compartments of one venue.
    /// @dev Per leg: each payer pays what it owes, or, if its compartment holds less, all that it holds; receivers
    /// receive; then the venue's own compartment pays what was missing. That compartment is one pot: what the venue owes
    /// and receives in this leg is in it before it covers anybody. Effects: the named compartments and the venue's own
    /// change, the total of each token does not. Refusals, in order: `NotTheSettlement`; leg by leg `LegNotBalanced`,
    /// `ShortfallNotCovered`. Warning: order and repetition are not looked at; {ISettlementBook.propose} does that.
    function settle(address venue, uint64 sequence, Leg[] calldata legs) external;

    /// @notice Stops releases at a venue while a cycle is open, so that nobody leaves between the signing of an
    /// obligation and its payment; an exit that was ready at this moment does not wait.
    /// @dev Venue-wide on purpose: one slot instead of one per holder in the cycle. The price is that holders without an
    /// obligation wait too: at most the dispute window where the cycle is finalised, plus its grace where it cannot be.
    /// Refusals, in order: `NotTheSettlement`; `EnforcedPause`.
    function lock(address venue) external;

    /// @notice Lets releases at a venue go on. Refusal: `NotTheSettlement`.
    function unlock(address venue) external;
}
