// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAttestedMinter, ReserveAttestation} from "../src/interfaces/IAttestedMinter.sol";
import {AttestedMinterBase} from "./AttestedMinterBase.sol";

/// What the custodian signs, spelled out here a second time: a digest that only the contract itself can make is no
/// agreement with any signer.
contract AttestedMinterDigestTest is AttestedMinterBase {
    function test_digestOf_an_attestation_is_the_one_of_eip712(
        address token_,
        uint128 reserves,
        uint64[3] memory numbers,
        bytes32 head
    ) public view {
        ReserveAttestation memory wish = ReserveAttestation(token_, reserves, numbers[0], head, numbers[1], numbers[2]);
        bytes32 typeHash = keccak256(
            "ReserveAttestation(address token,uint128 reserves,uint64 journalPosition,bytes32 journalHead,"
            "uint64 sequence,uint64 asOf)"
        );
        bytes32 structHash = keccak256(abi.encode(typeHash, token_, reserves, numbers[0], head, numbers[1], numbers[2]));
        bytes32 domain = _domain("Bulkhead Minter", address(claims));
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        vm.assertEq(claims.digestOf(wish), expected, "typed data digest");
    }

    function test_an_attestation_of_an_earlier_time_is_refused_with_both_times_in_order() public {
        _attest(RESERVES);
        uint64 last = claims.attestedOf(address(token)).asOf;
        ReserveAttestation memory wish = _next(RESERVES);
        wish.asOf = last - 3;
        vm.expectRevert(abi.encodeWithSelector(IAttestedMinter.TimeNotAfter.selector, last, last - 3));
        claims.attest(wish, "");
    }
}
