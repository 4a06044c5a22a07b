// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedMinter} from "../src/AttestedMinter.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {Attested, ReserveAttestation} from "../src/interfaces/IAttestedMinter.sol";
import {Base} from "./Base.sol";

/// A minter's life in random steps over two tokens and two holders; the handler is operator and administrator.
contract AttestedMinterHandler is Base {
    uint64 private constant MAX_AGE = 1 hours;

    AttestedMinter public immutable claims;
    CustodyToken[2] public tokens;
    address[2] public holders = [_party("client"), _party("other client")];

    /// Steps by kind: the control that the sequences do something.
    mapping(string kind => uint256) public done;
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
        amount = _bound(amount, 0, 150e18);
        _attest(tokens[t % 2], tokens[t % 2].totalSupply() + amount + _bound(room, 0, 300e18));
        vm.assertTrue(_mints(t, who, amount), "attested, fresh, and refused");
        done["mint"] += 1;
    }

    /// The supply is no longer covered: nothing may be minted, not even nothing.
    function fall(uint256 t, uint256 reserves) public {
        uint256 supply = tokens[t % 2].totalSupply();
        if (supply == 0) return;
        _attest(tokens[t % 2], _bound(reserves, 0, supply - 1));
        vm.assertFalse(_mints(t, 0, 0), "minted without reserves");
        done["fall"] += 1;
    }

    /// Whatever was attested, and however long ago.
    function grow(uint256 t, uint256 who, uint256 amount) public {
        amount = _bound(amount, 0, 150e18);
        Attested memory last = claims.attestedOf(address(tokens[t % 2]));
        bool may = block.timestamp <= last.asOf + MAX_AGE && tokens[t % 2].totalSupply() + amount <= last.reserves;
        vm.assertTrue(_mints(t, who, amount) == may, "minted if and only if a fresh reserve is behind it");
    }

    function release(uint256 t, uint256 who, uint256 amount) public {
        (t, who) = (t % 2, who % 2);
        amount = _bound(amount, 0, expected[t][who]);
        vm.prank(holders[who]);
        tokens[t].transfer(address(claims), amount);
        expected[t][who] -= amount;
        expected[t][2] += amount;
        done["release"] += 1;
    }

    function burn(uint256 t, uint256 amount) public {
        t %= 2;
        amount = _bound(amount, 0, expected[t][2]);
        claims.burn(address(tokens[t]), amount, tokens[t].totalSupply(), "release");
        expected[t][2] -= amount;
        if (amount != 0) done["burn"] += 1;
    }

    function pass(uint256 seconds_) public {
        vm.warp(block.timestamp + _bound(seconds_, 0, MAX_AGE / 2));
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

    function _attest(CustodyToken token, uint256 reserves) private {
        vm.warp(block.timestamp + 1);
        uint64 sequence = claims.attestedOf(address(token)).sequence + 1;
        ReserveAttestation memory next =
            ReserveAttestation(address(token), uint128(reserves), sequence, "head", sequence, uint64(block.timestamp));
        claims.attest(next, _sign("custodian", claims.digestOf(next)));
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
        }
    }

    /// The control: a sequence in which nothing happens would keep it. Beyond the 4 mints of the start.
    function afterInvariant() public view {
        vm.assertGt(handler.done("mint"), 4, "mints must happen");
        vm.assertGt(handler.done("fall"), 0, "reserves must fall short");
        vm.assertGt(handler.done("release"), 0, "releases must happen");
        vm.assertGt(handler.done("burn"), 0, "burns must happen");
    }
}
