// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {DepegTerms, PerpTerms} from "../interfaces/IPerpMargin.sol";

/// @notice A price in 1e-18 USD per whole coin, and the confidence in it in 1e-18.
struct Quote {
    uint256 priceE18;
    uint256 confidenceE18;
}

/// @title PerpMarginLib
/// @notice What standard margin asks for one position in a perpetual. Everything in 1e-18, products cut toward zero.
/// @dev Sizes have no sign here: a long and a short of one size are asked for the same. The order of the products is that
/// of `margin/standard.py`: with another one the last digits differ.
/// No call can overflow: a product is taken in 512 bits; 2^63 lots of 2^128 coins at a price of 2^104 are below 2^236 USD
/// (all in 1e-18), what is asked for them below 2^239.
library PerpMarginLib {
    uint256 internal constant ONE = 1e18;

    /// @notice What a fraction of something is, or something at a price.
    function times(uint256 a, uint256 b) internal pure returns (uint256) {
        return Math.mulDiv(a, b, ONE);
    }

    /// @notice The share of notional that is asked more at this price of the stablecoin.
    function depegShare(DepegTerms memory terms, uint256 priceE18) internal pure returns (uint256) {
        return priceE18 < terms.thresholdE18 ? times(terms.thresholdE18 - priceE18, terms.factorE18) : 0;
    }

    /// @notice The share of notional that is asked more for little confidence; `<` is strict, zero never undercut.
    function doubt(PerpTerms memory terms, uint256 confidenceE18) internal pure returns (uint256) {
        return confidenceE18 < terms.confidenceThresholdE18 ? times(ONE - confidenceE18, terms.contingencyE18) : 0;
    }

    /// @notice Of so many coins: the notional at the mark, and what initial and maintenance margin ask for them.
    function required(
        PerpTerms memory terms,
        uint256 depegShareE18,
        uint256 coins,
        Quote memory spot,
        Quote memory perp
    ) internal pure returns (uint256 notional, uint256 initialMargin, uint256 maintenanceMargin) {
        notional = times(coins, perp.priceE18);
        uint256 doubted = doubt(terms, Math.min(spot.confidenceE18, perp.confidenceE18));
        initialMargin = times(notional, terms.initialE18) + times(times(doubted, spot.priceE18), coins)
            + times(times(depegShareE18, spot.priceE18), coins);
        maintenanceMargin = times(notional, terms.maintenanceE18);
    }
}
