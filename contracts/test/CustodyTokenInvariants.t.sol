// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {Base} from "./Base.sol";

/// Anybody but the administrator and the minter calls anything with anything. Holders, spenders, an open destination
/// and the token itself are among the callers; what a call does is compared with what its caller may do at all.
contract OutsiderHandler is Base {
    uint256 public constant SUPPLY = 1000e18;
    bytes32 private constant MINTER = keccak256("MINTER_ROLE");

    CustodyToken public immutable token;
    address[5] public parties;

    mapping(bytes4 selector => uint256) public accepted;
    uint256 public refused;

    constructor() {
        token = _newToken();
        parties = [_party("holder"), _party("spender"), _party("venue"), stranger, address(token)];
        vm.prank(admin);
        token.setDestinationAllowed(parties[2], true);
        for (uint256 i; i < 4; ++i) {
            vm.prank(minter);
            token.mint(parties[i], SUPPLY / 4);
        }
    }

    /// One of the parties calls another: what only the right caller or amount lets through is often let through.
    function callAmongParties(uint256 which, uint256 who, uint256 one, uint256 other, uint256 amount) external {
        address caller = parties[who % 5];
        _call(caller, _calldata(which, caller, parties[one % 5], parties[other % 5], _bound(amount, 0, SUPPLY / 8)));
    }

    /// What a holder may do: give an allowance, and send to the open destination.
    function callAsAllowed(uint256 who, uint256 to, uint256 amount) external {
        address caller = parties[who % 4];
        amount = _bound(amount, 0, token.balanceOf(caller));
        _call(caller, abi.encodeCall(token.approve, (parties[to % 5], amount)));
        _call(caller, abi.encodeCall(token.transfer, (parties[2], amount)));
    }

    /// Anybody at all, about anybody at all: the privileged as objects too.
    function callByAnybody(uint256 which, address caller, uint256 one, address other, uint256 amount) external {
        if (caller == admin || caller == minter || caller == address(vm)) return;
        address named = one % 3 == 0 ? admin : one % 3 == 1 ? minter : parties[one % 5];
        _call(caller, _calldata(which, caller, named, other, amount));
    }

    function _call(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool done,) = address(token).call(data);
        if (done) accepted[bytes4(data)] += 1;
        else refused += 1;
        vm.assertFalse(token.hasRole(0, caller) || token.hasRole(MINTER, caller), "a caller gave itself a role");
        vm.assertTrue(token.allowedDestination(caller) == (caller == parties[2]), "a caller opened itself");
    }

    /// The whole ABI that changes anything.
    function _calldata(uint256 which, address caller, address a, address b, uint256 x)
        private
        view
        returns (bytes memory)
    {
        which %= 15;
        bytes32 role = x % 2 == 0 ? MINTER : bytes32(0);
        if (which == 0) return abi.encodeCall(token.initialize, (a, b));
        if (which == 1) return abi.encodeCall(token.mint, (a, x));
        if (which == 2) return abi.encodeCall(token.guardMint, (a, x, token.totalSupply()));
        if (which == 3) return abi.encodeCall(token.guardBurn, (a, x, token.totalSupply()));
        if (which == 4) return abi.encodeCall(token.adminBurn, (a, x));
        if (which == 5) return abi.encodeCall(token.burn, (x));
        if (which == 6) return abi.encodeCall(token.burnFrom, (a, x));
        if (which == 7) return abi.encodeCall(token.setDestinationAllowed, (a, x % 2 == 0));
        if (which == 8) return abi.encodeCall(token.grantRole, (role, a));
        if (which == 9) return abi.encodeCall(token.revokeRole, (role, a));
        if (which == 10) return abi.encodeCall(token.renounceRole, (role, x % 2 == 0 ? a : caller));
        if (which == 11) return abi.encodeCall(token.approve, (a, x));
        if (which == 12) return abi.encodeCall(token.transferFrom, (a, parties[2], x));
        if (which == 13) return abi.encodeCall(token.transfer, (a, x));
        return abi.encodeCall(token.transfer, (parties[2], x));
    }
}

contract CustodyTokenInvariants is Base {
    bytes32 private constant MINTER = keccak256("MINTER_ROLE");

    OutsiderHandler internal handler;
    CustodyToken internal token;

    function setUp() public {
        handler = new OutsiderHandler();
        token = handler.token();
        _target(address(handler));
    }

    function invariant_no_outsider_changes_supply_roles_or_list() public view {
        uint256 sum;
        for (uint256 i; i < 5; ++i) {
            address party = handler.parties(i);
            sum += token.balanceOf(party);
            vm.assertFalse(token.hasRole(0, party) || token.hasRole(MINTER, party), "a role appeared");
            vm.assertTrue(token.allowedDestination(party) == (i == 2), "the list changed");
        }
        vm.assertEq(token.totalSupply(), handler.SUPPLY(), "supply");
        vm.assertEq(sum, handler.SUPPLY(), "nothing left the parties, for only one of them is open");
        vm.assertTrue(token.hasRole(0, admin) && token.hasRole(MINTER, minter), "both still seated");
        vm.assertFalse(token.hasRole(0, minter) || token.hasRole(MINTER, admin), "roles are not crossed");
        vm.assertFalse(token.allowedDestination(admin) || token.allowedDestination(minter), "the list changed");
    }
}

/// The control: what outsiders may do they did, and what they may not they tried. A sequence of its own, so that it
/// does not hang on the dice of a campaign.
contract CustodyTokenInvariantsControl is Base {
    function test_outsiders_do_what_they_may_and_are_refused_the_rest() public {
        OutsiderHandler handler = new OutsiderHandler();
        for (uint256 i; i < 900; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            (uint256 a, uint256 b, uint256 c, uint256 x) = (dice >> 50, dice >> 100, dice >> 150, dice >> 200);
            if (i % 3 == 0) handler.callAmongParties(dice, a, b, c, x);
            if (i % 3 == 1) handler.callAsAllowed(dice, a, b);
            if (i % 3 == 2) handler.callByAnybody(dice, address(uint160(a)), b, address(uint160(c)), x);
        }
        CustodyToken token = handler.token();
        vm.assertGt(handler.accepted(token.transfer.selector), 50, "transfers must arrive");
        vm.assertGt(handler.accepted(token.approve.selector), 50, "approvals must be given");
        vm.assertGt(handler.accepted(token.transferFrom.selector), 0, "allowances must be used");
        vm.assertGt(handler.refused(), 50, "refusals must be met");
    }
}

/// The control of the other kind: each call that outsiders are refused is one that the right caller gets through.
contract OutsiderCallsTest is Base {
    function test_the_calls_that_outsiders_are_refused_exist() public {
        CustodyToken token = _newToken();
        vm.startPrank(minter);
        token.mint(minter, 4);
        token.guardMint(stranger, 2, 4);
        token.approve(minter, 1);
        token.guardBurn(stranger, 1, 6);
        token.adminBurn(stranger, 1);
        token.burn(1);
        token.burnFrom(minter, 1);
        vm.stopPrank();
        vm.startPrank(admin);
        token.setDestinationAllowed(stranger, true);
        bytes32 role = token.MINTER_ROLE();
        token.grantRole(role, stranger);
        token.revokeRole(role, stranger);
        token.renounceRole(0, admin);
        vm.assertEq(token.totalSupply(), 2, "each of them counted");
    }
}
