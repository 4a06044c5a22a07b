// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

/// @title ICustodyToken
/// @notice An ERC-20 whose balance is a claim on a custodian's off-chain ledger: one deployment per asset and
/// custodian.
/// @dev What differs from any other ERC-20, beyond the functions below:
/// - `transfer` and `transferFrom` refuse every destination that is not open, and say so before any ERC-20 check: also
/// for amount 0, for amounts above the balance and for the zero address. Only the destination counts; roles give no
/// exemption, and whether the sender is open does not matter.
/// - Minting and burning never consult the list: a balance can be minted to, and redeemed from, any address.
/// - `supportsInterface` answers true for ERC-165 and IAccessControl only.
/// Warning: a minter can burn the balance of any address, contracts that hold claims for others included. Such a
/// contract keeps its internal balances and is then short; watch `Burned` with `from` equal to its address. An
/// {IAttestedMinter} as the only minter and administrator burns what lies at itself, and nobody's else.
/// Warning: the last administrator may renounce. Roles and list are then frozen for ever; minting and burning go on.
interface ICustodyToken {
    /// @notice A guarded call was based on another supply than the chain's; retry with `actualSupply` after
    /// re-deciding.
    error SupplyMismatch(uint256 actualSupply, uint256 estimatedSupply);

    /// @notice The destination is not open. Says nothing about the sender.
    error TransferDestinationNotAllowed(address destination);

    /// @notice `amount` was destroyed at `from` by the minter `burnedBy`; follows the `Transfer` to zero.
    event Burned(address indexed burnedBy, address indexed from, uint256 amount);

    /// @notice The list was written. Emitted on every write, also on one that changes nothing.
    event DestinationAllowedSet(address indexed destination, bool allowed);

    /// @notice The role that changes the supply: keccak256("MINTER_ROLE").
    function MINTER_ROLE() external view returns (bytes32);

    /// @notice Whether `initialize` has succeeded; never returns to false.
    function initialized() external view returns (bool);

    /// @notice Whether transfers may go to `destination`. Nothing is open at first.
    function allowedDestination(address destination) external view returns (bool);

    /// @notice Seats the administrator and the minter, once.
    /// @dev Effects: grants DEFAULT_ADMIN_ROLE to `admin` and MINTER_ROLE to `minter`, takes DEFAULT_ADMIN_ROLE from
    /// the caller unless the caller is `admin`. A refused attempt does not use up the one shot.
    /// Refusals, in order: caller is not an administrator; already initialised (`InvalidInitialization`); "admin=0";
    /// "minter=0".
    function initialize(address admin, address minter) external;

    /// @notice Mints without looking at the supply. Prefer `guardMint`.
    /// @dev Refusals, in order: caller is not a minter; `to` is zero; the supply would overflow (panic 0x11).
    function mint(address to, uint256 amount) external;

    /// @notice Mints if the supply is still what the caller believes.
    /// @dev `estimatedSupply` is the supply before the call, in base units; 0 is a value like any other, not "skip".
    /// Refusals, in order: caller is not a minter; `SupplyMismatch`, for amount 0 too; then as `mint`.
    /// Warning: equal supply is not equal history. A mint and a burn of the same size pass unnoticed between two calls.
    function guardMint(address to, uint256 amount, uint256 estimatedSupply) external;

    /// @notice Burns at `from`, without an allowance, if the supply is still what the caller believes.
    /// @dev Emits `Transfer` to zero, then `Burned`. Refusals, in order: caller is not a minter; `SupplyMismatch`;
    /// `from` is zero; balance too small.
    function guardBurn(address from, uint256 amount, uint256 estimatedSupply) external;

    /// @notice As `guardBurn`, without looking at the supply: for a correction that must not wait.
    function adminBurn(address from, uint256 amount) external;

    /// @notice Burns the calling minter's own balance.
    /// @dev Refusals, in order: caller is not a minter; balance too small.
    function burn(uint256 amount) external;

    /// @notice Burns at `from`, spending the allowance that `from` gave to the calling minter.
    /// @dev Refusals, in order: caller is not a minter; allowance too small (an infinite one is not reduced); balance
    /// too small. A refused call leaves the allowance.
    function burnFrom(address from, uint256 amount) external;

    /// @notice Opens or closes a destination for transfers.
    /// @dev Any address is accepted; opening zero opens nothing. Refusal: caller is not an administrator.
    /// Warning: closing a destination strands nothing already there, but nothing more arrives.
    function setDestinationAllowed(address destination, bool allowed) external;
}
