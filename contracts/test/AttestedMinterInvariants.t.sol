// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedMinter} from "../src/AttestedMinter.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {Attested, ReserveAttestation} from "../src/interfaces/IAttestedMinter.sol";
import {Base} from "./Base.sol";

/// A minter's life in random steps over two tokens and two holders; the handler is operator and administrator. Each step
/// finds something to do: where there is nothing to fall, to release or to burn, it is brought there first.
contract AttestedMinterHandler is Base {
    uint64 private constant MAX_AGE = 1 hours;

    AttestedMinter public immutable claims;
    CustodyToken[2] public tokens;
    address[2] public holders = [_party("client"), _party("other client")];

    /// Steps by kind: the control that the sequences do something.
    mapping(string kind => uint256) public done;
    /// Attestations so far, token by token: each has the next sequence, and no second one of the same is taken.
    uint64[2] public attestations;
    /// What was attested when a token last minted.
    uint256[2] public attestedAtMint;
    /// What each holder should have, token by token, by plain addition; the last is what lies at the minter.
    uint256[3][2] public expected;

    constructor() {
        vm.warp(1_770_336_000);
        claims = new AttestedMinter(address(this), _party("custodian"), MAX_AGE);
        claims.grantRole(claims.OPERATOR_ROLE(), address(this));
        for (uint256 t; t < 2; ++t) {
            tokens[t] = new CustodyToken(18, "Custody ETH", "cETH");
            tokens[t].initialize(address(claims), address(claims));
            claims.setDestinationAllowed(address(tokens[t]), address(claims), true);
            mint(t, 0, 100e18, 0);
            mint(t, 1, 100e18, 0);
        }
    }

    /// The usual way: attested with room, then minted.
    function mint(uint256 t, uint256 who, uint256 amount, uint256 room) public {
        amount = _bound(amount, 1, 150e18);
        _attest(t, tokens[t % 2].totalSupply() + amount + _bound(room, 0, 300e18));
        vm.assertTrue(_mints(t, who, amount), "attested, fresh, and refused");
        done["mint"] += 1;
    }

    /// The supply is no longer covered: nothing may be minted, not even nothing.
    function fall(uint256 t, uint256 reserves) public {
        if (tokens[t % 2].totalSupply() == 0) mint(t, 0, 100e18, 0);
        _attest(t, _bound(reserves, 0, tokens[t % 2].totalSupply() - 1));
        vm.assertFalse(_mints(t, 0, 0), "minted without reserves");
        done["fall"] += 1;
    }

    /// Whatever was attested, and however long ago.
    function grow(uint256 t, uint256 who, uint256 amount) public {
        amount = _bound(amount, 0, 150e18);
        Attested memory last = claims.attestedOf(address(tokens[t % 2]));
        bool may = block.timestamp <= last.asOf + MAX_AGE && tokens[t % 2].totalSupply() + amount <= last.reserves;
        vm.assertTrue(_mints(t, who, amount) == may, "minted if and only if a fresh reserve is behind it");
        done[may ? "grown" : "not grown"] += 1;
    }

    function release(uint256 t, uint256 who, uint256 amount) public {
        (t, who) = (t % 2, who % 2);
        if (expected[t][who] == 0) mint(t, who, 100e18, 0);
        amount = _bound(amount, 1, expected[t][who]);
        vm.prank(holders[who]);
        tokens[t].transfer(address(claims), amount);
        expected[t][who] -= amount;
        expected[t][2] += amount;
        done["release"] += 1;
    }

    function burn(uint256 t, uint256 amount) public {
        t %= 2;
        if (expected[t][2] == 0) release(t, amount, amount);
        amount = _bound(amount, 1, expected[t][2]);
        claims.burn(address(tokens[t]), amount, tokens[t].totalSupply(), "release");
        expected[t][2] -= amount;
        done["burn"] += 1;
    }

    /// Another attestation of a sequence that was taken, or of one that is not yet due, whatever else it says.
    function fork(uint256 t, uint128 reserves, uint64 sequence) public {
        t %= 2;
        if (sequence == attestations[t] + 1) sequence = attestations[t];
        vm.warp(block.timestamp + 1);
        ReserveAttestation memory other = _attestation(t, reserves, sequence);
        bytes memory signature = _sign("custodian", claims.digestOf(other));
        (bool taken,) = address(claims).call(abi.encodeCall(claims.attest, (other, signature)));
        vm.assertFalse(taken, "the sequence forked");
        done["fork"] += 1;
    }

    function pass(uint256 seconds_) public {
        vm.warp(block.timestamp + _bound(seconds_, 0, MAX_AGE / 2));
        done["pass"] += 1;
    }

    function _mints(uint256 t, uint256 who, uint256 amount) private returns (bool) {
        (t, who) = (t % 2, who % 2);
        try claims.mint(address(tokens[t]), holders[who], amount, tokens[t].totalSupply()) {
            attestedAtMint[t] = claims.attestedOf(address(tokens[t])).reserves;
            expected[t][who] += amount;
            return true;
        } catch {
            return false;
        }
    }

    function _attest(uint256 t, uint256 reserves) private {
        vm.warp(block.timestamp + 1);
        t %= 2;
        ReserveAttestation memory next = _attestation(t, reserves, ++attestations[t]);
        claims.attest(next, _sign("custodian", claims.digestOf(next)));
    }

    function _attestation(uint256 t, uint256 reserves, uint64 sequence)
        private
        view
        returns (ReserveAttestation memory)
    {
        return ReserveAttestation(
            address(tokens[t]), uint128(reserves), sequence, "head", attestations[t], uint64(block.timestamp)
        );
    }
}

contract AttestedMinterInvariants is Base {
    AttestedMinterHandler internal handler;

    function setUp() public {
        handler = new AttestedMinterHandler();
        _target(address(handler));
    }

    function invariant_supply_is_within_what_was_attested_and_changes_by_holders_alone() public view {
        for (uint256 t; t < 2; ++t) {
            CustodyToken token = handler.tokens(t);
            uint256 sum;
            for (uint256 who; who < 3; ++who) {
                address holder = who < 2 ? handler.holders(who) : address(handler.claims());
                vm.assertEq(token.balanceOf(holder), handler.expected(t, who), "claims changed by somebody else");
                sum += token.balanceOf(holder);
            }
            vm.assertEq(token.totalSupply(), sum, "balances must sum to the supply");
            vm.assertTrue(sum <= handler.attestedAtMint(t), "supply beyond what was attested when it last grew");
            uint256 sequence = handler.claims().attestedOf(address(token)).sequence;
            vm.assertEq(sequence, handler.attestations(t), "one sequence for each attestation");
        }
    }
}

/// The control: sequences in which nothing happens would keep every invariant. One long sequence of the same steps, with
/// dice of its own, in which each kind has to happen.
contract AttestedMinterInvariantsControl is Base {
    function test_every_kind_of_step_happens() public {
        AttestedMinterHandler handler = new AttestedMinterHandler();
        for (uint256 i; i < 350; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            _walk(handler, i % 7, dice, dice >> 64, dice >> 128);
        }
        string[8] memory kinds = ["mint", "fall", "grown", "not grown", "release", "burn", "fork", "pass"];
        for (uint256 i; i < kinds.length; ++i) {
            vm.assertGt(handler.done(kinds[i]), 8, kinds[i]);
        }
    }

    function _walk(AttestedMinterHandler handler, uint256 kind, uint256 a, uint256 b, uint256 c) private {
        if (kind == 0) handler.mint(a, b, c, a >> 32);
        if (kind == 1) handler.grow(a, b, c);
        if (kind == 2) handler.fall(a, b);
        if (kind == 3) handler.release(a, b, c);
        if (kind == 4) handler.burn(a, b);
        if (kind == 5) handler.fork(a, uint128(b), uint64(c));
        if (kind == 6) handler.pass(a);
    }
}
