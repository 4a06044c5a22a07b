// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedMinter} from "../src/AttestedMinter.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {Attested, IAttestedMinter, ReserveAttestation} from "../src/interfaces/IAttestedMinter.sol";
import {AttestedMinterBase} from "./AttestedMinterBase.sol";
import {ContractSigner, Log} from "./Base.sol";

contract AttestedMinterAttestTest is AttestedMinterBase {
    event ReservesAttested(
        address indexed token,
        uint64 indexed sequence,
        uint256 reserves,
        uint64 journalPosition,
        bytes32 journalHead,
        uint64 asOf
    );

    function test_what_bounds_it_is_fixed_and_nothing_is_attested_at_first() public view {
        vm.assertEq(claims.custodian(), _party("custodian"), "custodian");
        vm.assertEq(uint256(claims.maxAge()), MAX_AGE, "age");
        vm.assertEq(claims.OPERATOR_ROLE(), keccak256("OPERATOR_ROLE"), "operator");
        vm.assertEq(claims.PAUSER_ROLE(), keccak256("PAUSER_ROLE"), "pauser");
        vm.assertEq(uint256(claims.attestedOf(address(token)).sequence), 0, "nothing attested");
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_attest_refuses_in_order_of_precedence() public {
        _attest(RESERVES);
        uint64 last = claims.attestedOf(address(token)).asOf;
        ReserveAttestation memory wish = ReserveAttestation(address(token), 5, 344, "head", 3, last);

        _refused(wish, abi.encodeWithSelector(IAttestedMinter.WrongSequence.selector, token, 2, 3));
        wish.sequence = 1;
        _refused(wish, abi.encodeWithSelector(IAttestedMinter.WrongSequence.selector, token, 2, 1));
        wish.sequence = 2;
        _refused(wish, abi.encodeWithSelector(IAttestedMinter.JournalWentBack.selector, 345, 344));
        wish.journalPosition = 345;
        _refused(wish, abi.encodeWithSelector(IAttestedMinter.TimeNotAfter.selector, last, last));
        wish.asOf = last + 2;
        vm.warp(last + 1);
        _refused(wish, abi.encodeWithSelector(IAttestedMinter.TimeInFuture.selector, last + 2, last + 1));
        wish.asOf = last + 1;
        _refused(wish, abi.encodeWithSelector(IAttestedMinter.WrongCustodianSignature.selector));
        _send(wish);
    }

    function test_anyone_may_bring_an_attestation_and_it_is_kept_as_signed(uint128 reserves, bytes32 head) public {
        for (uint64 i = 1; i < 4; ++i) {
            ReserveAttestation memory wish = ReserveAttestation(address(token), reserves, 340 + i, head, i, NOW - 4 + i);
            vm.expectEmit();
            emit ReservesAttested(address(token), i, reserves, 340 + i, head, NOW - 4 + i);
            _send(wish);
            Attested memory kept = claims.attestedOf(address(token));
            bytes memory expected = abi.encode(Attested(reserves, i, NOW - 4 + i, 340 + i));
            vm.assertEq(keccak256(abi.encode(kept)), keccak256(expected), "kept as it was signed");
        }
    }

    function test_each_token_has_attestations_of_its_own() public {
        CustodyToken other = _newClaimToken();
        _attest(RESERVES);
        ReserveAttestation memory first = _next(7);
        (first.token, first.sequence) = (address(other), 1);
        _send(first);
        vm.assertEq(claims.attestedOf(address(token)).reserves, RESERVES, "the one");
        vm.assertEq(claims.attestedOf(address(other)).reserves, 7, "the other");
    }

    function test_one_below_the_supply_is_told_and_takes_nothing(uint128 reserves, uint128 supply) public {
        if (reserves % 4 == 0) reserves = supply; // as much as is claimed is enough
        _attest(type(uint128).max);
        _mint(vault, supply);
        vm.warp(block.timestamp + 1);
        vm.recordLogs();
        _send(_next(reserves));
        Log[] memory told = vm.getRecordedLogs();
        vm.assertEq(told.length, reserves < supply ? 2 : 1, "told where it is so, and nowhere else");
        if (reserves < supply) {
            vm.assertEq(told[1].topics[0], keccak256("ReservesFellShort(address,uint64,uint256,uint256)"), "event");
            vm.assertEq(keccak256(told[1].data), keccak256(abi.encode(reserves, supply)), "both numbers");
        }
        vm.assertEq(token.balanceOf(vault), supply, "nobody's claims are touched");
    }

    function test_a_custodian_that_is_a_contract_signs_by_ERC1271() public {
        ContractSigner signer = new ContractSigner();
        claims = new AttestedMinter(address(this), address(signer), MAX_AGE);
        ReserveAttestation memory wish = _next(RESERVES);
        _refused(wish, abi.encodeWithSelector(IAttestedMinter.WrongCustodianSignature.selector));
        signer.approve(claims.digestOf(wish));
        claims.attest(wish, "");
        vm.assertEq(claims.attestedOf(address(token)).reserves, RESERVES, "attested");
    }

    function test_an_attestation_of_what_is_no_token_is_not_taken(address nobody) public {
        vm.assume(nobody.code.length == 0 && uint160(nobody) > 0xffff);
        ReserveAttestation memory wish = _next(RESERVES);
        wish.token = nobody;
        bytes memory signature = _sign("custodian", claims.digestOf(wish));
        (bool taken,) = address(claims).call(abi.encodeCall(claims.attest, (wish, signature)));
        vm.assertFalse(taken, "nothing answers totalSupply there");
    }

    /// Refused whatever else is wrong: also signed by somebody else.
    function _refused(ReserveAttestation memory wish, bytes memory reason) private {
        bytes memory signature = _sign("impostor", claims.digestOf(wish));
        vm.expectRevert(reason);
        claims.attest(wish, signature);
    }
}

contract AttestedMinterMintTest is AttestedMinterBase {
    event ClaimsMinted(address indexed token, address indexed to, uint64 indexed sequence, uint256 amount);

    /// Cures one fault at a time, from a call in which everything is wrong.
    function test_mint_refuses_in_order_of_precedence() public {
        vm.prank(pauser);
        claims.pause();
        _expectUnauthorized(stranger, claims.OPERATOR_ROLE());
        vm.prank(stranger);
        claims.mint(address(token), address(0), RESERVES + 1, 1);

        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSignature("EnforcedPause()"));
        claims.mint(address(token), address(0), RESERVES + 1, 1);
        vm.stopPrank();
        claims.unpause();
        _refused(RESERVES + 1, 1, abi.encodeWithSelector(IAttestedMinter.NothingAttested.selector, token));
        _attest(RESERVES);
        uint64 asOf = uint64(block.timestamp);
        vm.warp(asOf + MAX_AGE + 1);
        bytes memory stale =
            abi.encodeWithSelector(IAttestedMinter.AttestationStale.selector, token, asOf, asOf + MAX_AGE + 1);
        _refused(RESERVES + 1, 1, stale);
        vm.warp(asOf + MAX_AGE); // the last second in which it is fresh
        _refused(RESERVES, 1, _exceeds(RESERVES, 1, RESERVES));
        _refused(RESERVES - 1, 1, _mismatch(0, 1));
        _refused(RESERVES, 0, abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(0)));
        _mint(vault, RESERVES);
        vm.assertEq(token.totalSupply(), RESERVES, "to the last unit");
    }

    function test_what_is_believed_and_the_amount_are_within_what_is_attested(
        uint128 reserves,
        uint256 believed,
        uint256 amount
    ) public {
        _attest(reserves);
        bool fits = believed <= reserves && amount <= reserves - believed;
        bytes memory reason = fits ? _mismatch(0, believed) : _exceeds(reserves, believed, amount);
        if (fits && believed == 0) reason = abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(0));
        _refused(amount, believed, reason);
    }

    function test_it_mints_up_to_what_is_attested_and_not_one_more(uint128 reserves, uint128 first) public {
        first = uint128(_bound(first, 0, reserves));
        _attest(reserves);
        vm.expectEmit();
        emit ClaimsMinted(address(token), vault, 1, first);
        _mint(vault, first);
        _mint(vault, reserves - first);
        vm.assertEq(token.balanceOf(vault), reserves, "all of it");
        _refused(1, reserves, _exceeds(reserves, reserves, 1));
    }

    function test_the_second_of_two_operators_on_the_same_reading_is_refused_with_the_true_supply() public {
        _attest(RESERVES);
        _mint(vault, 5);
        _refused(5, 0, _mismatch(5, 0));
        _mint(vault, 5);
    }

    function test_a_falling_attestation_stops_minting_until_burns_or_a_later_one_cover_the_supply() public {
        _attest(RESERVES);
        _mint(address(claims), RESERVES);
        _attest(RESERVES - 10);
        _refused(0, RESERVES, _exceeds(RESERVES - 10, RESERVES, 0));
        vm.prank(operator);
        claims.burn(address(token), 11, RESERVES, "release");
        _mint(vault, 1);
        _attest(RESERVES);
        _mint(vault, 10);
        vm.assertEq(token.totalSupply(), RESERVES, "what is held again");
    }

    function _refused(uint256 amount, uint256 believed, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(operator);
        claims.mint(address(token), address(0), amount, believed);
    }
}
