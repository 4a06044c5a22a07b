// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

import {Batch, Delta, IPositionBook, Price} from "./interfaces/IPositionBook.sol";

/// @title PositionBook
/// @notice Mirrored positions, one slot each: the plain version, kept readable. The manual is {IPositionBook}.
contract PositionBook is IPositionBook, AccessControl {
    /// @inheritdoc IPositionBook
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    /// @inheritdoc IPositionBook
    /// @dev Invariant: Σ over accounts = 0, per instrument.
    mapping(address account => mapping(uint32 instrument => int64 lots)) public positionOf;

    uint64 private _sequence;
    bytes32 private _digest;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IPositionBook
    function mirror(Batch calldata batch) external onlyRole(OPERATOR_ROLE) returns (bytes32 digest) {
        uint64 expected = _sequence + 1;
        if (batch.sequence != expected) revert WrongSequence(expected, batch.sequence);
        if (batch.previousDigest != _digest) revert WrongPreviousDigest(_digest, batch.previousDigest);

        _apply(batch.deltas);
        _requireSorted(batch.prices);

        digest = keccak256(abi.encode(batch));
        _sequence = batch.sequence;
        _digest = digest;
        emit BatchMirrored(batch.sequence, digest, batch.asOf, batch.deltas.length);
    }

    /// @inheritdoc IPositionBook
    function head() external view returns (uint64 sequence, bytes32 digest) {
        return (_sequence, _digest);
    }

    /// @inheritdoc IPositionBook
    function positionsOf(address[] calldata accounts, uint32[] calldata instruments)
        external
        view
        returns (int64[] memory lots)
    {
        if (accounts.length != instruments.length) revert LengthMismatch(accounts.length, instruments.length);
        lots = new int64[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            lots[i] = positionOf[accounts[i]][instruments[i]];
        }
    }

    /// @dev One pass: sorted, within int64, zero-sum per instrument.
    function _apply(Delta[] calldata deltas) private {
        int256 sum;
        for (uint256 i; i < deltas.length; ++i) {
            Delta calldata delta = deltas[i];
            if (i > 0 && _key(deltas[i - 1]) >= _key(delta)) revert DeltasNotSorted(i);

            int256 lots = int256(positionOf[delta.account][delta.instrument]) + delta.lots;
            if (lots < type(int64).min || lots > type(int64).max) revert LotsOverflow(delta.account, delta.instrument);
            // The range was checked in the line before.
            // forge-lint: disable-next-line(unsafe-typecast)
            positionOf[delta.account][delta.instrument] = int64(lots);

            sum += delta.lots;
            bool lastOfInstrument = i + 1 == deltas.length || deltas[i + 1].instrument != delta.instrument;
            if (lastOfInstrument && sum != 0) revert InstrumentNotZeroSum(delta.instrument, sum);
        }
    }

    function _requireSorted(Price[] calldata prices) private pure {
        for (uint256 i = 1; i < prices.length; ++i) {
            if (prices[i - 1].instrument >= prices[i].instrument) revert PricesNotSorted(i);
        }
    }

    /// @dev (instrument, account) as one number that sorts like the pair.
    function _key(Delta calldata delta) private pure returns (uint256) {
        return (uint256(delta.instrument) << 160) | uint160(delta.account);
    }
}
