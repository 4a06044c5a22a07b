// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {ICustodyToken} from "./interfaces/ICustodyToken.sol";

/// @title CustodyToken
/// @notice The claim token. The manual is {ICustodyToken}.
contract CustodyToken is ICustodyToken, ERC20, AccessControl, Initializable {
    /// @inheritdoc ICustodyToken
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    uint8 private immutable _DECIMALS;

    /// @inheritdoc ICustodyToken
    mapping(address destination => bool allowed) public allowedDestination;

    /// @dev The guard sits in the two transfer entry points and not in `_update`: it must answer before the allowance
    /// and zero-address checks do, and minting and burning must not meet it. A new function that moves balances needs
    /// it too.
    modifier onlyToAllowed(address destination) {
        if (!allowedDestination[destination]) revert TransferDestinationNotAllowed(destination);
        _;
    }

    /// @dev Optimistic concurrency in one comparison: a decision taken on another supply is refused with the true one.
    modifier onlyAtSupply(uint256 estimatedSupply) {
        uint256 actualSupply = totalSupply();
        if (actualSupply != estimatedSupply) revert SupplyMismatch(actualSupply, estimatedSupply);
        _;
    }

    /// @param decimals_ For display only: it enters no arithmetic, so any value is accepted.
    constructor(uint8 decimals_, string memory name_, string memory symbol_) ERC20(name_, symbol_) {
        require(bytes(name_).length != 0, "name=0");
        require(bytes(symbol_).length != 0, "symbol=0");
        _DECIMALS = decimals_;
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @inheritdoc ICustodyToken
    function initialize(address admin, address minter) external onlyRole(DEFAULT_ADMIN_ROLE) initializer {
        require(admin != address(0), "admin=0");
        require(minter != address(0), "minter=0");
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(MINTER_ROLE, minter);
        if (admin != msg.sender) _revokeRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @inheritdoc ICustodyToken
    function setDestinationAllowed(address destination, bool allowed) external onlyRole(DEFAULT_ADMIN_ROLE) {
        allowedDestination[destination] = allowed;
        emit DestinationAllowedSet(destination, allowed);
    }

    /// @inheritdoc ICustodyToken
    function mint(address to, uint256 amount) external onlyRole(MINTER_ROLE) {
        _mint(to, amount);
    }

    /// @inheritdoc ICustodyToken
    function guardMint(address to, uint256 amount, uint256 estimatedSupply)
        external
        onlyRole(MINTER_ROLE)
        onlyAtSupply(estimatedSupply)
    {
        _mint(to, amount);
    }

    /// @inheritdoc ICustodyToken
    function guardBurn(address from, uint256 amount, uint256 estimatedSupply)
        external
        onlyRole(MINTER_ROLE)
        onlyAtSupply(estimatedSupply)
    {
        _destroy(from, amount);
    }

    /// @inheritdoc ICustodyToken
    function adminBurn(address from, uint256 amount) external onlyRole(MINTER_ROLE) {
        _destroy(from, amount);
    }

    /// @inheritdoc ICustodyToken
    function burn(uint256 amount) external onlyRole(MINTER_ROLE) {
        _destroy(msg.sender, amount);
    }

    /// @inheritdoc ICustodyToken
    function burnFrom(address from, uint256 amount) external onlyRole(MINTER_ROLE) {
        _spendAllowance(from, msg.sender, amount);
        _destroy(from, amount);
    }

    /// @notice Transfers to an open destination; see {ICustodyToken}.
    function transfer(address to, uint256 value) public override onlyToAllowed(to) returns (bool) {
        return super.transfer(to, value);
    }

    /// @notice Transfers to an open destination, spending the caller's allowance; see {ICustodyToken}.
    function transferFrom(address from, address to, uint256 value) public override onlyToAllowed(to) returns (bool) {
        return super.transferFrom(from, to, value);
    }

    /// @inheritdoc ICustodyToken
    function initialized() external view returns (bool) {
        return _getInitializedVersion() != 0;
    }

    /// @notice Decimals for display, fixed at deployment.
    function decimals() public view override returns (uint8) {
        return _DECIMALS;
    }

    /// @dev Every destruction of supply comes through here, so that each emits exactly one `Burned`.
    function _destroy(address from, uint256 amount) private {
        _burn(from, amount);
        emit Burned(msg.sender, from, amount);
    }
}
