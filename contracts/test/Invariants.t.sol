// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {SettlementBook} from "../src/SettlementBook.sol";
import {Base} from "./Base.sol";
import {SettlementHandler} from "./SettlementHandler.sol";

/// The ring fence itself is checked by the handler after every step; here is what must hold between them, and that from
/// wherever the steps have led everybody gets out in time, whatever the others do.
contract SettlementInvariants is Base {
    SettlementHandler internal handler;

    function setUp() public {
        vm.warp(1_760_000_000);
        handler = new SettlementHandler();
        _target(address(handler));
        // Of the handler's functions only the steps: what prepares the worst case is for the end.
        string[12] memory steps = [
            "arrive(uint256,uint256)",
            "credit(uint256,uint256)",
            "release(uint256,uint256)",
            "requestExit(uint256)",
            "cancelExit(uint256)",
            "exit(uint256)",
            "withdraw(uint256,uint256,uint256)",
            "propose(uint256,uint256)",
            "finalize(uint256)",
            "expire(uint256)",
            "wait(uint256)",
            "meddle(uint256,uint256,uint256,uint256)"
        ];
        for (uint256 i; i < steps.length; ++i) {
            _step(address(handler), steps[i]);
        }
        _step(address(handler), "dispute(uint256)");
        _step(address(handler), "pauseOrResume(uint256)");
    }

    /// One campaign for all three: each would walk the same steps again.
    function invariant_what_is_owed_is_held_no_history_forks_and_locks_are_of_open_cycles() public view {
        _compartments_and_free_balances_are_what_is_held();
        _the_sequence_never_forks();
        _a_venue_is_locked_while_a_cycle_is_open_and_only_then();
    }

    function _compartments_and_free_balances_are_what_is_held() private view {
        CollateralVault vault = handler.vault();
        for (uint256 t; t < 2; ++t) {
            CustodyToken token = handler.tokens(t);
            uint256 sum;
            for (uint256 i = t; i < handler.COMPARTMENTS(); i += 2) {
                sum += handler.balance(i);
            }
            for (uint256 i; i < 4; ++i) {
                sum += vault.freeOf(handler.holders(i), address(token));
            }
            vm.assertEq(sum, vault.total(address(token)), "compartments and free balances must sum to the total");
            uint256 held = token.balanceOf(address(vault));
            vm.assertEq(held, sum + handler.unallocated(t), "what is held is owed, or has just arrived");
        }
    }

    /// One chain of digests a venue: as many as there are sequences, the last one the head.
    function _the_sequence_never_forks() private view {
        for (uint256 v; v < 2; ++v) {
            bytes32[] memory finals = handler.finals(v);
            (uint64 sequence, bytes32 digest,) = handler.book().headOf(handler.holders(2 + v));
            vm.assertEq(uint256(sequence), finals.length, "one sequence for each final cycle");
            vm.assertEq(digest, finals.length == 0 ? bytes32(0) : finals[finals.length - 1], "head");
        }
    }

    function _a_venue_is_locked_while_a_cycle_is_open_and_only_then() private view {
        for (uint256 v; v < 2; ++v) {
            (bytes32 open,) = handler.book().openOf(handler.holders(2 + v));
            bool isLocked = handler.vault().lockedSince(handler.holders(2 + v)) != 0;
            vm.assertTrue(isLocked == (open != 0), "the lock is the open cycle's");
        }
    }

    /// From here everybody leaves. Venue and custodian open, at the last moment at which it counts, a cycle that nobody
    /// can pay; the pauser pauses; the operator is gone.
    function afterInvariant() public {
        CollateralVault vault = handler.vault();
        SettlementBook book = handler.book();
        if (vault.paused()) handler.pauseOrResume(0);
        uint256 asked = block.timestamp;
        for (uint256 i; i < handler.COMPARTMENTS(); ++i) {
            handler.requestExit(i);
        }
        vm.warp(asked + handler.DELAY_S() - 1);
        for (uint256 v; v < 2; ++v) {
            handler.expire(v);
            handler.proposeUnpayable(v);
        }
        handler.pauseOrResume(0);
        vm.warp(asked + handler.DELAY_S() + handler.WINDOW_S() + book.GRACE_S() - 1);
        book.expire(handler.holders(2));
        book.expire(handler.holders(3));
        for (uint256 i; i < handler.COMPARTMENTS(); ++i) {
            (address holder, address venue, address token) = handler.compartment(i);
            if (vault.exitReadyAt(holder, venue, token) != 0) vault.exit(holder, venue, token);
            vm.assertEq(handler.balance(i), 0, "out in time");
        }
        _withdrawAll(vault);
    }

    function _withdrawAll(CollateralVault vault) private {
        address redemption = vault.redemption();
        for (uint256 i; i < 8; ++i) {
            (address holder, address token) = (handler.holders(i / 2), address(handler.tokens(i % 2)));
            uint256 free = vault.freeOf(holder, token);
            vm.prank(holder);
            vault.withdraw(token, free, redemption);
        }
        vm.assertEq(vault.total(address(handler.tokens(0))), 0, "nothing is owed any more");
        vm.assertEq(vault.total(address(handler.tokens(1))), 0, "nothing is owed any more");
    }
}

/// The control: sequences in which nothing happens would keep every invariant. One long sequence of the same steps, with
/// dice of its own, in which each kind has to happen.
contract SettlementInvariantsControl is Base {
    function test_every_kind_of_step_happens() public {
        vm.warp(1_760_000_000);
        SettlementHandler handler = new SettlementHandler();
        for (uint256 i; i < 1_500; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            _walk(handler, i % 14, dice, dice >> 64, dice >> 128);
        }
        string[16] memory kinds = [
            "arrive",
            "credit",
            "release",
            "requestExit",
            "cancelExit",
            "exit",
            "withdraw",
            "propose",
            "dispute",
            "paid",
            "covered",
            "refused",
            "expire",
            "wait",
            "pause",
            "meddle"
        ];
        for (uint256 i; i < kinds.length; ++i) {
            vm.assertGt(handler.happened(kinds[i]), i < 2 ? 16 : 4, kinds[i]);
        }
    }

    function _walk(SettlementHandler handler, uint256 kind, uint256 a, uint256 b, uint256 c) private {
        if (kind == 0) handler.arrive(a, b);
        if (kind == 1) handler.credit(a, b);
        if (kind == 2) handler.release(a, b >> 130);
        if (kind == 3) handler.requestExit(a);
        if (kind == 4) handler.cancelExit(a);
        if (kind == 5) handler.exit(a);
        if (kind == 6) handler.withdraw(a, b, c);
        if (kind == 7) handler.propose(a, b);
        if (kind == 8) handler.dispute(a);
        if (kind == 9) handler.finalize(a);
        if (kind == 10) handler.expire(a);
        if (kind == 11) handler.wait(a);
        if (kind == 12) handler.pauseOrResume(a);
        if (kind == 13) handler.meddle(a, b, c, a >> 32);
    }
}
