// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Move} from "../interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "../interfaces/ISettlementBook.sol";

/// @title CycleLib
/// @notice What a cycle is apart from any state: its hash, and when its obligations are well formed.
library CycleLib {
    bytes32 private constant OBLIGATION_TYPEHASH = keccak256("Obligation(address holder,address token,int256 amount)");

    bytes32 private constant CYCLE_TYPEHASH = keccak256(
        "Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,"
        "Obligation[] obligations)Obligation(address holder,address token,int256 amount)"
    );

    /// @notice The EIP-712 struct hash.
    function hash(Cycle calldata cycle) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                CYCLE_TYPEHASH,
                cycle.venue,
                cycle.sequence,
                cycle.previousDigest,
                cycle.cutOff,
                cycle.positionsDigest,
                _hash(cycle.obligations)
            )
        );
    }

    /// @notice Refuses obligations that are not strictly sorted by (token, holder), are zero, or do not sum to zero per
    /// token. A sum beyond int256 panics: no token has such a supply.
    function requireWellFormed(Move[] calldata obligations) internal pure {
        int256 sum;
        for (uint256 i; i < obligations.length; ++i) {
            Move calldata obligation = obligations[i];
            if (i > 0 && !_precedes(obligations[i - 1], obligation)) revert ISettlementBook.ObligationsNotSorted(i);
            if (obligation.amount == 0) revert ISettlementBook.ZeroObligation(i);

            sum += obligation.amount;
            bool lastOfToken = i + 1 == obligations.length || obligations[i + 1].token != obligation.token;
            if (lastOfToken && sum != 0) revert ISettlementBook.ObligationsNotZeroSum(obligation.token, sum);
        }
    }

    function _hash(Move[] calldata obligations) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](obligations.length);
        for (uint256 i; i < obligations.length; ++i) {
            Move calldata obligation = obligations[i];
            hashes[i] =
                keccak256(abi.encode(OBLIGATION_TYPEHASH, obligation.holder, obligation.token, obligation.amount));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _precedes(Move calldata a, Move calldata b) private pure returns (bool) {
        return a.token < b.token || (a.token == b.token && a.holder < b.holder);
    }
}
