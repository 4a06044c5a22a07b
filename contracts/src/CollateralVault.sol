// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {ExitRequest, ICollateralVault, Leg, Obligation, Release} from "./interfaces/ICollateralVault.sol";

/// @title CollateralVault
/// @notice Compartments per (holder, venue, token), ring-fenced from each other. The manual is {ICollateralVault}.
contract CollateralVault is ICollateralVault, AccessControl, EIP712, Pausable {
    using SafeERC20 for IERC20;

    /// @dev `readyAt` is in seconds of chain time, zero where no exit is requested.
    struct Compartment {
        uint256 balance;
        uint256 readyAt;
    }

    /// @dev `since` stays when the lock is off: the next one writes over it.
    struct Lock {
        uint64 since;
        bool isOn;
    }

    bytes32 private constant RELEASE_TYPEHASH =
        keccak256("Release(address holder,address venue,address token,uint256 amount,uint256 nonce,uint256 deadline)");
    bytes32 private constant EXIT_REQUEST_TYPEHASH =
        keccak256("ExitRequest(address holder,address venue,address token,uint256 nonce,uint256 deadline)");

    /// @inheritdoc ICollateralVault
    bytes32 public constant CUSTODIAN_ROLE = keccak256("CUSTODIAN_ROLE");
    /// @inheritdoc ICollateralVault
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @inheritdoc ICollateralVault
    address public immutable redemption;
    /// @inheritdoc ICollateralVault
    uint256 public immutable exitDelay;
    /// @inheritdoc ICollateralVault
    address public settlement;

    /// @inheritdoc ICollateralVault
    /// @dev Invariant: total[t] = Σ balanceOf(·, ·, t) + Σ freeOf[·][t] ≤ t.balanceOf(this), for tokens as
    /// {ICollateralVault} wants them.
    mapping(address token => uint256) public total;
    /// @inheritdoc ICollateralVault
    mapping(address holder => mapping(address token => uint256)) public freeOf;
    /// @inheritdoc ICollateralVault
    mapping(address holder => uint256) public nonceOf;
    /// @inheritdoc ICollateralVault
    mapping(address holder => uint256) public exitNonceOf;

    mapping(address venue => Lock) private _locks;

    /// @dev The holder is innermost: a leg looks venue and token up once, and each obligation costs one hash.
    mapping(address venue => mapping(address token => mapping(address holder => Compartment))) private _compartments;

    modifier onlySettlement() {
        _requireSettlement();
        _;
    }

    /// @dev No zero checks: whoever deploys reads all back before the first credit, and a wrong one only fails closed.
    constructor(address admin, address redemption_, uint256 exitDelay_) EIP712("Bulkhead Vault", "1") {
        redemption = redemption_;
        exitDelay = exitDelay_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    // -- in charge ----------------------------------------------------------------------------------------------------

    /// @inheritdoc ICollateralVault
    function appointSettlement(address book) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (settlement != address(0)) revert SettlementAlreadyAppointed(settlement);
        settlement = book;
        emit SettlementAppointed(book);
    }

    /// @inheritdoc ICollateralVault
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @inheritdoc ICollateralVault
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    // -- in, and out together with the custodian ----------------------------------------------------------------------

    /// @inheritdoc ICollateralVault
    function credit(address holder, address venue, address token, uint256 amount)
        external
        onlyRole(CUSTODIAN_ROLE)
        whenNotPaused
    {
        uint256 held = IERC20(token).balanceOf(address(this));
        uint256 allocated = total[token];
        uint256 unallocated = held > allocated ? held - allocated : 0;
        if (amount > unallocated) revert ExceedsUnallocated(token, unallocated, amount);

        total[token] = allocated + amount;
        _compartments[venue][token][holder].balance += amount;
        emit CompartmentCredited(holder, venue, token, amount);
    }

    /// @inheritdoc ICollateralVault
    function release(Release calldata wish, bytes calldata signature) external onlyRole(CUSTODIAN_ROLE) {
        uint256 nonce = nonceOf[wish.holder];
        _requireSigned(wish.holder, wish.deadline, nonce, wish.nonce, digestOf(wish), signature);
        uint256 since = lockedSince(wish.venue);
        if (since != 0) revert SettlementPending(wish.venue, since);
        Compartment storage compartment = _compartments[wish.venue][wish.token][wish.holder];
        uint256 balance = compartment.balance;
        if (wish.amount > balance) {
            revert ExceedsCompartment(wish.holder, wish.venue, wish.token, balance, wish.amount);
        }

        nonceOf[wish.holder] = nonce + 1;
        compartment.balance = balance - wish.amount;
        total[wish.token] -= wish.amount;
        emit CompartmentReleased(wish.holder, wish.venue, wish.token, wish.amount, nonce);

        IERC20(wish.token).safeTransfer(redemption, wish.amount);
    }

    // -- out alone ----------------------------------------------------------------------------------------------------

    /// @inheritdoc ICollateralVault
    function requestExit(address venue, address token) external {
        _requestExit(msg.sender, venue, token);
    }

    /// @inheritdoc ICollateralVault
    function requestExitFor(ExitRequest calldata wish, bytes calldata signature) external {
        uint256 nonce = exitNonceOf[wish.holder];
        _requireSigned(wish.holder, wish.deadline, nonce, wish.nonce, exitDigestOf(wish), signature);
        exitNonceOf[wish.holder] = nonce + 1;
        _requestExit(wish.holder, wish.venue, wish.token);
    }

    /// @inheritdoc ICollateralVault
    function cancelExit(address venue, address token) external {
        Compartment storage compartment = _compartments[venue][token][msg.sender];
        if (compartment.readyAt == 0) revert NoExitRequested(msg.sender, venue, token);
        compartment.readyAt = 0;
        emit ExitCancelled(msg.sender, venue, token);
    }

    /// @inheritdoc ICollateralVault
    function exit(address holder, address venue, address token) external {
        Compartment memory compartment = _compartments[venue][token][holder];
        if (compartment.readyAt == 0) revert NoExitRequested(holder, venue, token);
        if (block.timestamp < compartment.readyAt) revert ExitNotReady(compartment.readyAt, block.timestamp);
        uint256 since = lockedSince(venue);
        if (since != 0 && since < compartment.readyAt) revert SettlementPending(venue, since);

        delete _compartments[venue][token][holder];
        freeOf[holder][token] += compartment.balance;
        emit CompartmentExited(holder, venue, token, compartment.balance);
    }

    /// @inheritdoc ICollateralVault
    function withdraw(address token, uint256 amount, address to) external {
        uint256 free = freeOf[msg.sender][token];
        if (amount > free) revert ExceedsFree(msg.sender, token, free, amount);

        freeOf[msg.sender][token] = free - amount;
        total[token] -= amount;
        emit FreeWithdrawn(msg.sender, token, amount, to);

        IERC20(token).safeTransfer(to, amount);
    }

    // -- settlement ---------------------------------------------------------------------------------------------------

    /// @inheritdoc ICollateralVault
    function settle(address venue, uint64 sequence, Leg[] calldata legs) external onlySettlement {
        uint256 moved;
        for (uint256 i; i < legs.length; ++i) {
            moved += _settleLeg(venue, sequence, legs[i].token, legs[i].debits, legs[i].credits);
        }
        emit CompartmentsSettled(venue, sequence, moved);
    }

    /// @inheritdoc ICollateralVault
    function lock(address venue) external onlySettlement whenNotPaused {
        _locks[venue] = Lock(uint64(block.timestamp), true);
        emit VenueLocked(venue);
    }

    /// @inheritdoc ICollateralVault
    function unlock(address venue) external onlySettlement {
        _locks[venue].isOn = false;
        emit VenueUnlocked(venue);
    }

    // -- views --------------------------------------------------------------------------------------------------------

    /// @inheritdoc ICollateralVault
    function balanceOf(address holder, address venue, address token) external view returns (uint256) {
        return _compartments[venue][token][holder].balance;
    }

    /// @inheritdoc ICollateralVault
    function exitReadyAt(address holder, address venue, address token) external view returns (uint256) {
        return _compartments[venue][token][holder].readyAt;
    }

    /// @inheritdoc ICollateralVault
    function lockedSince(address venue) public view returns (uint256) {
        Lock memory held = _locks[venue];
        return held.isOn ? held.since : 0;
    }

    /// @inheritdoc ICollateralVault
    function digestOf(Release calldata wish) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RELEASE_TYPEHASH, wish)));
    }

    /// @inheritdoc ICollateralVault
    function exitDigestOf(ExitRequest calldata wish) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(EXIT_REQUEST_TYPEHASH, wish)));
    }

    // -- steps --------------------------------------------------------------------------------------------------------

    /// @dev Answers how many obligations there were.
    function _settleLeg(
        address venue,
        uint64 sequence,
        address token,
        Obligation[] calldata debits,
        Obligation[] calldata credits
    ) private returns (uint256) {
        mapping(address holder => Compartment) storage compartments = _compartments[venue][token];
        (uint256 owed, uint256 missing) = _pay(compartments, venue, sequence, token, debits);
        uint256 due = _receive(compartments, credits);
        if (owed != due) revert LegNotBalanced(token, owed, due);
        if (missing != 0) _cover(compartments[venue], venue, token, missing);
        return debits.length + credits.length;
    }

    /// @dev Each payer pays what it owes, or all that it holds. Answers Σ owed, and what of it is missing.
    function _pay(
        mapping(address holder => Compartment) storage compartments,
        address venue,
        uint64 sequence,
        address token,
        Obligation[] calldata debits
    ) private returns (uint256 owed, uint256 missing) {
        for (uint256 i; i < debits.length; ++i) {
            (address holder, uint256 amount) = (debits[i].holder, debits[i].amount);
            owed += amount;
            Compartment storage compartment = compartments[holder];
            uint256 balance = compartment.balance;
            if (balance >= amount) {
                unchecked {
                    compartment.balance = balance - amount;
                }
            } else {
                compartment.balance = 0;
                missing += amount - balance;
                emit ShortfallCovered(venue, sequence, token, holder, amount, balance);
            }
        }
    }

    function _receive(mapping(address holder => Compartment) storage compartments, Obligation[] calldata credits)
        private
        returns (uint256 due)
    {
        for (uint256 i; i < credits.length; ++i) {
            uint256 amount = credits[i].amount;
            due += amount;
            compartments[credits[i].holder].balance += amount;
        }
    }

    /// @dev After everybody has paid and received: what the venue owes and receives itself is in its compartment.
    function _cover(Compartment storage own, address venue, address token, uint256 missing) private {
        uint256 available = own.balance;
        if (missing > available) revert ShortfallNotCovered(venue, token, missing, available);
        unchecked {
            own.balance = available - missing;
        }
    }

    function _requestExit(address holder, address venue, address token) private {
        Compartment storage compartment = _compartments[venue][token][holder];
        if (compartment.readyAt != 0) revert ExitAlreadyRequested(compartment.readyAt);
        if (compartment.balance == 0) revert CompartmentEmpty(holder, venue, token);
        uint256 readyAt = block.timestamp + exitDelay;
        compartment.readyAt = readyAt;
        emit ExitRequested(holder, venue, token, readyAt);
    }

    function _requireSigned(
        address holder,
        uint256 deadline,
        uint256 expected,
        uint256 given,
        bytes32 digest,
        bytes calldata signature
    ) private view {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        if (given != expected) revert WrongNonce(expected, given);
        if (!SignatureChecker.isValidSignatureNowCalldata(holder, digest, signature)) revert WrongSigner(holder);
    }

    function _requireSettlement() private view {
        if (msg.sender != settlement) revert NotTheSettlement(msg.sender);
    }
}
