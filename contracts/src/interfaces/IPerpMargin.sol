// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

import {IMarkFeed} from "./IMarkFeed.sol";
import {IPositionBook} from "./IPositionBook.sol";

/// @notice What the venue asks for a position in one perpetual. Fractions in 1e-18, each at most one.
struct PerpTerms {
    /// Of the notional at the perpetual's mark, for initial margin.
    uint64 initialE18;
    /// The same for maintenance margin; not more than initial.
    uint64 maintenanceE18;
    /// Below this confidence of spot or mark, the lower of the two, initial margin asks more; zero = never.
    uint64 confidenceThresholdE18;
    /// What it asks more where there is no confidence at all, of the notional at spot; in proportion above.
    uint64 contingencyE18;
}

/// @notice What the venue asks while the stablecoin that it settles in is worth less than it should be.
struct DepegTerms {
    /// Under which number the feed gives the stablecoin's price.
    uint32 stable;
    /// In 1e-18 USD, at most one: below this price initial margin asks more.
    uint64 thresholdE18;
    /// In 1e-18, at most three: how much more of the notional at spot, for each USD below the threshold.
    uint64 factorE18;
}

/// @notice What a caller says of an account, because the chain does not store it.
struct Statement {
    /// The digest of the last batch that `cash` knows of: the book's head.
    bytes32 head;
    /// What the account has beside its positions at their marks, in 1e-18 USD: collateral, worth what the caller lets
    /// it count, and what its fills and funding have brought less what they have cost, as far as it is not yet settled.
    int128 cash;
}

/// @notice Positions at their marks and what is asked for them, in 1e-18 USD.
struct Requirement {
    /// Σ lots × lot size × mark: what all positions would bring if they were closed at their marks.
    int256 value;
    /// What must be left of the account's worth for initial margin, and for maintenance margin.
    uint256 initialMargin;
    uint256 maintenanceMargin;
}

/// @notice An account's worth and what is left of it after the requirement, in 1e-18 USD; below zero = not met.
struct Margin {
    int256 markToMarket;
    int256 initialMargin;
    int256 maintenanceMargin;
}

/// @title IPerpMargin
/// @notice Standard margin of the perpetuals at one venue: worth and requirement of an account, at the feed's marks.
/// @dev Derive's SRM for perpetuals, one by one and summed: nothing is netted. For n coins at mark P and spot S, with
/// c the lower of both confidences and s the price of the stablecoin:
///
///     maintenance = |n|·P·maintenance
///     initial     = |n|·P·initial + [c < threshold] (1 − c)·contingency·S·|n| + max(depegThreshold − s, 0)·factor·S·|n|
///
/// in 1e-18, each product cut toward zero, from left to right: the same number as `margin/standard.py`, to the unit.
/// It holds nothing, moves nothing, and nothing here calls it.
/// Warning: `cash` is what the caller says. Whoever lets the account itself say it checks nothing.
/// Warning: the head binds `cash` to the positions. Deposits, releases and settlements since are the caller's to know.
/// Warning: options, dated futures and collateral are not looked at: for an account that has an option this is not its
/// margin. Venues that trade options should `refuse` their instruments here, so that such an account has no answer.
/// Warning: a position in an instrument that is not in `instruments` is not seen.
/// Warning: an old or missing mark refuses every answer for those who hold the instrument. Let no exit wait for one.
/// Warning: an answer is good in its own block: marks move. Two marks may be as far apart as the feed's heartbeat.
/// Warning: terms change at once. They are the admin's; an account that met them may not meet them a block later.
interface IPerpMargin {
    // -- what changes of terms refuse ---------------------------------------------------------------------------------

    /// @notice The book lists no instrument of this number.
    error InstrumentNotListed(uint32 instrument);

    /// @notice The instrument is an option: its sub-id is not zero.
    error NotAPerpetual(uint32 instrument, uint96 subId);

    /// @notice A fraction above the most that it may be.
    error FractionTooLarge(uint64 mostE18, uint64 givenE18);

    /// @notice Maintenance margin would ask more than initial margin.
    error MaintenanceAboveInitial(uint64 initialE18, uint64 maintenanceE18);

    // -- what answers refuse ------------------------------------------------------------------------------------------

    /// @notice The caller's cash belongs to other positions than those in the book.
    error WrongHead(bytes32 expected, bytes32 given);

    /// @notice The account has a position in an instrument for which there are no terms.
    error NoTerms(uint32 instrument, int64 lots);

    /// @notice So much is missing, a negative number: for initial margin or, where `isInitial` is false, maintenance.
    error BelowMargin(address account, bool isInitial, int256 margin);

    // -- events -------------------------------------------------------------------------------------------------------

    /// @notice Other terms hold for a perpetual, whose underlying's spot has the number `spot` in the feed.
    event PerpTermsChanged(uint32 indexed instrument, uint32 spot, PerpTerms terms);

    /// @notice Whoever has a position in the instrument gets no answer from now on.
    event InstrumentRefused(uint32 indexed instrument);

    /// @notice Other terms hold for what the stablecoin is short of.
    event DepegTermsChanged(DepegTerms terms);

    // -- reading ------------------------------------------------------------------------------------------------------

    /// @notice Whose positions are looked at.
    function book() external view returns (IPositionBook);

    /// @notice Whose marks count.
    function feed() external view returns (IMarkFeed);

    /// @notice The terms for a stablecoin below par.
    function depegTerms() external view returns (uint32 stable, uint64 thresholdE18, uint64 factorE18);

    /// @notice Every instrument that is looked at, in the order in which it was named first.
    function instruments() external view returns (uint32[] memory);

    /// @notice The terms of a perpetual, the number of its spot, and the coins of a lot in 1e-18: zero where there are no
    /// terms.
    function termsOf(uint32 instrument) external view returns (PerpTerms memory terms, uint32 spot, uint128 lotSizeE18);

    /// @notice What an account's positions are worth and what is asked for them, whatever cash it has.
    /// @dev Refusals, in order: the stablecoin's `NoMark`, `StaleMark` (the feed's errors, with its numbers); then by
    /// position, in the order of `instruments`: `NoTerms`; spot's `NoMark`, `StaleMark`; the perpetual's.
    function requirementOf(address account) external view returns (Requirement memory);

    /// @notice An account's worth and its net margins, as Derive states them: worth less requirement.
    /// @dev Refusals, in order: `WrongHead`; those of `requirementOf`.
    function marginOf(address account, Statement calldata statement) external view returns (Margin memory);

    /// @notice Returns if the account meets initial margin or, where `isInitial` is false, maintenance margin.
    /// @dev Refusals, in order: those of `marginOf`; `BelowMargin`. Exactly zero is enough.
    function requireMargin(address account, Statement calldata statement, bool isInitial) external view;

    // -- writing ------------------------------------------------------------------------------------------------------

    /// @notice Sets what is asked for a perpetual, and under which number the feed gives its underlying's spot. For the
    /// admin.
    /// @dev Effects: the terms hold; the instrument is looked at from now on, for good. Refusals, in order: caller lacks
    /// DEFAULT_ADMIN_ROLE; `InstrumentNotListed`; `NotAPerpetual`; `FractionTooLarge`, of the first member that is;
    /// `MaintenanceAboveInitial`.
    /// Warning: that `spot` is this underlying's is not checked.
    /// Warning: every instrument makes every answer dearer: by some 2,700 gas, by 16,000 where there is a position.
    function setPerpTerms(uint32 instrument, uint32 spot, PerpTerms calldata terms) external;

    /// @notice Takes an instrument's terms away, or names one that never had any. For the admin.
    /// @dev Effects: a position in it is `NoTerms` from now on. Refusals, in order: caller lacks DEFAULT_ADMIN_ROLE;
    /// `InstrumentNotListed`.
    function refuse(uint32 instrument) external;

    /// @notice Sets what is asked while the stablecoin is below par. For the admin.
    /// @dev Refusals, in order: caller lacks DEFAULT_ADMIN_ROLE; `FractionTooLarge`, of the threshold, then the factor.
    function setDepegTerms(DepegTerms calldata terms) external;
}
