// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leg, Obligation} from "../interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "../interfaces/ISettlementBook.sol";

/// @title CycleLib
/// @notice What a cycle is apart from any state: its hash, and when its legs are well formed.
library CycleLib {
    bytes32 private constant OBLIGATION_TYPEHASH = keccak256("Obligation(address holder,uint256 amount)");

    bytes32 private constant LEG_TYPEHASH = keccak256(
        "Leg(address token,Obligation[] debits,Obligation[] credits)Obligation(address holder,uint256 amount)"
    );

    bytes32 private constant CYCLE_TYPEHASH = keccak256(
        "Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,Leg[] legs)"
        "Leg(address token,Obligation[] debits,Obligation[] credits)Obligation(address holder,uint256 amount)"
    );

    /// @notice The EIP-712 struct hash.
    function hash(Cycle calldata cycle) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](cycle.legs.length);
        for (uint256 i; i < hashes.length; ++i) {
            Leg calldata leg = cycle.legs[i];
            hashes[i] = keccak256(abi.encode(LEG_TYPEHASH, leg.token, _hash(leg.debits), _hash(leg.credits)));
        }
        return keccak256(
            abi.encode(
                CYCLE_TYPEHASH,
                cycle.venue,
                cycle.sequence,
                cycle.previousDigest,
                cycle.cutOff,
                cycle.positionsDigest,
                keccak256(abi.encodePacked(hashes))
            )
        );
    }

    /// @notice Refuses legs that are not net and in one order, so that what is owed can be written in one way only.
    /// @dev A sum beyond uint256 panics: no token has such a supply.
    function requireWellFormed(Leg[] calldata legs) internal pure {
        address previous;
        for (uint256 i; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            address token = leg.token;
            if (token <= previous) revert ISettlementBook.LegsNotSorted(i);
            previous = token;
            (Obligation[] calldata debits, Obligation[] calldata credits) = (leg.debits, leg.credits);
            if (debits.length == 0) revert ISettlementBook.EmptyLeg(token);

            (uint256 owed, uint256 due) = (_sum(token, debits), _sum(token, credits));
            if (owed != due) revert ISettlementBook.ObligationsNotBalanced(token, owed, due);
            _requireDisjoint(token, debits, credits);
        }
    }

    function _hash(Obligation[] calldata obligations) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](obligations.length);
        for (uint256 i; i < hashes.length; ++i) {
            hashes[i] = keccak256(abi.encode(OBLIGATION_TYPEHASH, obligations[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    /// @dev Strictly ascending by holder, none zero.
    function _sum(address token, Obligation[] calldata obligations) private pure returns (uint256 sum) {
        address previous;
        for (uint256 i; i < obligations.length; ++i) {
            (address holder, uint256 amount) = (obligations[i].holder, obligations[i].amount);
            if (holder <= previous) revert ISettlementBook.ObligationsNotSorted(token, i);
            if (amount == 0) revert ISettlementBook.ZeroObligation(token, holder);
            previous = holder;
            sum += amount;
        }
    }

    /// @dev Both ascend, so one walk along both finds whoever is in both.
    function _requireDisjoint(address token, Obligation[] calldata debits, Obligation[] calldata credits) private pure {
        uint256 d;
        uint256 c;
        while (d < debits.length && c < credits.length) {
            (address payer, address receiver) = (debits[d].holder, credits[c].holder);
            if (payer == receiver) revert ISettlementBook.HolderOnBothSides(token, payer);
            if (payer < receiver) ++d;
            else ++c;
        }
    }
}
