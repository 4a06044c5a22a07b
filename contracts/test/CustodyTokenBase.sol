// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {ICustodyToken} from "../src/interfaces/ICustodyToken.sol";
import {Base} from "./Base.sol";

/// The state from which every suite starts: initialised, a supply with one holder, nothing open. And every answer by
/// which the token refuses, spelled out here so that a renamed error is noticed.
abstract contract CustodyTokenBase is Base {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Burned(address indexed burnedBy, address indexed from, uint256 amount);
    event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);
    event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender);

    uint256 internal constant SUPPLY = 1000e18;
    bytes32 internal constant MINTER = 0x9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a6;
    bytes32 internal constant ADMIN = 0;

    address internal immutable holder = _party("holder");
    address internal immutable venue = _party("venue");
    CustodyToken internal token;

    function setUp() public virtual {
        token = _newToken();
        vm.prank(minter);
        token.mint(holder, SUPPLY);
    }

    function _open(address destination) internal {
        vm.prank(admin);
        token.setDestinationAllowed(destination, true);
    }

    function _allow(address spender, uint256 amount) internal {
        vm.prank(holder);
        token.approve(spender, amount);
    }

    function _expectBurn(address by, address from, uint256 amount) internal {
        vm.expectEmit();
        emit Transfer(from, address(0), amount);
        vm.expectEmit();
        emit Burned(by, from, amount);
    }

    /// The calls that change the supply, each with arguments that everything else would refuse too.
    function _supplyCalls() internal view returns (bytes[6] memory) {
        uint256 wrong = token.totalSupply() + 1;
        return [
            abi.encodeCall(token.mint, (address(0), 1)),
            abi.encodeCall(token.guardMint, (address(0), 1, wrong)),
            abi.encodeCall(token.guardBurn, (address(0), 1, wrong)),
            abi.encodeCall(token.adminBurn, (address(0), 1)),
            abi.encodeCall(token.burn, (wrong)),
            abi.encodeCall(token.burnFrom, (holder, wrong))
        ];
    }

    /// None of the six is open to an outsider, and the role is what is looked at first.
    function _requireNoSupplyCall(address outsider) internal {
        bytes[6] memory calls = _supplyCalls();
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(outsider);
            (bool accepted, bytes memory reason) = address(token).call(calls[i]);
            vm.assertFalse(accepted, "an outsider must not touch the supply");
            vm.assertEq(keccak256(reason), keccak256(_unauthorized(outsider, MINTER)), "the role comes first");
        }
    }

    function _unauthorized(address who, bytes32 role) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("AccessControlUnauthorizedAccount(address,bytes32)", who, role);
    }

    function _insufficientBalance(address who, uint256 balance, uint256 needed) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", who, balance, needed);
    }

    function _insufficientAllowance(address who, uint256 given, uint256 needed) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("ERC20InsufficientAllowance(address,uint256,uint256)", who, given, needed);
    }

    function _invalidReceiver() internal pure returns (bytes memory) {
        return abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(0));
    }

    function _invalidSender() internal pure returns (bytes memory) {
        return abi.encodeWithSignature("ERC20InvalidSender(address)", address(0));
    }

    function _overflow() internal pure returns (bytes memory) {
        return abi.encodeWithSignature("Panic(uint256)", 0x11);
    }

    function _mismatch(uint256 actual, uint256 estimated) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICustodyToken.SupplyMismatch.selector, actual, estimated);
    }

    function _closed(address destination) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICustodyToken.TransferDestinationNotAllowed.selector, destination);
    }
}
