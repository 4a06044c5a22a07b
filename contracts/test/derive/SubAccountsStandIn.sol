// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// A stand-in for a venue's sub-accounts, with its calls and shapes and none of its margin: signed balances by
/// (asset, sub-id), an entry for each that is not zero, and batches of transfers of which all apply or none.
contract SubAccountsStandIn {
    struct AssetBalance {
        address asset;
        uint256 subId;
        int256 balance;
    }

    struct AssetTransfer {
        uint256 fromAcc;
        uint256 toAcc;
        address asset;
        uint256 subId;
        int256 amount;
        bytes32 assetData;
    }

    error NotTheOwner(uint256 account, address caller);
    error ToItself(uint256 account);
    error SubIdTooWide(uint256 subId);
    error NegativeBalance(uint256 account, address asset);

    address public immutable manager;
    uint256 public lastAccountId;
    uint256 public lastTradeId;
    mapping(uint256 account => address) public ownerOf;
    mapping(uint256 account => mapping(address asset => mapping(uint256 subId => int256))) public getBalance;
    mapping(address asset => bool) public isWrapper;
    mapping(uint256 account => AssetBalance[]) private _held;

    /// The manager may move what it likes, as a clearing house does.
    constructor() {
        manager = msg.sender;
    }

    function createAccount(address owner, address) external returns (uint256 account) {
        account = ++lastAccountId;
        ownerOf[account] = owner;
    }

    function submitTransfers(AssetTransfer[] calldata transfers, bytes calldata) external returns (uint256 tradeId) {
        tradeId = ++lastTradeId;
        for (uint256 i = 0; i < transfers.length; i++) {
            AssetTransfer calldata one = transfers[i];
            if (one.fromAcc == one.toAcc) revert ToItself(one.fromAcc);
            if (msg.sender != manager && msg.sender != ownerOf[one.fromAcc]) {
                revert NotTheOwner(one.fromAcc, msg.sender);
            }
            _add(one.fromAcc, one.asset, one.subId, -one.amount);
            _add(one.toAcc, one.asset, one.subId, one.amount);
        }
    }

    function getAccountBalances(uint256 account) external view returns (AssetBalance[] memory held) {
        held = _held[account];
        for (uint256 i = 0; i < held.length; i++) {
            held[i].balance = getBalance[account][held[i].asset][held[i].subId];
        }
    }

    /// For wrappers only, which say so themselves: this is a stand-in.
    function adjust(uint256 account, int256 amount) external {
        isWrapper[msg.sender] = true;
        _add(account, msg.sender, 0, amount);
    }

    function _add(uint256 account, address asset, uint256 subId, int256 amount) private {
        if (subId >= 1 << 96) revert SubIdTooWide(subId);
        int256 before = getBalance[account][asset][subId];
        int256 afterwards = before + amount;
        if (afterwards < 0 && isWrapper[asset]) revert NegativeBalance(account, asset);
        getBalance[account][asset][subId] = afterwards;
        if (before == 0) _held[account].push(AssetBalance(asset, subId, 0));
        if (afterwards == 0) _drop(account, asset, subId);
    }

    function _drop(uint256 account, address asset, uint256 subId) private {
        AssetBalance[] storage held = _held[account];
        for (uint256 i = 0; i < held.length; i++) {
            if (held[i].asset == asset && held[i].subId == subId) {
                held[i] = held[held.length - 1];
                held.pop();
                return;
            }
        }
    }
}

/// A stand-in for a wrapper of an ERC-20 whose holders are sub-accounts that it lists; balances in 18 decimals.
contract ListedWrapperStandIn {
    using SafeERC20 for IERC20;

    error SubaccountNotListed(uint256 account);
    error NotTheOwner(uint256 account, address caller);

    SubAccountsStandIn public immutable subAccounts;
    IERC20 public immutable wrappedAsset;
    int256 private immutable _scale;
    mapping(uint256 account => bool) public isListed;

    constructor(SubAccountsStandIn subAccounts_, IERC20Metadata token) {
        (subAccounts, wrappedAsset, _scale) = (subAccounts_, token, int256(10 ** (18 - token.decimals())));
    }

    function list(uint256 account) external {
        isListed[account] = true;
    }

    function deposit(uint256 account, uint256 amount) external {
        if (!isListed[account]) revert SubaccountNotListed(account);
        wrappedAsset.safeTransferFrom(msg.sender, address(this), amount);
        subAccounts.adjust(account, int256(amount) * _scale);
    }

    function withdraw(uint256 account, uint256 amount, address to) external {
        if (msg.sender != subAccounts.ownerOf(account)) revert NotTheOwner(account, msg.sender);
        subAccounts.adjust(account, -int256(amount) * _scale);
        wrappedAsset.safeTransfer(to, amount);
    }
}
