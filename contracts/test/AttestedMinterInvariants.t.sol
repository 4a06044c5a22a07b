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
            attest(t, 1000e18);
            mint(t, 0, 150e18);
            mint(t, 1, 150e18);
        }
    }

    /// The supply is covered, with room for more.
    function attest(uint256 t, uint256 room) public {
        t %= 2;
        _attest(tokens[t], tokens[t].totalSupply() + _bound(room, 0, 1000e18));
        done["attest"] += 1;
    }

    /// The supply is not covered.
    function fall(uint256 t, uint256 reserves) public {
        t %= 2;
        uint256 supply = tokens[t].totalSupply();
        if (supply == 0) return;
        _attest(tokens[t], _bound(reserves, 0, supply - 1));
        done["fall"] += 1;
    }

    /// Any amount: what must not be minted is refused, and everything else is.
    function mint(uint256 t, uint256 who, uint256 amount) public {
        (t, who) = (t % 2, who % 2);
        CustodyToken token = tokens[t];
        Attested memory last = claims.attestedOf(address(token));
        uint256 supply = token.totalSupply();
        amount = _bound(amount, 0, 150e18);
        bool may = block.timestamp <= last.asOf + MAX_AGE && supply + amount <= last.reserves;
        try claims.mint(address(token), holders[who], amount, supply) {
            vm.assertTrue(may, "minted without a fresh reserve behind it");
            (attestedAtMint[t], expected[t][who]) = (last.reserves, expected[t][who] + amount);
            done["mint"] += 1;
        } catch {
            vm.assertFalse(may, "refused with a fresh reserve behind it");
            done["refused"] += 1;
        }
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

    function invariant_supply_is_within_what_was_attested_when_it_last_grew() public view {
        for (uint256 t; t < 2; ++t) {
            uint256 supply = handler.tokens(t).totalSupply();
            vm.assertTrue(supply <= handler.attestedAtMint(t), "supply beyond the attested reserves");
        }
    }

    function invariant_claims_change_by_their_holders_alone_and_sum_to_the_supply() public view {
        for (uint256 t; t < 2; ++t) {
            CustodyToken token = handler.tokens(t);
            uint256 sum;
            for (uint256 who; who < 3; ++who) {
                address holder = who < 2 ? handler.holders(who) : address(handler.claims());
                vm.assertEq(token.balanceOf(holder), handler.expected(t, who), "claims changed by somebody else");
                sum += token.balanceOf(holder);
            }
            vm.assertEq(token.totalSupply(), sum, "balances must sum to the supply");
        }
    }

    /// The control: a sequence in which nothing happens would keep both. Beyond the 2 and 4 of the start.
    function afterInvariant() public view {
        vm.assertGt(handler.done("attest"), 2, "reserves must be attested");
        vm.assertGt(handler.done("fall"), 0, "reserves must fall short");
        vm.assertGt(handler.done("mint"), 4, "mints must happen");
        vm.assertGt(handler.done("refused"), 0, "mints must be refused");
        vm.assertGt(handler.done("release"), 0, "releases must happen");
        vm.assertGt(handler.done("burn"), 0, "burns must happen");
    }
}
