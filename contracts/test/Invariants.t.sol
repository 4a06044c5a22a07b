// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {Move, Release} from "../src/interfaces/ICollateralVault.sol";
import {Base} from "./Base.sol";

/// Lives a vault's life with random but always valid steps: 3 holders × 2 venues × 2 tokens = 12 compartments.
/// After each step it compares every compartment with what the step alone may have changed.
contract VaultHandler is Base {
    uint256 public constant COMPARTMENTS = 12;

    CollateralVault public immutable vault;
    CustodyToken[2] public tokens;
    address[2] public venues = [_party("venue"), _party("another venue")];
    string[3] private _roles = ["client", "other client", "insurance"];
    address[3] private _holders = [_party("client"), _party("other client"), _party("insurance")];

    /// Steps that moved a non-zero amount, by kind: the control that the sequences do something.
    mapping(string kind => uint256) public accepted;
    /// Σ arrived and not yet allocated, per token.
    mapping(CustodyToken token => uint256) public unallocated;
    /// What each compartment should hold, kept here by plain addition.
    int256[COMPARTMENTS] public expected;

    constructor() {
        vault = new CollateralVault(address(this), _party("redemption"));
        vault.grantRole(vault.CUSTODIAN_ROLE(), address(this));
        vault.grantRole(vault.SETTLEMENT_ROLE(), address(this));
        for (uint256 i; i < tokens.length; ++i) {
            tokens[i] = new CustodyToken(18, "Custody ETH", "cETH");
            tokens[i].initialize(address(this), address(this));
            tokens[i].setDestinationAllowed(vault.redemption(), true);
        }
        for (uint256 i; i < COMPARTMENTS; ++i) {
            arrive(i, 100e18);
            credit(i, 100e18);
        }
    }

    function arrive(uint256 which, uint256 amount) public {
        (,, CustodyToken token) = _compartment(which);
        amount = _bound(amount, 0, 1000e18);
        token.mint(address(vault), amount);
        unallocated[token] += amount;
        _count("arrive", amount);
    }

    function credit(uint256 which, uint256 amount) public {
        (address holder, address venue, CustodyToken token) = _compartment(which);
        amount = _bound(amount, 0, unallocated[token]);
        vault.credit(holder, venue, address(token), amount);
        unallocated[token] -= amount;
        expected[which % COMPARTMENTS] += int256(amount);
        _count("credit", amount);
    }

    function release(uint256 which, uint256 amount) public {
        (address holder, address venue, CustodyToken token) = _compartment(which);
        amount = _bound(amount, 0, vault.balanceOf(holder, venue, address(token)));
        Release memory wish = Release(holder, venue, address(token), amount, vault.nonceOf(holder), block.timestamp);
        vault.release(wish, _sign(_roles[which % COMPARTMENTS / 4], vault.digestOf(wish)));
        expected[which % COMPARTMENTS] -= int256(amount);
        _count("release", amount);
    }

    /// The compartment pays the other two holders at the same venue in the same token.
    function settle(uint256 which, uint256 amount, uint256 part) public {
        (address holder, address venue, CustodyToken token) = _compartment(which);
        which %= COMPARTMENTS;
        amount = _bound(amount, 0, vault.balanceOf(holder, venue, address(token)));
        part = _bound(part, 0, amount);
        int256[3] memory amounts = [-int256(amount), int256(part), int256(amount - part)];
        Move[] memory moves = new Move[](3);
        for (uint256 i; i < 3; ++i) {
            uint256 index = (which + 4 * i) % COMPARTMENTS;
            (holder,,) = _compartment(index);
            moves[i] = Move(holder, address(token), amounts[i]);
            expected[index] += amounts[i];
        }
        vault.settle(venue, moves);
        _count("settle", amount);
    }

    function balance(uint256 which) public view returns (uint256) {
        (address holder, address venue, CustodyToken token) = _compartment(which);
        return vault.balanceOf(holder, venue, address(token));
    }

    /// Holder × venue × token, so that which + 4 is the next holder at the same venue in the same token.
    function _compartment(uint256 which) private view returns (address, address, CustodyToken) {
        which %= COMPARTMENTS;
        return (_holders[which / 4], venues[which / 2 % 2], tokens[which % 2]);
    }

    function _count(string memory kind, uint256 amount) private {
        if (amount != 0) accepted[kind] += 1;
        for (uint256 i; i < COMPARTMENTS; ++i) {
            vm.assertEq(int256(balance(i)), expected[i], "a step touched a compartment that it does not name");
        }
    }
}

contract VaultInvariants is Base {
    VaultHandler internal handler;

    function setUp() public {
        handler = new VaultHandler();
        _target(address(handler));
    }

    function invariant_compartments_sum_to_the_total_and_the_total_is_held() public view {
        CollateralVault vault = handler.vault();
        for (uint256 t; t < 2; ++t) {
            CustodyToken token = handler.tokens(t);
            uint256 sum;
            for (uint256 i = t; i < handler.COMPARTMENTS(); i += 2) {
                sum += handler.balance(i);
            }
            vm.assertEq(sum, vault.total(address(token)), "compartments must sum to the total");
            uint256 held = token.balanceOf(address(vault));
            vm.assertEq(held, sum + handler.unallocated(token), "what is held is allocated or has just arrived");
        }
    }

    /// The control: a sequence in which nothing happens would keep every invariant. Beyond the 12 credits of the start.
    function afterInvariant() public view {
        vm.assertGt(handler.accepted("arrive"), 12, "arrivals must happen");
        vm.assertGt(handler.accepted("credit"), 12, "credits must happen");
        vm.assertGt(handler.accepted("release"), 0, "releases must happen");
        vm.assertGt(handler.accepted("settle"), 0, "settlements must happen");
    }
}
