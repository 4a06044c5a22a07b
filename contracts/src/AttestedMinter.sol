// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {Attested, IAttestedMinter, ReserveAttestation} from "./interfaces/IAttestedMinter.sol";
import {ICustodyToken} from "./interfaces/ICustodyToken.sol";

/// @title AttestedMinter
/// @notice No claim without an attested reserve behind it. The manual is {IAttestedMinter}.
/// @dev A hostile token has nothing to re-enter for: minting and burning write nothing here, an attestation is written
/// before the token is asked, and every number is kept per token.
contract AttestedMinter is IAttestedMinter, AccessControl, Pausable, EIP712 {
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "ReserveAttestation(address token,uint128 reserves,uint64 journalPosition,bytes32 journalHead,uint64 sequence,"
        "uint64 asOf)"
    );

    /// @inheritdoc IAttestedMinter
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    /// @inheritdoc IAttestedMinter
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @inheritdoc IAttestedMinter
    address public immutable custodian;
    /// @inheritdoc IAttestedMinter
    uint64 public immutable maxAge;

    /// @dev Sequence, position and time only rise. What a mint reads is one slot.
    mapping(address token => Attested) private _attested;

    /// @dev No zero checks: a zero custodian has signed nothing, so nothing could ever be minted.
    constructor(address admin, address custodian_, uint64 maxAge_) EIP712("Bulkhead Minter", "1") {
        custodian = custodian_;
        maxAge = maxAge_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IAttestedMinter
    function attest(ReserveAttestation calldata attestation, bytes calldata signature) external {
        _requireNext(attestation);
        if (!SignatureChecker.isValidSignatureNowCalldata(custodian, digestOf(attestation), signature)) {
            revert WrongCustodianSignature();
        }

        (address token, uint128 reserves, uint64 sequence) =
            (attestation.token, attestation.reserves, attestation.sequence);
        _attested[token] = Attested(reserves, sequence, attestation.asOf, attestation.journalPosition);
        emit ReservesAttested(
            token, sequence, reserves, attestation.journalPosition, attestation.journalHead, attestation.asOf
        );

        uint256 supply = IERC20(token).totalSupply();
        if (supply > reserves) emit ReservesFellShort(token, sequence, reserves, supply);
    }

    /// @inheritdoc IAttestedMinter
    function mint(address token, address to, uint256 amount, uint256 expectedSupply)
        external
        onlyRole(OPERATOR_ROLE)
        whenNotPaused
    {
        Attested storage last = _attested[token];
        (uint256 reserves, uint64 sequence, uint64 asOf) = (last.reserves, last.sequence, last.asOf);
        if (sequence == 0) revert NothingAttested(token);
        if (block.timestamp > uint256(asOf) + maxAge) revert AttestationStale(token, asOf, _now());
        if (expectedSupply > reserves || amount > reserves - expectedSupply) {
            revert ExceedsReserves(token, reserves, expectedSupply, amount);
        }

        emit ClaimsMinted(token, to, sequence, amount);
        ICustodyToken(token).guardMint(to, amount, expectedSupply);
    }

    /// @inheritdoc IAttestedMinter
    function burn(address token, uint256 amount, uint256 expectedSupply, bytes32 instruction)
        external
        onlyRole(OPERATOR_ROLE)
    {
        emit ClaimsBurned(token, instruction, amount);
        ICustodyToken(token).guardBurn(address(this), amount, expectedSupply);
    }

    /// @inheritdoc IAttestedMinter
    function setDestinationAllowed(address token, address destination, bool allowed)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        ICustodyToken(token).setDestinationAllowed(destination, allowed);
    }

    /// @inheritdoc IAttestedMinter
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @inheritdoc IAttestedMinter
    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @inheritdoc IAttestedMinter
    function attestedOf(address token) external view returns (Attested memory) {
        return _attested[token];
    }

    /// @inheritdoc IAttestedMinter
    function digestOf(ReserveAttestation calldata attestation) public view returns (bytes32) {
        // The struct's members are static: its ABI encoding is what EIP-712 hashes behind the type.
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION_TYPEHASH, attestation)));
    }

    /// @dev The custodian's belief about this token's attestations must be the chain's, and time goes forward.
    function _requireNext(ReserveAttestation calldata attestation) private view {
        Attested memory last = _attested[attestation.token];
        if (attestation.sequence != last.sequence + 1) {
            revert WrongSequence(attestation.token, last.sequence + 1, attestation.sequence);
        }
        if (attestation.journalPosition < last.journalPosition) {
            revert JournalWentBack(last.journalPosition, attestation.journalPosition);
        }
        if (attestation.asOf <= last.asOf) revert TimeNotAfter(last.asOf, attestation.asOf);
        if (attestation.asOf > _now()) revert TimeInFuture(attestation.asOf, _now());
    }

    /// @dev Seconds fit 64 bits for longer than there will be blocks.
    function _now() private view returns (uint64) {
        return uint64(block.timestamp);
    }
}
