// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedMinter} from "../src/AttestedMinter.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {IAttestedMinter, ReserveAttestation} from "../src/interfaces/IAttestedMinter.sol";
import {AttestedMinterBase} from "./AttestedMinterBase.sol";

/// A token that says of its supply what it likes, and calls back whenever it is asked to change it.
contract HostileToken {
    uint256 public totalSupply;
    bytes[] private _callbacks;
    uint256 public taken;

    function say(uint256 supply) external {
        totalSupply = supply;
    }

    function prepare(bytes calldata callback) external {
        _callbacks.push(callback);
    }

    function guardMint(address, uint256, uint256) external {
        _callBack(msg.sender);
    }

    function guardBurn(address, uint256, uint256) external {
        _callBack(msg.sender);
    }

    function _callBack(address claims) private {
        for (uint256 i; i < _callbacks.length; ++i) {
            (bool done,) = claims.call(_callbacks[i]);
            if (done) taken += 1;
        }
    }
}

contract AttestedMinterAttacksTest is AttestedMinterBase {
    bytes private constant WRONG_SIGNATURE = abi.encodeWithSelector(IAttestedMinter.WrongCustodianSignature.selector);

    function test_a_signature_is_good_for_one_contract_and_chain_and_in_one_spelling() public {
        AttestedMinter other = new AttestedMinter(address(this), _party("custodian"), MAX_AGE);
        ReserveAttestation memory wish = _next(RESERVES);
        bytes32 digest = claims.digestOf(wish);
        bytes memory signature = _sign("custodian", digest);
        bytes memory compact = new bytes(64);
        vm.chainId(block.chainid + 1);
        bytes memory elsewhere = _sign("custodian", claims.digestOf(wish));
        vm.chainId(block.chainid - 1);

        _refused(wish, _sign("custodian", other.digestOf(wish)));
        _refused(wish, elsewhere);
        _refused(wish, _signHighS("custodian", digest));
        _refused(wish, compact);
        _refused(wish, abi.encodePacked(signature, bytes1(0)));
        _refused(wish, "");
        claims.attest(wish, signature);
    }

    function test_a_signature_is_good_for_one_attestation(uint8 which) public {
        _attest(RESERVES);
        vm.warp(NOW + 60);
        ReserveAttestation memory wish = _next(RESERVES);
        wish.asOf -= 1;
        bytes memory signature = _sign("custodian", claims.digestOf(wish));
        if (which % 4 == 0) wish.reserves += 1;
        if (which % 4 == 1) wish.journalPosition += 1;
        if (which % 4 == 2) wish.journalHead ^= bytes32(uint256(1));
        if (which % 4 == 3) wish.asOf += 1;
        _refused(wish, signature);
    }

    function test_one_tokens_attestation_is_none_for_another() public {
        ReserveAttestation memory wish = _next(RESERVES);
        bytes memory signature = _sign("custodian", claims.digestOf(wish));
        wish.token = address(_newClaimToken());
        _refused(wish, signature);
    }

    function test_an_attestation_counts_once() public {
        ReserveAttestation memory wish = _next(RESERVES);
        _send(wish);
        bytes memory signature = _sign("custodian", claims.digestOf(wish));
        vm.expectRevert(abi.encodeWithSelector(IAttestedMinter.WrongSequence.selector, token, 2, 1));
        claims.attest(wish, signature);
    }

    /// Two attestations of one sequence: the first that arrives closes the place, so the history never forks.
    function test_a_custodian_that_signs_two_of_one_sequence_has_one_taken() public {
        ReserveAttestation memory high = _next(RESERVES);
        ReserveAttestation memory low = _next(1);
        _send(low);
        bytes memory signature = _sign("custodian", claims.digestOf(high));
        vm.expectRevert(abi.encodeWithSelector(IAttestedMinter.WrongSequence.selector, token, 2, 1));
        claims.attest(high, signature);
    }

    function test_nobody_initialises_a_token_before_its_deployer(address thief) public {
        vm.assume(thief != address(this));
        CustodyToken fresh = new CustodyToken(18, "Custody ETH", "cETH");
        _expectUnauthorized(thief, 0);
        vm.prank(thief);
        fresh.initialize(thief, thief);
        fresh.initialize(address(claims), address(claims));
        vm.assertTrue(fresh.hasRole(fresh.MINTER_ROLE(), address(claims)), "the deployer's word counts");
    }

    function test_a_token_that_was_given_another_minter_mints_nothing_here() public {
        CustodyToken fresh = new CustodyToken(18, "Custody ETH", "cETH");
        fresh.initialize(stranger, stranger);
        ReserveAttestation memory wish = _next(RESERVES);
        wish.token = address(fresh);
        _send(wish);
        bytes32 role = fresh.MINTER_ROLE();
        _expectUnauthorized(address(claims), role);
        vm.prank(operator);
        claims.mint(address(fresh), vault, 1, 0);
        _expectUnauthorized(address(claims), 0);
        claims.setDestinationAllowed(address(fresh), vault, true);
    }

    /// It may say too much, and later nothing: claims grow up to its word, and are nobody's but their holders'.
    function test_a_lying_custodian_inflates_up_to_its_word_and_takes_from_nobody(uint128 lie, uint256 amount) public {
        amount = _bound(amount, 0, lie);
        _attest(lie);
        _mint(vault, amount);
        _attest(0);
        vm.expectRevert(_exceeds(0, amount, 1));
        vm.prank(operator);
        claims.mint(address(token), stranger, 1, amount);
        vm.assertEq(token.balanceOf(vault), amount, "what was minted stays its holder's");
        vm.prank(vault);
        token.transfer(address(claims), amount);
        vm.prank(operator);
        claims.burn(address(token), amount, amount, "release");
    }

    /// The worst case: the custodian attests the hostile token, and it is an operator itself.
    function test_a_hostile_token_gains_nothing_by_calling_back(uint256 said, bool operates) public {
        HostileToken hostile = new HostileToken();
        hostile.say(said);
        _attest(RESERVES);
        _mint(vault, 400e18);
        ReserveAttestation memory wish = _next(RESERVES);
        (wish.token, wish.sequence) = (address(hostile), 1);
        _send(wish);
        if (operates) claims.grantRole(claims.OPERATOR_ROLE(), address(hostile));
        hostile.prepare(abi.encodeCall(claims.mint, (address(token), stranger, 600e18 + 1, 400e18)));
        hostile.prepare(abi.encodeCall(claims.burn, (address(token), 1, 400e18, "seizure")));
        hostile.prepare(abi.encodeCall(claims.mint, (address(token), stranger, 600e18, 400e18)));
        hostile.prepare(abi.encodeCall(claims.mint, (address(token), stranger, 1, 1000e18)));

        vm.startPrank(operator);
        claims.mint(address(hostile), stranger, 1, 0);
        claims.burn(address(hostile), 1, 0, "release");
        vm.assertEq(hostile.taken(), operates ? 1 : 0, "an operator's own mint within the reserves, and nothing else");
        vm.assertEq(token.totalSupply(), operates ? 1000e18 : 400e18, "never above what is attested");
        vm.assertEq(token.balanceOf(vault), 400e18, "nobody's claims are touched");
    }

    function _refused(ReserveAttestation memory wish, bytes memory signature) private {
        vm.expectRevert(WRONG_SIGNATURE);
        claims.attest(wish, signature);
    }
}
