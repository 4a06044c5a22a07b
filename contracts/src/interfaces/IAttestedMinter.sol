// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.24;

/// @notice What the custodian says it holds behind one claim token, at one moment.
struct ReserveAttestation {
    /// The claim token.
    address token;
    /// What is held, in the token's base units.
    uint128 reserves;
    /// The place in the custodian's journal up to which transfers are counted.
    uint64 journalPosition;
    /// The digest of the journal's seal at that place.
    bytes32 journalHead;
    /// 1 for the token's first attestation, then one more each.
    uint64 sequence;
    /// Seconds of UTC at which this was held.
    uint64 asOf;
}

/// @notice What is kept of a token's last attestation; all zero before the first.
struct Attested {
    uint128 reserves;
    uint64 sequence;
    uint64 asOf;
    uint64 journalPosition;
}

/// @title IAttestedMinter
/// @notice The only minter of all of a custodian's claim tokens: no claim without an attested reserve behind it.
/// @dev The custodian, an account or an ERC-1271 contract, signs an attestation's EIP-712 digest in the domain
/// "Bulkhead Minter", version "1", of this very contract: `ReserveAttestation(address token,uint128 reserves,`
/// `uint64 journalPosition,bytes32 journalHead,uint64 sequence,uint64 asOf)`, in one line without further spaces.
///
/// Wiring: `token.initialize(minter, minter)`. With the token's administration here, where nothing grants a role, this
/// stays the only minter for good; this contract's administrator can only open and close destinations. Then open this
/// contract itself as a destination, and name it as the vault's `redemption`: what holders release arrives here, to be
/// burned.
///
/// Whoever holds the roles: the custodian and `maxAge` never change, so that an administrator who makes itself operator
/// still mints within what the custodian has signed, and burns nothing but what lies here.
///
/// Warning: a token initialised with another administrator can be given another minter. Read `hasRole` of both before
/// the first mint.
/// Warning: the attestation is the custodian's word. It bounds a stolen operator key, not a custodian that lies.
/// Warning: a custodian that is a single key cannot be replaced when that key is lost: nothing is minted any more;
/// burning goes on. Name an ERC-1271 contract that can change its owners.
/// Warning: the last administrator may renounce. Operators and pausers go on as they are, lists are frozen, and a pause
/// is then for ever.
interface IAttestedMinter {
    /// @notice Another attestation is due: the given one was taken already (lower), or one is missing (higher).
    error WrongSequence(address token, uint64 expected, uint64 given);

    /// @notice The attestation counts fewer transfers than the one before.
    error JournalWentBack(uint64 previous, uint64 given);

    /// @notice The attestation's time is not after that of the one before.
    error TimeNotAfter(uint64 previous, uint64 given);

    /// @notice The attestation's time has not come yet.
    error TimeInFuture(uint64 given, uint64 timestamp);

    /// @notice The signature is not the custodian's over this attestation.
    error WrongCustodianSignature();

    /// @notice Nothing was ever attested of this token.
    error NothingAttested(address token);

    /// @notice The last attestation is older than `maxAge`.
    error AttestationStale(address token, uint64 asOf, uint64 timestamp);

    /// @notice The supply that the caller believes in and the amount are together more than what is attested.
    error ExceedsReserves(address token, uint256 reserves, uint256 expectedSupply, uint256 amount);

    /// @notice The custodian's next attestation of a token was taken.
    event ReservesAttested(
        address indexed token,
        uint64 indexed sequence,
        uint256 reserves,
        uint64 journalPosition,
        bytes32 journalHead,
        uint64 asOf
    );

    /// @notice An attestation is below the supply: until a later one covers it or burns have, nothing is minted.
    event ReservesFellShort(address indexed token, uint64 indexed sequence, uint256 reserves, uint256 supply);

    /// @notice Claims were minted under the attestation of that sequence.
    event ClaimsMinted(address indexed token, address indexed to, uint64 indexed sequence, uint256 amount);

    /// @notice Claims that lay here were burned for the instruction of that id, such as the digest of a holder's release.
    event ClaimsBurned(address indexed token, bytes32 indexed instruction, uint256 amount);

    /// @notice The role that mints and burns: keccak256("OPERATOR_ROLE").
    function OPERATOR_ROLE() external view returns (bytes32);

    /// @notice The role that stops minting: keccak256("PAUSER_ROLE").
    function PAUSER_ROLE() external view returns (bytes32);

    /// @notice Whose attestations count.
    function custodian() external view returns (address);

    /// @notice How old an attestation may be for a mint, in seconds.
    function maxAge() external view returns (uint64);

    /// @notice What is kept of a token's last attestation.
    /// Warning: also of one that is stale by now; compare `asOf` with the time.
    function attestedOf(address token) external view returns (Attested memory);

    /// @notice The EIP-712 digest that the custodian signs.
    function digestOf(ReserveAttestation calldata attestation) external view returns (bytes32);

    /// @notice Takes the custodian's next attestation of a token; anyone may bring it, at any time.
    /// @dev Effects: replaces the token's last attestation; raises `ReservesFellShort` if it is below the supply.
    /// Nothing is ever taken from a holder for it.
    /// Refusals, in order: `WrongSequence`, `JournalWentBack`, `TimeNotAfter`, `TimeInFuture`,
    /// `WrongCustodianSignature`; then whatever the token answers to `totalSupply`.
    /// Warning: one that is older than `maxAge` is taken in its order, and is of no use to a mint.
    function attest(ReserveAttestation calldata attestation, bytes calldata signature) external;

    /// @notice Mints within the attested reserves, if the supply is still what the caller believes.
    /// @dev What is believed and the amount are at most what is attested, and the token mints only if what is believed
    /// is true: so the supply after a mint is at most the attested reserves.
    /// Refusals, in order: caller is not an operator; paused (`EnforcedPause`); `NothingAttested`; `AttestationStale`;
    /// `ExceedsReserves`; then as the token's `guardMint`: `SupplyMismatch` with the true supply, receiver zero.
    /// Warning: with too high a belief the answer may be `ExceedsReserves` with that belief, though the true supply
    /// would leave room.
    function mint(address token, address to, uint256 amount, uint256 expectedSupply) external;

    /// @notice Burns claims that lie at this contract, if the supply is still what the caller believes.
    /// @dev `instruction` names what asked for it, so that whoever reads the log can match each burn with a release.
    /// Neither a pause nor a missing attestation stops it. Refusals, in order: caller is not an operator; then as the
    /// token's `guardBurn`: `SupplyMismatch`, balance too small.
    /// Warning: nothing here stops the same instruction from being named twice, if there are claims left to burn.
    /// Warning: whoever sends claims here has given them up, released or not.
    function burn(address token, uint256 amount, uint256 expectedSupply, bytes32 instruction) external;

    /// @notice Opens or closes a destination for a token's transfers.
    /// @dev Refusals, in order: caller is not an administrator; this contract is not the token's administrator.
    /// Warning: with this contract closed for its token, no holder can release claims.
    function setDestinationAllowed(address token, address destination, bool allowed) external;

    /// @notice Stops minting; burns and attestations go on.
    /// @dev Refusals, in order: caller is not a pauser; already paused (`EnforcedPause`).
    function pause() external;

    /// @notice Lets minting go on.
    /// @dev Refusals, in order: caller is not an administrator, a pauser cannot; not paused (`ExpectedPause`).
    function unpause() external;
}
