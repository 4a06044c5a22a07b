// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// A stand-in for a venue's asset contract that wraps an ERC-20 as collateral of listed sub-accounts: balances are in
/// 18 decimals and never negative, a liquidation moves them inside, and a manager has the last word.
contract CollateralWrapper {
    using SafeERC20 for IERC20;

    error SubaccountNotListed(uint256 subaccount);
    error ManagerRefused(uint256 cap, uint256 total);

    IERC20 public immutable token;
    uint256 public immutable cap;
    uint256 private immutable _scale;

    mapping(uint256 subaccount => bool) public isListed;
    mapping(uint256 subaccount => uint256) public balanceOf;
    uint256 public total;

    constructor(IERC20Metadata token_, uint256 cap_) {
        (token, cap, _scale) = (token_, cap_, 10 ** (18 - token_.decimals()));
    }

    function list(uint256 subaccount) external {
        isListed[subaccount] = true;
    }

    function deposit(uint256 subaccount, uint256 amount) external {
        if (!isListed[subaccount]) revert SubaccountNotListed(subaccount);
        token.safeTransferFrom(msg.sender, address(this), amount);
        balanceOf[subaccount] += amount * _scale;
        total += amount * _scale;
        if (total > cap) revert ManagerRefused(cap, total);
    }

    function withdraw(uint256 subaccount, uint256 amount, address to) external {
        balanceOf[subaccount] -= amount * _scale;
        total -= amount * _scale;
        token.safeTransfer(to, amount);
    }

    function liquidate(uint256 from, uint256 to, uint256 units) external {
        balanceOf[from] -= units;
        balanceOf[to] += units;
    }
}
