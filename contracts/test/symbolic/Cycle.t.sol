// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leg, Obligation} from "../../src/interfaces/ICollateralVault.sol";
import {CycleLib} from "../../src/libraries/CycleLib.sol";
import {Symbolic} from "./Symbolic.sol";

/// What well-formed legs say, in numbers. Bounds: a leg of two payers and one receiver, one of one payer and two
/// receivers, and two legs of one payer and one receiver each; all tokens, holders and amounts.
contract SymbolicCycle is Symbolic {
    function check_what_two_owe_one_is_due(address token, Obligation[3] calldata o) public {
        _assumeWellFormed(_single(_leg(token, _two(o[0], o[1]), _one(o[2]))));
        assert(o[0].amount <= type(uint256).max - o[1].amount); // their sum is no remainder of a larger one
        assert(o[0].amount + o[1].amount == o[2].amount);
        _inOrderAndApart(token, o[0], o[1], o[2]);
    }

    function check_what_one_owes_two_are_due(address token, Obligation[3] calldata o) public {
        _assumeWellFormed(_single(_leg(token, _one(o[2]), _two(o[0], o[1]))));
        assert(o[0].amount <= type(uint256).max - o[1].amount);
        assert(o[0].amount + o[1].amount == o[2].amount);
        _inOrderAndApart(token, o[0], o[1], o[2]);
    }

    function check_legs_rise_by_token_and_balance_one_by_one(address first, address second, Obligation[4] calldata o)
        public
    {
        Leg[] memory legs = new Leg[](2);
        legs[0] = _leg(first, _one(o[0]), _one(o[1]));
        legs[1] = _leg(second, _one(o[2]), _one(o[3]));
        _assumeWellFormed(legs);
        assert(address(0) < first && first < second);
        assert(o[0].amount == o[1].amount && o[2].amount == o[3].amount);
    }

    function reach_a_well_formed_leg(address token, Obligation[3] calldata o) public {
        _assumeWellFormed(_single(_leg(token, _two(o[0], o[1]), _one(o[2]))));
        assert(o[0].amount == o[1].amount);
    }

    function requireWellFormed(Leg[] calldata legs) external pure {
        CycleLib.requireWellFormed(legs);
    }

    function _assumeWellFormed(Leg[] memory legs) private {
        (bool ok,) = address(this).call(abi.encodeCall(this.requireWellFormed, (legs)));
        vm.assume(ok);
    }

    /// The two of one side ascend; nobody owes nothing, is nobody, or stands on both sides.
    function _inOrderAndApart(address token, Obligation calldata a, Obligation calldata b, Obligation calldata c)
        private
        pure
    {
        assert(token != address(0) && c.holder != address(0));
        assert(address(0) < a.holder && a.holder < b.holder);
        assert(a.amount != 0 && b.amount != 0 && c.amount != 0);
        assert(c.holder != a.holder && c.holder != b.holder);
    }

    function _single(Leg memory leg) private pure returns (Leg[] memory legs) {
        legs = new Leg[](1);
        legs[0] = leg;
    }

    function _leg(address token, Obligation[] memory debits, Obligation[] memory credits)
        private
        pure
        returns (Leg memory)
    {
        return Leg(token, debits, credits);
    }

    function _one(Obligation calldata a) private pure returns (Obligation[] memory list) {
        list = new Obligation[](1);
        list[0] = a;
    }

    function _two(Obligation calldata a, Obligation calldata b) private pure returns (Obligation[] memory list) {
        list = new Obligation[](2);
        (list[0], list[1]) = (a, b);
    }
}
