// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedMinter} from "../../src/AttestedMinter.sol";
import {CustodyToken} from "../../src/CustodyToken.sol";
import {Attested, ReserveAttestation} from "../../src/interfaces/IAttestedMinter.sol";
import {Symbolic} from "./Symbolic.sol";

/// One call of a minter and its claim token, both in any state, by anybody, with any arguments. Bounds: signatures of 65
/// bytes, by keys and not by contracts; the token is a CustodyToken.
contract SymbolicMinter is Symbolic {
    AttestedMinter internal claims;
    CustodyToken internal token;

    function setUp() public {
        claims = new AttestedMinter(address(0xAD), address(0xC0), 4 hours);
        token = new CustodyToken(18, "Custody ETH", "cETH");
        svm.enableSymbolicStorage(address(claims));
        svm.enableSymbolicStorage(address(token));
    }

    /// What was attested bounds what there is after it: together with the next two.
    function check_a_mint_stays_within_what_was_attested(address caller, address to, uint256 amount, uint256 belief)
        public
    {
        uint256 supply = token.totalSupply();
        uint256 reserves = claims.attestedOf(address(token)).reserves;
        if (!_mints(caller, to, amount, belief)) return;
        assert(supply <= reserves);
        assert(amount <= reserves - supply);
    }

    /// What that difference says of the sum, apart from any state: it is within, and no remainder of a larger one.
    function check_what_is_within_the_rest_is_within_the_whole(uint128 reserves, uint256 supply, uint256 amount)
        public
        pure
    {
        vm.assume(supply <= reserves && amount <= reserves - supply);
        unchecked {
            assert(supply + amount >= supply && supply + amount <= reserves);
        }
    }

    function check_a_mint_adds_what_it_says_or_nothing(address caller, address to, uint256 amount, uint256 belief)
        public
    {
        uint256 supply = token.totalSupply();
        bool ok = _mints(caller, to, amount, belief);
        unchecked {
            assert(token.totalSupply() == (ok ? supply + amount : supply));
        }
    }

    function check_a_mint_is_the_operators_and_on_a_fresh_attestation(
        address caller,
        address to,
        uint256 amount,
        uint256 belief
    ) public {
        Attested memory last = claims.attestedOf(address(token));
        bool may = claims.hasRole(claims.OPERATOR_ROLE(), caller) && !claims.paused();
        if (!_mints(caller, to, amount, belief)) return;
        assert(may && last.sequence != 0);
        assert(block.timestamp <= uint256(last.asOf) + claims.maxAge());
    }

    function check_a_burn_takes_what_lies_at_the_minter_and_nobody_elses(
        address caller,
        uint256 amount,
        uint256 belief,
        bytes32 instruction,
        address holder
    ) public {
        vm.assume(holder != address(claims));
        (uint256 supply, uint256 held) = (token.totalSupply(), token.balanceOf(holder));
        uint256 released = token.balanceOf(address(claims));
        vm.prank(caller);
        (bool ok,) = address(claims).call(abi.encodeCall(claims.burn, (address(token), amount, belief, instruction)));
        assert(token.balanceOf(holder) == held);
        assert(token.balanceOf(address(claims)) == (ok ? released - amount : released));
        assert(!ok || (amount <= released && claims.hasRole(claims.OPERATOR_ROLE(), caller)));
        ok = ok && supply >= amount; // a supply below a balance is no state that a token can come into
        if (ok) assert(token.totalSupply() == supply - amount);
    }

    function check_an_attestation_moves_no_claim_and_forward_only(
        address caller,
        ReserveAttestation calldata attestation,
        address holder
    ) public {
        vm.assume(attestation.token == address(token));
        (uint256 supply, uint256 held) = (token.totalSupply(), token.balanceOf(holder));
        Attested memory last = claims.attestedOf(address(token));
        bytes memory signature = svm.createBytes(65, "signature");
        vm.prank(caller);
        (bool ok,) = address(claims).call(abi.encodeCall(claims.attest, (attestation, signature)));
        assert(token.totalSupply() == supply && token.balanceOf(holder) == held);
        Attested memory next = claims.attestedOf(address(token));
        if (!ok) assert(next.sequence == last.sequence && next.reserves == last.reserves && next.asOf == last.asOf);
        else assert(next.sequence == last.sequence + 1 && next.asOf > last.asOf && next.asOf <= block.timestamp);
    }

    function reach_a_mint(address caller, address to, uint256 amount, uint256 belief) public {
        assert(!_mints(caller, to, amount, belief) || amount == 0);
    }

    function reach_a_burn(address caller, uint256 amount, uint256 belief) public {
        vm.prank(caller);
        (bool ok,) = address(claims).call(abi.encodeCall(claims.burn, (address(token), amount, belief, "release")));
        assert(!ok || amount == 0);
    }

    function reach_an_attestation(address caller, ReserveAttestation calldata attestation) public {
        vm.assume(attestation.token == address(token));
        bytes memory signature = svm.createBytes(65, "signature");
        vm.prank(caller);
        (bool ok,) = address(claims).call(abi.encodeCall(claims.attest, (attestation, signature)));
        assert(!ok);
    }

    function _mints(address caller, address to, uint256 amount, uint256 belief) private returns (bool ok) {
        vm.prank(caller);
        (ok,) = address(claims).call(abi.encodeCall(claims.mint, (address(token), to, amount, belief)));
    }
}
