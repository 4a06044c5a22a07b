// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {SettlementBook} from "../src/SettlementBook.sol";
import {ExitRequest, ICollateralVault, Release} from "../src/interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "../src/interfaces/ISettlementBook.sol";
import {AttackBase} from "./AttackBase.sol";

contract ReplayAttacks is AttackBase {
    function test_a_cycles_signatures_count_on_one_chain_only() public {
        Cycle memory cycle = _cycle(client, venue, 1);
        bytes32 digest = book.digestOf(cycle);
        (bytes memory byVenue, bytes memory byCustodian) = (_sign("venue", digest), _sign("custodian", digest));
        uint256 home = block.chainid;
        vm.chainId(home + 1); // a fork of the chain, with this very contract at this very address
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, venue));
        book.propose(cycle, byVenue, byCustodian);
        vm.chainId(home);
        book.propose(cycle, byVenue, byCustodian);
    }

    function test_a_cycles_signatures_count_for_one_contract_only() public {
        Cycle memory cycle = _cycle(client, venue, 1);
        bytes32 digest = book.digestOf(cycle);
        (, SettlementBook twin) = _deploy();
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, venue));
        twin.propose(cycle, _sign("venue", digest), _sign("custodian", digest));
    }

    function test_a_holders_signatures_count_on_one_chain_and_for_one_contract_only() public {
        Release memory wish = Release(client, venue, address(token), 1, 0, NOW);
        ExitRequest memory leave = ExitRequest(client, venue, address(token), 0, NOW);
        bytes memory released = _sign("client", vault.digestOf(wish));
        bytes memory left = _sign("client", vault.exitDigestOf(leave));
        (CollateralVault twin,) = _deploy();
        uint256 home = block.chainid;
        bytes memory reason = abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client);
        for (uint256 i; i < 2; ++i) {
            CollateralVault asked = i == 0 ? vault : twin;
            if (i == 0) vm.chainId(home + 1);
            vm.expectRevert(reason);
            vm.prank(custodian);
            asked.release(wish, released);
            vm.expectRevert(reason);
            asked.requestExitFor(leave, left);
            vm.chainId(home);
        }
        vm.prank(custodian);
        vault.release(wish, released);
        vault.requestExitFor(leave, left);
    }

    function test_a_final_cycle_is_not_proposed_again() public {
        Cycle memory cycle = _cycle(client, venue, 1);
        bytes32 digest = book.digestOf(cycle);
        (bytes memory byVenue, bytes memory byCustodian) = (_sign("venue", digest), _sign("custodian", digest));
        book.propose(cycle, byVenue, byCustodian);
        vm.warp(NOW + WINDOW_S);
        book.finalize(cycle);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongSequence.selector, 2, 1));
        book.propose(cycle, byVenue, byCustodian);
    }

    function test_a_cycle_of_one_venue_is_none_of_another() public {
        Cycle memory cycle = _cycle(client, venue, 1);
        bytes32 digest = book.digestOf(cycle);
        cycle.venue = elsewhere;
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, elsewhere));
        book.propose(cycle, _sign("venue", digest), _sign("custodian", digest));
    }

    function test_a_release_is_no_request_to_exit_and_the_other_way_round() public {
        Release memory wish = Release(client, venue, address(token), 0, 0, NOW);
        ExitRequest memory leave = ExitRequest(client, venue, address(token), 0, NOW);
        bytes memory released = _sign("client", vault.digestOf(wish));
        bytes memory left = _sign("client", vault.exitDigestOf(leave));
        bytes memory reason = abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client);
        vm.expectRevert(reason);
        vault.requestExitFor(leave, released);
        vm.expectRevert(reason);
        vm.prank(custodian);
        vault.release(wish, left);
    }

    function test_mirrored_and_broken_signatures_are_none() public {
        Release memory wish = Release(client, venue, address(token), 1, 0, NOW);
        ExitRequest memory leave = ExitRequest(client, venue, address(token), 0, NOW);
        bytes memory reason = abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client);
        bytes[3] memory broken = [_signHighS("client", vault.digestOf(wish)), bytes(""), new bytes(65)];
        for (uint256 i; i < broken.length; ++i) {
            vm.expectRevert(reason);
            vm.prank(custodian);
            vault.release(wish, broken[i]);
        }
        broken[0] = _signHighS("client", vault.exitDigestOf(leave));
        for (uint256 i; i < broken.length; ++i) {
            vm.expectRevert(reason);
            vault.requestExitFor(leave, broken[i]);
        }
    }

    /// Nobody signs for the address that ecrecover answers with when a signature is broken.
    function test_nobody_is_the_zero_address() public {
        ExitRequest memory leave = ExitRequest(address(0), venue, address(token), 0, NOW);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, address(0)));
        vault.requestExitFor(leave, new bytes(65));
    }
}
