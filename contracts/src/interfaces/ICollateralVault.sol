// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

/// @notice One change of one compartment at a venue: positive = the holder receives, negative = the holder pays.
struct Move {
    address holder;
    address token;
    int256 amount;
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

/// @title ICollateralVault
/// @notice Holds claim tokens in compartments. A compartment is (holder, venue, token); the holder is a client, the
/// venue itself (its own collateral), an omnibus address or an insurance address: the rules are the same for all.
/// @dev The ring fence: a debit is bounded by the balance of the very compartment that it names. No function takes from
/// one compartment for a loss in another, and `settle` reaches the compartments of one venue only.
/// Warning: the custodian decides what is credited to whom, and SETTLEMENT_ROLE what is settled. The vault bounds both;
/// it does not judge them.
/// Warning: only tokens whose balances change by transfer, mint and burn alone. A token that takes a fee or rebases
/// downwards, or a minter who burns at the vault's address, leaves Σ compartments above what is held: nothing can then
/// be credited in that token, and the last releases fail.
interface ICollateralVault {
    /// @notice More was to be credited than lies in the vault outside all compartments.
    error ExceedsUnallocated(address token, uint256 unallocated, uint256 amount);

    /// @notice A debit is larger than the compartment that it names.
    error ExceedsCompartment(address holder, address venue, address token, uint256 balance, uint256 amount);

    /// @notice A run of moves in one token does not sum to zero.
    error MovesNotZeroSum(address token, int256 sum);

    /// @notice The release came after its deadline (both in seconds of chain time).
    error ReleaseExpired(uint256 deadline, uint256 timestamp);

    /// @notice The release is a replay, or came before an earlier one of the same holder.
    error WrongNonce(uint256 expected, uint256 given);

    /// @notice The signature is not the holder's, or not over this release.
    error WrongSigner(address holder);

    /// @notice A settlement cycle of this venue is proposed and not yet final; try again when it is.
    error SettlementPending(address venue);

    /// @notice Tokens that lay in the vault unallocated now belong to a compartment.
    event CompartmentCredited(address indexed holder, address indexed venue, address indexed token, uint256 amount);

    /// @notice Claims left a compartment and lie at the redemption address, where the custodian redeems them.
    event CompartmentReleased(
        address indexed holder, address indexed venue, address indexed token, uint256 amount, uint256 nonce
    );

    /// @notice `moves` compartments of `venue` were changed; what moved is in the cycle that led to it.
    event CompartmentsSettled(address indexed venue, uint256 moves);

    /// @notice Releases from compartments at `venue` were stopped (true) or allowed again (false).
    event LockSet(address indexed venue, bool locked);

    /// @notice The role that credits compartments: the custodian.
    function CUSTODIAN_ROLE() external view returns (bytes32);

    /// @notice The role that settles and locks. Warning: meant for one SettlementBook; two would open each other's
    /// locks.
    function SETTLEMENT_ROLE() external view returns (bytes32);

    /// @notice Where released claims go, to be burned by the minter against assets paid off-chain.
    /// @dev Must be an open destination of each CustodyToken, or releases in that token fail.
    function redemption() external view returns (address);

    /// @notice What a compartment holds, in base units of the token.
    function balanceOf(address holder, address venue, address token) external view returns (uint256);

    /// @notice Σ of all compartments in a token. The vault's token balance above it is unallocated.
    function total(address token) external view returns (uint256);

    /// @notice The nonce that the holder's next release must carry.
    function nonceOf(address holder) external view returns (uint256);

    /// @notice Whether releases at the venue wait for a settlement cycle.
    function isLocked(address venue) external view returns (bool);

    /// @notice The EIP-712 digest that the holder signs.
    function digestOf(Release calldata wish) external view returns (bytes32);

    /// @notice Allocates tokens that already lie in the vault to a compartment. Also while the venue is locked: a
    /// credit can only help the cycle.
    /// @dev Effects: compartment and total grow by `amount`. Refusals, in order: caller lacks CUSTODIAN_ROLE;
    /// `ExceedsUnallocated`.
    function credit(address holder, address venue, address token, uint256 amount) external;

    /// @notice Sends claims out of a compartment to `redemption`, on the holder's signature. Anyone may send it.
    /// @dev Effects: compartment and total shrink, the nonce advances, the tokens move. Refusals, in order:
    /// `ReleaseExpired`, `WrongNonce`, `WrongSigner`, `SettlementPending`, `ExceedsCompartment`; then the token's own.
    /// The signer may be a contract (ERC-1271). Warning: an account that has delegated its code (EIP-7702) counts as
    /// one.
    /// Warning: the nonces are sequential, so a signed release that can never run blocks nothing: sign another with the
    /// same nonce. To cancel a signed one, run any other with its nonce (amount 0 is allowed).
    function release(Release calldata wish, bytes calldata signature) external;

    /// @notice Applies the net obligations of a settlement cycle to the compartments of one venue.
    /// @dev Effects: the named compartments change, the total of each token does not. Refusals, in order: caller lacks
    /// SETTLEMENT_ROLE; then move by move `ExceedsCompartment`, and `MovesNotZeroSum` where a run of one token ends. A
    /// token that comes back after another is a new run and must sum to zero again: an unsorted list can be refused for
    /// it, never wrongly accepted.
    function settle(address venue, Move[] calldata moves) external;

    /// @notice Stops or allows releases at a venue while a cycle is open, so that nobody leaves between the signing of
    /// an obligation and its payment.
    /// @dev Venue-wide on purpose: one slot instead of one per holder in the cycle. The price is that holders without an
    /// obligation wait too: at most the dispute window where the cycle is finalised, plus its grace where it cannot be
    /// (`SettlementBook.expire`).
    /// Refusal: caller lacks SETTLEMENT_ROLE.
    function setLock(address venue, bool locked) external;
}
