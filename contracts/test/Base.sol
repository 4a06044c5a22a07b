// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";

/// An event as forge records it.
struct Log {
    bytes32[] topics;
    bytes data;
    address emitter;
}

/// The part of forge's cheatcodes that these tests use; there is no forge-std here. Add a line when a test needs one.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function assertEq(address, address, string calldata) external pure;
    function assertEq(bytes32, bytes32, string calldata) external pure;
    function assertEq(int256, int256, string calldata) external pure;
    function assertEq(uint256, uint256, string calldata) external pure;
    function assertEq(string calldata, string calldata, string calldata) external pure;
    function assertFalse(bool, string calldata) external pure;
    function assertGt(uint256, uint256, string calldata) external pure;
    function assertTrue(bool, string calldata) external pure;
    function assume(bool) external pure;
    function chainId(uint256) external;
    function expectEmit() external;
    function expectRevert(bytes calldata) external;
    function expectRevert(bytes4) external;
    function getRecordedLogs() external returns (Log[] memory);
    function prank(address) external;
    function recordLogs() external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function startPrank(address) external;
    function stopPrank() external;
    function warp(uint256) external;
}

/// An ERC-1271 account: accepts exactly the digests that it was told of, whatever the signature.
contract ContractSigner {
    mapping(bytes32 digest => bool) public isApproved;

    function approve(bytes32 digest) external {
        isApproved[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return isApproved[digest] ? this.isValidSignature.selector : bytes4(0);
    }
}

abstract contract Base {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// Order of secp256k1, for the mirrored signature of a valid one.
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    address internal immutable admin = _party("admin");
    address internal immutable minter = _party("minter");
    address internal immutable stranger = _party("stranger");

    /// Functions of a contract that the invariant runner may call; all of them where none is named.
    struct Selectors {
        address target;
        bytes4[] selectors;
    }

    address[] private _targets;
    mapping(address target => bytes4[]) private _steps;

    /// What forge's invariant runner calls; without it every contract in sight would be called.
    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    /// What forge's invariant runner asks for: which functions of the targets it may call.
    function targetSelectors() public view returns (Selectors[] memory chosen) {
        uint256 count;
        for (uint256 i; i < _targets.length; ++i) {
            if (_steps[_targets[i]].length != 0) ++count;
        }
        chosen = new Selectors[](count);
        for (uint256 i = _targets.length; i > 0; --i) {
            bytes4[] storage steps = _steps[_targets[i - 1]];
            if (steps.length != 0) chosen[--count] = Selectors(_targets[i - 1], steps);
        }
    }

    function _step(address target, string memory signature) internal {
        _steps[target].push(bytes4(keccak256(bytes(signature))));
    }

    function _target(address target) internal {
        _targets.push(target);
    }

    function _key(string memory role) internal pure returns (uint256) {
        return uint256(keccak256(bytes(role))) >> 8;
    }

    function _party(string memory role) internal pure returns (address) {
        return vm.addr(_key(role));
    }

    function _sign(string memory role, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(role), digest);
        return abi.encodePacked(r, s, v);
    }

    /// The other signature that ecrecover would accept for the same key and digest.
    function _signHighS(string memory role, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(role), digest);
        return abi.encodePacked(r, bytes32(N - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }

    /// The EIP-712 domain separator of a contract here, version "1".
    function _domain(string memory name, address where) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                where
            )
        );
    }

    function _bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        return high - low == type(uint256).max ? x : low + x % (high - low + 1);
    }

    function _newToken() internal returns (CustodyToken token) {
        token = new CustodyToken(18, "Custody ETH", "cETH");
        token.initialize(admin, minter);
    }

    function _expectUnauthorized(address caller, bytes32 role) internal {
        vm.expectRevert(abi.encodeWithSignature("AccessControlUnauthorizedAccount(address,bytes32)", caller, role));
    }
}
