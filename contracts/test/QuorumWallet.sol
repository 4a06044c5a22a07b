// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// A wallet that signs by ERC-1271: its signature is its owners', one after the other, in the order of their addresses.
/// For tests of what asks such wallets.
contract QuorumWallet is IERC1271 {
    mapping(address owner => bool) public isOwner;
    uint256 public immutable required;

    constructor(address[] memory owners, uint256 required_) {
        for (uint256 i; i < owners.length; ++i) {
            isOwner[owners[i]] = true;
        }
        required = required_;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != required * 65) return 0xffffffff;
        address last;
        for (uint256 i; i < required; ++i) {
            address owner = ECDSA.recover(digest, signature[i * 65:(i + 1) * 65]);
            if (owner <= last || !isOwner[owner]) return 0xffffffff;
            last = owner;
        }
        return IERC1271.isValidSignature.selector;
    }

    /// An owner leaves: what it signed for the wallet counts no more.
    function remove(address owner) external {
        require(isOwner[msg.sender]);
        isOwner[owner] = false;
    }
}
