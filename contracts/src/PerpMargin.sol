// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IMarkFeed} from "./interfaces/IMarkFeed.sol";
import {DepegTerms, IPerpMargin, Margin, PerpTerms, Requirement, Statement} from "./interfaces/IPerpMargin.sol";
import {IPositionBook, Instrument} from "./interfaces/IPositionBook.sol";
import {PerpMarginLib, Quote} from "./libraries/PerpMarginLib.sol";

/// @title PerpMargin
/// @notice Standard margin of the perpetuals at one venue. The manual is {IPerpMargin}.
contract PerpMargin is IPerpMargin, AccessControl {
    uint64 private constant MOST_SHARE = 1e18;
    uint64 private constant MOST_DEPEG_FACTOR = 3e18;

    /// @dev From the feed's 1e-6 to 1e-18.
    uint256 private constant E12 = 1e12;

    /// @dev `lotSizeE18` is the book's, where it never changes; zero where a position is refused.
    struct Listing {
        PerpTerms terms;
        uint32 spot;
        uint128 lotSizeE18;
        bool isNamed;
    }

    /// @inheritdoc IPerpMargin
    IPositionBook public immutable book;
    /// @inheritdoc IPerpMargin
    IMarkFeed public immutable feed;
    /// @inheritdoc IPerpMargin
    DepegTerms public depegTerms;

    /// @dev Invariant: none twice, each of them in the book and `isNamed`.
    uint32[] private _instruments;
    mapping(uint32 instrument => Listing) private _listings;

    constructor(address admin, IPositionBook book_, IMarkFeed feed_, DepegTerms memory depegTerms_) {
        book = book_;
        feed = feed_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _setDepegTerms(depegTerms_);
    }

    /// @inheritdoc IPerpMargin
    function setPerpTerms(uint32 instrument, uint32 spot, PerpTerms calldata terms)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        Instrument memory listed = _requireListed(instrument);
        if (listed.subId != 0) revert NotAPerpetual(instrument, listed.subId);
        _requireAtMost(MOST_SHARE, terms.initialE18);
        _requireAtMost(MOST_SHARE, terms.maintenanceE18);
        _requireAtMost(MOST_SHARE, terms.confidenceThresholdE18);
        _requireAtMost(MOST_SHARE, terms.contingencyE18);
        if (terms.maintenanceE18 > terms.initialE18) {
            revert MaintenanceAboveInitial(terms.initialE18, terms.maintenanceE18);
        }

        _name(instrument);
        Listing storage listing = _listings[instrument];
        (listing.terms, listing.spot, listing.lotSizeE18) = (terms, spot, listed.lotSizeE18);
        emit PerpTermsChanged(instrument, spot, terms);
    }

    /// @inheritdoc IPerpMargin
    function refuse(uint32 instrument) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _requireListed(instrument);

        _name(instrument);
        Listing storage listing = _listings[instrument];
        delete listing.terms;
        (listing.spot, listing.lotSizeE18) = (0, 0);
        emit InstrumentRefused(instrument);
    }

    /// @inheritdoc IPerpMargin
    function setDepegTerms(DepegTerms calldata terms) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setDepegTerms(terms);
    }

    /// @inheritdoc IPerpMargin
    function requireMargin(address account, Statement calldata statement, bool isInitial) external view {
        Margin memory margin = marginOf(account, statement);
        int256 left = isInitial ? margin.initialMargin : margin.maintenanceMargin;
        if (left < 0) revert BelowMargin(account, isInitial, left);
    }

    /// @inheritdoc IPerpMargin
    function instruments() external view returns (uint32[] memory) {
        return _instruments;
    }

    /// @inheritdoc IPerpMargin
    function termsOf(uint32 instrument)
        external
        view
        returns (PerpTerms memory terms, uint32 spot, uint128 lotSizeE18)
    {
        Listing storage listing = _listings[instrument];
        return (listing.terms, listing.spot, listing.lotSizeE18);
    }

    /// @inheritdoc IPerpMargin
    function marginOf(address account, Statement calldata statement) public view returns (Margin memory margin) {
        (, bytes32 head) = book.head();
        if (statement.head != head) revert WrongHead(head, statement.head);

        Requirement memory positions = requirementOf(account);
        margin.markToMarket = statement.cash + positions.value;
        // What is asked for all positions is far below 2^255: see PerpMarginLib.
        // forge-lint: disable-next-line(unsafe-typecast)
        margin.initialMargin = margin.markToMarket - int256(positions.initialMargin);
        // forge-lint: disable-next-line(unsafe-typecast)
        margin.maintenanceMargin = margin.markToMarket - int256(positions.maintenanceMargin);
    }

    /// @inheritdoc IPerpMargin
    function requirementOf(address account) public view returns (Requirement memory positions) {
        uint256 depegShare = PerpMarginLib.depegShare(depegTerms, _quote(depegTerms.stable).priceE18);

        uint32[] memory named = _instruments;
        for (uint256 i; i < named.length; ++i) {
            int64 lots = book.positionOf(account, named[i]);
            if (lots != 0) _add(positions, named[i], lots, depegShare);
        }
    }

    /// @dev Adds what one position is worth and what is asked for it.
    function _add(Requirement memory positions, uint32 instrument, int64 lots, uint256 depegShare) private view {
        Listing memory listing = _listings[instrument];
        if (listing.lotSizeE18 == 0) revert NoTerms(instrument, lots);
        Quote memory spot = _quote(listing.spot);
        Quote memory perp = _quote(instrument);

        (uint256 notional, uint256 initialMargin, uint256 maintenanceMargin) =
            PerpMarginLib.required(listing.terms, depegShare, SignedMath.abs(lots) * listing.lotSizeE18, spot, perp);
        // A notional has less than 236 bits: see PerpMarginLib.
        // forge-lint: disable-next-line(unsafe-typecast)
        positions.value += lots < 0 ? -int256(notional) : int256(notional);
        positions.initialMargin += initialMargin;
        positions.maintenanceMargin += maintenanceMargin;
    }

    /// @dev No older than the feed's heartbeat, or the feed refuses.
    function _quote(uint32 instrument) private view returns (Quote memory) {
        (uint64 price, uint24 confidence) = feed.markOf(instrument);
        return Quote(price * E12, confidence * E12);
    }

    function _setDepegTerms(DepegTerms memory terms) private {
        _requireAtMost(MOST_SHARE, terms.thresholdE18);
        _requireAtMost(MOST_DEPEG_FACTOR, terms.factorE18);

        depegTerms = terms;
        emit DepegTermsChanged(terms);
    }

    /// @dev From now on it is looked at.
    function _name(uint32 instrument) private {
        Listing storage listing = _listings[instrument];
        if (listing.isNamed) return;
        listing.isNamed = true;
        _instruments.push(instrument);
    }

    function _requireListed(uint32 instrument) private view returns (Instrument memory listed) {
        listed = book.instrumentAt(instrument);
        if (listed.lotSizeE18 == 0) revert InstrumentNotListed(instrument);
    }

    function _requireAtMost(uint64 mostE18, uint64 givenE18) private pure {
        if (givenE18 > mostE18) revert FractionTooLarge(mostE18, givenE18);
    }
}
