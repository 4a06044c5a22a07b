// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CustodyToken} from "../src/CustodyToken.sol";
import {AttestedMinterBase} from "./AttestedMinterBase.sol";
import {CollateralWrapper} from "./CollateralWrapper.sol";

/// A claim token as collateral at a venue that wraps it; and the hazard that an attested minter takes away.
contract WrappedCollateralTest is AttestedMinterBase {
    uint256 private constant AMOUNT = 1000e6;
    uint256 private constant WRAPPED = 1000e18;
    uint256 private constant SUBACCOUNT = 7;
    uint256 private constant LIQUIDATOR = 8;

    address private immutable _holder = _party("holder");
    CollateralWrapper private _wrapper;

    function setUp() public override {
        super.setUp();
        token = new CustodyToken(6, "Custody USDC", "cUSDC");
        token.initialize(address(claims), address(claims));
        claims.setDestinationAllowed(address(token), address(claims), true);
        _wrapper = new CollateralWrapper(token, WRAPPED);
        _attest(uint128(2 * AMOUNT));
        _mint(_holder, 2 * AMOUNT);
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_a_deposit_is_refused_in_order_of_precedence() public {
        uint256 amount = 2 * AMOUNT + 1;
        _refused(amount, abi.encodeWithSelector(CollateralWrapper.SubaccountNotListed.selector, SUBACCOUNT));
        _wrapper.list(SUBACCOUNT);
        _refused(amount, abi.encodeWithSignature("TransferDestinationNotAllowed(address)", _wrapper));
        claims.setDestinationAllowed(address(token), address(_wrapper), true);
        _refused(
            amount, _insufficient("ERC20InsufficientAllowance(address,uint256,uint256)", address(_wrapper), 0, amount)
        );
        vm.prank(_holder);
        token.approve(address(_wrapper), amount);
        _refused(
            amount, _insufficient("ERC20InsufficientBalance(address,uint256,uint256)", _holder, amount - 1, amount)
        );
        _refused(2 * AMOUNT, abi.encodeWithSelector(CollateralWrapper.ManagerRefused.selector, WRAPPED, 2 * WRAPPED));
        vm.prank(_holder);
        _wrapper.deposit(SUBACCOUNT, AMOUNT);
        vm.assertEq(_wrapper.balanceOf(SUBACCOUNT), WRAPPED, "in 18 decimals");
        vm.assertEq(token.balanceOf(address(_wrapper)), AMOUNT, "and backed");
    }

    function test_a_liquidation_moves_no_token_and_a_withdrawal_needs_an_open_wallet() public {
        _deposit();
        _wrapper.liquidate(SUBACCOUNT, LIQUIDATOR, WRAPPED);
        vm.assertEq(token.balanceOf(address(_wrapper)), AMOUNT, "inside, nothing of the token moves");
        vm.expectRevert(abi.encodeWithSignature("TransferDestinationNotAllowed(address)", stranger));
        _wrapper.withdraw(LIQUIDATOR, AMOUNT, stranger);
        claims.setDestinationAllowed(address(token), stranger, true);
        _wrapper.withdraw(LIQUIDATOR, AMOUNT, stranger);
        vm.assertEq(token.balanceOf(stranger), AMOUNT, "withdrawn");
    }

    /// With a key as minter: the sub-account stays credited, and whoever withdraws last gets nothing.
    function test_a_minter_that_is_a_key_can_burn_the_backing_of_a_credited_subaccount() public {
        token = new CustodyToken(6, "Custody USDC", "cUSDC");
        token.initialize(address(this), minter);
        _wrapper = new CollateralWrapper(token, WRAPPED);
        token.setDestinationAllowed(address(_wrapper), true);
        token.setDestinationAllowed(_holder, true);
        vm.prank(minter);
        token.mint(_holder, AMOUNT);
        _fund();

        vm.prank(minter);
        token.adminBurn(address(_wrapper), AMOUNT);
        vm.assertEq(_wrapper.balanceOf(SUBACCOUNT), WRAPPED, "credited as before");
        vm.assertEq(token.balanceOf(address(_wrapper)), 0, "with nothing behind it");
        vm.expectRevert(
            _insufficient("ERC20InsufficientBalance(address,uint256,uint256)", address(_wrapper), 0, AMOUNT)
        );
        _wrapper.withdraw(SUBACCOUNT, AMOUNT, _holder);
    }

    function test_an_attested_minter_burns_nothing_that_backs_a_subaccount(uint256 amount, bool fallen) public {
        _deposit();
        amount = _bound(amount, 1, AMOUNT);
        if (fallen) _attest(0); // whatever the custodian says
        claims.grantRole(claims.OPERATOR_ROLE(), address(this));
        vm.expectRevert(_insufficient("ERC20InsufficientBalance(address,uint256,uint256)", address(claims), 0, amount));
        claims.burn(address(token), amount, 2 * AMOUNT, "seizure");
        claims.setDestinationAllowed(address(token), _holder, true);
        _wrapper.withdraw(SUBACCOUNT, AMOUNT, _holder);
        vm.assertEq(token.balanceOf(_holder), 2 * AMOUNT, "withdrawn in full");
    }

    function _deposit() private {
        claims.setDestinationAllowed(address(token), address(_wrapper), true);
        _fund();
    }

    function _fund() private {
        _wrapper.list(SUBACCOUNT);
        vm.startPrank(_holder);
        token.approve(address(_wrapper), AMOUNT);
        _wrapper.deposit(SUBACCOUNT, AMOUNT);
        vm.stopPrank();
    }

    function _refused(uint256 amount, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(_holder);
        _wrapper.deposit(SUBACCOUNT, amount);
    }

    function _insufficient(string memory error_, address who, uint256 has, uint256 needed)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSignature(error_, who, has, needed);
    }
}
