// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateralVault, Leg, Obligation} from "../src/interfaces/ICollateralVault.sol";
import {VaultBase} from "./VaultBase.sol";

contract VaultSettleTest is VaultBase {
    event CompartmentsSettled(address indexed venue, uint64 indexed sequence, uint256 moved);
    event ShortfallCovered(
        address indexed venue,
        uint64 indexed sequence,
        address token,
        address indexed holder,
        uint256 owed,
        uint256 paid
    );

    function test_settle_and_locks_refuse_everybody_but_the_appointed_first(address caller) public {
        vm.assume(caller != settlement);
        bytes memory reason = abi.encodeWithSelector(ICollateralVault.NotTheSettlement.selector, caller);
        _pause();
        vm.startPrank(caller);
        vm.expectRevert(reason);
        vault.settle(venue, 1, _legs(client, 2, other, 1));
        vm.expectRevert(reason);
        vault.lock(venue);
        vm.expectRevert(reason);
        vault.unlock(venue);
        vm.stopPrank();
    }

    function test_settle_moves_what_is_owed_within_one_venue(uint256 amount) public {
        amount = _bound(amount, 1, DEPOSIT);
        vm.expectEmit();
        emit CompartmentsSettled(venue, 1, 2);
        _settle(_legs(client, amount, other, amount));
        vm.assertEq(_held(client, venue), DEPOSIT - amount, "payer");
        vm.assertEq(_held(other, venue), DEPOSIT + amount, "receiver");
        vm.assertEq(_held(client, elsewhere), DEPOSIT, "the payer elsewhere");
        _assertConserved(3 * DEPOSIT);
    }

    function test_settle_refuses_sums_that_differ_before_a_shortfall(uint128 debit, uint128 credit) public {
        vm.assume(debit != credit);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.LegNotBalanced.selector, address(token), debit, credit));
        _settle(_legs(client, debit, other, credit));
    }

    function test_settle_refuses_to_balance_one_token_with_another() public {
        Leg[] memory legs = new Leg[](2);
        legs[0] = Leg(address(token), _one(client, 1), _one(other, 0));
        legs[1] = Leg(stranger, _one(client, 0), _one(other, 1));
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.LegNotBalanced.selector, address(token), 1, 0));
        _settle(legs);
    }

    // shortfall

    function test_a_payer_pays_what_it_has_and_the_venue_the_rest_by_name(uint256 own, uint256 missing) public {
        own = _bound(own, 0, DEPOSIT);
        missing = _bound(missing, 1, own == 0 ? 1 : own);
        if (own != 0) _fund(venue, venue, own);
        if (own < missing) missing = own;
        if (missing == 0) return;
        vm.expectEmit();
        emit ShortfallCovered(venue, 1, address(token), client, DEPOSIT + missing, DEPOSIT);
        _settle(_legs(client, DEPOSIT + missing, other, DEPOSIT + missing));
        vm.assertEq(_held(client, venue), 0, "all that it had");
        vm.assertEq(_held(venue, venue), own - missing, "the venue's own pays the rest");
        vm.assertEq(_held(other, venue), 2 * DEPOSIT + missing, "paid in full");
        vm.assertEq(_held(client, elsewhere), DEPOSIT, "the payer's compartment elsewhere");
        _assertConserved(3 * DEPOSIT + own);
    }

    function test_a_shortfall_beyond_the_venue_is_refused_and_reaches_nobody_else(uint256 missing, uint64 own) public {
        missing = _bound(missing, uint256(own) + 1, type(uint128).max);
        _fund(venue, venue, own);
        _fund(venue, elsewhere, DEPOSIT); // the venue's compartment at another venue is not asked
        _refused(_legs(client, DEPOSIT + missing, other, DEPOSIT + missing), missing, own);
        vm.assertEq(_held(client, venue), DEPOSIT, "nothing moved");
        vm.assertEq(_held(other, venue), DEPOSIT, "nothing moved");
    }

    function test_what_the_venue_owes_itself_is_paid_before_it_covers_anybody() public {
        _fund(venue, venue, 10);
        Leg[] memory legs = _legs(client, 0, other, DEPOSIT + 11);
        legs[0].debits = _two(client, DEPOSIT + 5, venue, 6);
        _refused(legs, 5, 4);
        legs[0].debits = _two(client, DEPOSIT + 4, venue, 6);
        legs[0].credits[0].amount = DEPOSIT + 10;
        _settle(legs);
        vm.assertEq(_held(venue, venue), 0, "6 of its own and 4 of the client's, once each");
    }

    function test_a_venue_short_of_its_own_debt_is_refused() public {
        _fund(venue, venue, 10);
        _refused(_legs(venue, 11, other, 11), 1, 0);
    }

    function test_what_the_venue_receives_covers_too() public {
        Leg[] memory legs = _legs(client, DEPOSIT + 5, venue, 0);
        legs[0].credits = _two(venue, 5, other, DEPOSIT);
        _settle(legs);
        vm.assertEq(_held(venue, venue), 0, "it goes without what the client did not pay");
        legs = _legs(client, 6, venue, 5);
        legs[0].credits = _two(venue, 5, other, 1);
        _refused(legs, 6, 5);
    }

    function test_several_payers_in_default_share_one_pot() public {
        _fund(venue, venue, 10);
        Leg[] memory legs = _legs(client, 0, stranger, 2 * DEPOSIT + 10);
        legs[0].debits = _two(client, DEPOSIT + 6, other, DEPOSIT + 4);
        _settle(legs);
        vm.assertEq(_held(venue, venue), 0, "6 and 4");
        vm.assertEq(_held(stranger, venue), 2 * DEPOSIT + 10, "all paid");
        _assertConserved(3 * DEPOSIT + 10);
    }

    /// For any amounts: accepted exactly if the venue can bear what is missing; then nothing is lost, and no client
    /// loses more than it owes.
    function test_any_leg_is_paid_or_refused_by_this_rule(uint64[4] memory held, uint64[3] memory owed) public {
        address[4] memory parties = [_party("a"), _party("b"), venue, _party("c")];
        for (uint256 i; i < 4; ++i) {
            _fund(parties[i], venue, held[i]);
        }
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(address(token), new Obligation[](3), _one(parties[3], 0));
        uint256 missing;
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            legs[0].debits[i] = Obligation(parties[i], owed[i]);
            sum += owed[i];
            if (owed[i] > held[i]) missing += owed[i] - held[i];
        }
        legs[0].credits = _one(parties[3], sum);
        uint256 pot = held[2] > owed[2] ? held[2] - owed[2] : 0;
        if (missing > pot) return _refused(legs, missing, pot);
        _settle(legs);
        for (uint256 i; i < 2; ++i) {
            vm.assertEq(_held(parties[i], venue), held[i] > owed[i] ? held[i] - owed[i] : 0, "payer");
        }
        vm.assertEq(_held(venue, venue), pot - missing, "venue");
        vm.assertEq(_held(parties[3], venue), held[3] + sum, "receiver");
    }

    function _two(address first, uint256 a, address second, uint256 b) private pure returns (Obligation[] memory list) {
        list = new Obligation[](2);
        (list[0], list[1]) = (Obligation(first, a), Obligation(second, b));
    }

    function _refused(Leg[] memory legs, uint256 missing, uint256 available) private {
        bytes4 selector = ICollateralVault.ShortfallNotCovered.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, venue, address(token), missing, available));
        _settle(legs);
    }
}
