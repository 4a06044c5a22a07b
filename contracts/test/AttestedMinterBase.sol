// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedMinter} from "../src/AttestedMinter.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {IAttestedMinter, ReserveAttestation} from "../src/interfaces/IAttestedMinter.sol";
import {ICustodyToken} from "../src/interfaces/ICustodyToken.sol";
import {Base} from "./Base.sol";

/// One minter, wired as its manual says: it minters and administers one token, and holds an open destination there.
abstract contract AttestedMinterBase is Base {
    uint64 internal constant NOW = 1_770_336_000;
    uint64 internal constant MAX_AGE = 4 hours;
    uint128 internal constant RESERVES = 1000e18;

    address internal immutable operator = _party("operator");
    address internal immutable pauser = _party("pauser");
    address internal immutable vault = _party("vault");

    AttestedMinter internal claims;
    CustodyToken internal token;

    function setUp() public virtual {
        vm.warp(NOW);
        claims = new AttestedMinter(address(this), _party("custodian"), MAX_AGE);
        claims.grantRole(claims.OPERATOR_ROLE(), operator);
        claims.grantRole(claims.PAUSER_ROLE(), pauser);
        token = _newClaimToken();
    }

    function _newClaimToken() internal returns (CustodyToken fresh) {
        fresh = new CustodyToken(18, "Custody ETH", "cETH");
        fresh.initialize(address(claims), address(claims));
        claims.setDestinationAllowed(address(fresh), address(claims), true);
    }

    /// The attestation that may follow now; a second apart from the last, which was now at the latest.
    function _next(uint128 reserves) internal view returns (ReserveAttestation memory) {
        uint64 last = claims.attestedOf(address(token)).sequence;
        return ReserveAttestation(address(token), reserves, 345, "head", last + 1, uint64(block.timestamp));
    }

    function _attest(uint128 reserves) internal {
        vm.warp(block.timestamp + 1);
        _send(_next(reserves));
    }

    function _send(ReserveAttestation memory attestation) internal {
        bytes memory signature = _sign("custodian", claims.digestOf(attestation));
        vm.prank(stranger);
        claims.attest(attestation, signature);
    }

    function _mint(address to, uint256 amount) internal {
        uint256 supply = token.totalSupply();
        vm.prank(operator);
        claims.mint(address(token), to, amount, supply);
    }

    function _exceeds(uint256 reserves, uint256 supply, uint256 amount) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IAttestedMinter.ExceedsReserves.selector, token, reserves, supply, amount);
    }

    function _mismatch(uint256 actual, uint256 estimated) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICustodyToken.SupplyMismatch.selector, actual, estimated);
    }
}
