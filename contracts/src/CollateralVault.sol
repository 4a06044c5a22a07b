// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {ICollateralVault, Move, Release} from "./interfaces/ICollateralVault.sol";

/// @title CollateralVault
/// @notice Compartments per (holder, venue, token), ring-fenced from each other. The manual is {ICollateralVault}.
contract CollateralVault is ICollateralVault, AccessControl, EIP712 {
    using SafeERC20 for IERC20;

    bytes32 private constant RELEASE_TYPEHASH =
        keccak256("Release(address holder,address venue,address token,uint256 amount,uint256 nonce,uint256 deadline)");

    /// @inheritdoc ICollateralVault
    bytes32 public constant CUSTODIAN_ROLE = keccak256("CUSTODIAN_ROLE");
    /// @inheritdoc ICollateralVault
    bytes32 public constant SETTLEMENT_ROLE = keccak256("SETTLEMENT_ROLE");

    /// @inheritdoc ICollateralVault
    address public immutable redemption;

    /// @inheritdoc ICollateralVault
    mapping(address holder => mapping(address venue => mapping(address token => uint256))) public balanceOf;
    /// @inheritdoc ICollateralVault
    /// @dev Invariant: total[t] = Σ balanceOf[·][·][t] ≤ t.balanceOf(this), for tokens as {ICollateralVault} wants
    /// them.
    mapping(address token => uint256) public total;
    /// @inheritdoc ICollateralVault
    mapping(address holder => uint256) public nonceOf;
    /// @inheritdoc ICollateralVault
    mapping(address venue => bool) public isLocked;

    /// @dev No zero checks: whoever deploys reads both back before the first credit, and a wrong one only fails closed.
    constructor(address admin, address redemption_) EIP712("Bulkhead Vault", "1") {
        redemption = redemption_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc ICollateralVault
    function credit(address holder, address venue, address token, uint256 amount) external onlyRole(CUSTODIAN_ROLE) {
        uint256 held = IERC20(token).balanceOf(address(this));
        uint256 allocated = total[token];
        uint256 unallocated = held > allocated ? held - allocated : 0;
        if (amount > unallocated) revert ExceedsUnallocated(token, unallocated, amount);

        total[token] = allocated + amount;
        balanceOf[holder][venue][token] += amount;
        emit CompartmentCredited(holder, venue, token, amount);
    }

    /// @inheritdoc ICollateralVault
    function release(Release calldata wish, bytes calldata signature) external {
        if (block.timestamp > wish.deadline) revert ReleaseExpired(wish.deadline, block.timestamp);
        uint256 nonce = nonceOf[wish.holder];
        if (wish.nonce != nonce) revert WrongNonce(nonce, wish.nonce);
        if (!SignatureChecker.isValidSignatureNowCalldata(wish.holder, digestOf(wish), signature)) {
            revert WrongSigner(wish.holder);
        }
        if (isLocked[wish.venue]) revert SettlementPending(wish.venue);

        nonceOf[wish.holder] = nonce + 1;
        _debit(wish.holder, wish.venue, wish.token, wish.amount);
        total[wish.token] -= wish.amount;
        emit CompartmentReleased(wish.holder, wish.venue, wish.token, wish.amount, nonce);

        IERC20(wish.token).safeTransfer(redemption, wish.amount);
    }

    /// @inheritdoc ICollateralVault
    function settle(address venue, Move[] calldata moves) external onlyRole(SETTLEMENT_ROLE) {
        int256 sum;
        for (uint256 i; i < moves.length; ++i) {
            Move calldata move = moves[i];
            if (move.amount < 0) {
                _debit(move.holder, venue, move.token, SignedMath.abs(move.amount));
            } else {
                balanceOf[move.holder][venue][move.token] += uint256(move.amount);
            }
            sum += move.amount;
            bool lastOfToken = i + 1 == moves.length || moves[i + 1].token != move.token;
            if (lastOfToken && sum != 0) revert MovesNotZeroSum(move.token, sum);
        }
        emit CompartmentsSettled(venue, moves.length);
    }

    /// @inheritdoc ICollateralVault
    function setLock(address venue, bool locked) external onlyRole(SETTLEMENT_ROLE) {
        isLocked[venue] = locked;
        emit LockSet(venue, locked);
    }

    /// @inheritdoc ICollateralVault
    function digestOf(Release calldata wish) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    RELEASE_TYPEHASH, wish.holder, wish.venue, wish.token, wish.amount, wish.nonce, wish.deadline
                )
            )
        );
    }

    /// @dev The ring fence: the only place where a compartment shrinks, and it shrinks by no more than it holds.
    function _debit(address holder, address venue, address token, uint256 amount) private {
        uint256 balance = balanceOf[holder][venue][token];
        if (amount > balance) revert ExceedsCompartment(holder, venue, token, balance, amount);
        unchecked {
            balanceOf[holder][venue][token] = balance - amount;
        }
    }
}
