// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {SettlementBook} from "../src/SettlementBook.sol";
import {Leg, Obligation, Release} from "../src/interfaces/ICollateralVault.sol";
import {Cycle} from "../src/interfaces/ISettlementBook.sol";
import {Base} from "./Base.sol";

/// Lives the life of a vault and its book with random steps, and keeps its own account of all by plain addition:
/// 4 holders, of which 2 are the venues themselves, × 2 venues × 2 tokens = 16 compartments, and 8 free balances.
/// After each step it compares every one of them with what the step alone may have changed.
contract SettlementHandler is Base {
    error StepTouchedWhatItDoesNotName(string kind, uint256 which);

    uint256 public constant COMPARTMENTS = 16;
    uint64 public constant WINDOW_S = 1 hours;
    uint256 public constant DELAY_S = 3 days;

    CollateralVault public immutable vault;
    SettlementBook public immutable book;
    CustodyToken[2] public tokens;
    string[4] public roles = ["client", "other client", "venue", "another venue"];
    address[4] public holders;

    /// Steps that changed something, by kind: the control that the sequences do something.
    mapping(string kind => uint256) public happened;
    uint256[2] public unallocated;
    uint256[COMPARTMENTS] public expected;
    uint256[2][4] public expectedFree;
    /// The open cycle of each venue, and all that became final in their order.
    Cycle[2] private _open;
    bytes32[][2] private _finals;
    /// A signed cycle and its signatures that were used already.
    bytes private _used;

    constructor() {
        vault = new CollateralVault(address(this), _party("redemption"), DELAY_S);
        book = new SettlementBook(address(this), vault, _party("custodian"), WINDOW_S);
        vault.grantRole(vault.CUSTODIAN_ROLE(), address(this));
        vault.grantRole(vault.PAUSER_ROLE(), address(this));
        vault.appointSettlement(address(book));
        for (uint256 i; i < 4; ++i) {
            holders[i] = _party(roles[i]);
        }
        for (uint256 i; i < 2; ++i) {
            tokens[i] = new CustodyToken(18, "Custody ETH", "cETH");
            tokens[i].initialize(address(this), address(this));
            tokens[i].setDestinationAllowed(vault.redemption(), true);
            book.registerVenue(holders[2 + i], holders[2 + i]);
        }
        for (uint256 i; i < COMPARTMENTS; ++i) {
            arrive(i, 100e18);
            credit(i, 100e18);
        }
    }

    // -- steps ---------------------------------------------------------------------------------------------------------

    function arrive(uint256 which, uint256 amount) public {
        amount = _bound(amount, 0, 1000e18);
        tokens[which % 2].mint(address(vault), amount);
        unallocated[which % 2] += amount;
        _done("arrive");
    }

    function credit(uint256 which, uint256 amount) public {
        if (vault.paused()) return;
        (address holder, address venue, address token) = compartment(which);
        amount = _bound(amount, 0, unallocated[which % 2]);
        vault.credit(holder, venue, token, amount);
        unallocated[which % 2] -= amount;
        expected[which % COMPARTMENTS] += amount;
        _done("credit");
    }

    function release(uint256 which, uint256 amount) public {
        (address holder, address venue, address token) = compartment(which);
        if (vault.lockedSince(venue) != 0) return;
        amount = _bound(amount, 0, balance(which));
        Release memory wish = Release(holder, venue, token, amount, vault.nonceOf(holder), block.timestamp);
        vault.release(wish, _sign(roles[which % COMPARTMENTS / 4], vault.digestOf(wish)));
        expected[which % COMPARTMENTS] -= amount;
        _done("release");
    }

    function requestExit(uint256 which) public {
        (address holder, address venue, address token) = compartment(which);
        if (balance(which) == 0 || vault.exitReadyAt(holder, venue, token) != 0) return;
        vm.prank(holder);
        vault.requestExit(venue, token);
        _done("requestExit");
    }

    function cancelExit(uint256 which) public {
        (address holder, address venue, address token) = compartment(which);
        if (which % 3 != 0 || vault.exitReadyAt(holder, venue, token) == 0) return;
        vm.prank(holder);
        vault.cancelExit(venue, token);
        _done("cancelExit");
    }

    /// Sees out the first compartment from `which` on that may leave.
    function exit(uint256 which) public {
        for (uint256 i; i < COMPARTMENTS; ++i) {
            uint256 v = (which % COMPARTMENTS + i) % COMPARTMENTS;
            (address holder, address venue, address token) = compartment(v);
            uint256 readyAt = vault.exitReadyAt(holder, venue, token);
            uint256 since = vault.lockedSince(venue);
            if (readyAt == 0 || block.timestamp < readyAt || (since != 0 && since < readyAt)) continue;
            vault.exit(holder, venue, token);
            expectedFree[v / 4][v % 2] += expected[v];
            expected[v] = 0;
            return _done("exit");
        }
    }

    function withdraw(uint256 who, uint256 which, uint256 amount) public {
        (who, which) = (who % 4, which % 2);
        amount = _bound(amount, 0, expectedFree[who][which]);
        address redemption = vault.redemption();
        vm.prank(holders[who]);
        vault.withdraw(address(tokens[which]), amount, redemption);
        expectedFree[who][which] -= amount;
        if (amount != 0) _done("withdraw");
    }

    /// One holder owes up to twice what its compartment holds to the next one.
    function propose(uint256 which, uint256 amount) public {
        which %= COMPARTMENTS;
        (address payer, address venue, address token) = compartment(which);
        uint256 v = which / 2 % 2;
        if (vault.paused() || vault.lockedSince(venue) != 0) return;
        (address receiver,,) = compartment(which + 4);
        amount = _bound(amount, 1, 2 * balance(which) + 1);
        Cycle storage cycle = _next(v, venue);
        cycle.legs.push();
        cycle.legs[0].token = token;
        cycle.legs[0].debits.push(Obligation(payer, amount));
        cycle.legs[0].credits.push(Obligation(receiver, amount));
        _proposeOpen(v);
        _done("propose");
    }

    function dispute(uint256 dice) public {
        address venue = holders[2 + dice % 2];
        (, uint64 windowEnds) = book.openOf(venue);
        if (dice % 3 != 0 || block.timestamp >= windowEnds) return;
        vm.prank(_party("custodian"));
        book.dispute(venue);
        _done("dispute");
    }

    /// Pays, covers or is refused, as the sums say.
    function finalize(uint256 v) public {
        v %= 2;
        address venue = holders[2 + v];
        (bytes32 digest, uint64 windowEnds) = book.openOf(venue);
        if (digest == 0 || block.timestamp < windowEnds) return;
        (uint256 missing, uint256 available) = _pay(v, _open[v].legs[0]);
        if (missing > available) {
            (bool done,) = address(book).call(abi.encodeCall(book.finalize, (_open[v])));
            vm.assertFalse(done, "what cannot be paid must be refused");
            return _done("refused");
        }
        book.finalize(_open[v]);
        _finals[v].push(digest);
        _done(missing == 0 ? "paid" : "covered");
    }

    function expire(uint256 v) public {
        v %= 2;
        (bytes32 digest, uint64 windowEnds) = book.openOf(holders[2 + v]);
        if (digest == 0 || block.timestamp < windowEnds + book.GRACE_S()) return;
        book.expire(holders[2 + v]);
        _done("expire");
    }

    function wait(uint256 seconds_) public {
        vm.warp(block.timestamp + _bound(seconds_, 1, 1 days));
        _done("wait");
    }

    function pauseOrResume(uint256 dice) public {
        if (vault.paused()) vault.unpause();
        else if (dice % 4 == 0) vault.pause();
        _done("pause");
    }

    /// Whatever somebody without a role tries at anybody's compartment, or with what was signed before, is refused.
    function meddle(uint256 caller, uint256 which, uint256 choice, uint256 amount) public {
        address by = caller % 5 == 4 ? stranger : holders[caller % 5];
        bytes memory attempt = choice % 8 == 7 ? _used : _attempt(by, which, choice % 8, _bound(amount, 1, 1e40));
        if (attempt.length == 0) return;
        vm.prank(by);
        (bool done,) = (choice % 8 == 7 ? address(book) : address(vault)).call(attempt);
        vm.assertFalse(done, "meddling must be refused");
        _done("meddle");
    }

    function _attempt(address by, uint256 which, uint256 choice, uint256 amount) private view returns (bytes memory) {
        (address holder, address venue, address token) = compartment(which);
        if (choice == 0) return abi.encodeCall(vault.credit, (by, venue, token, amount));
        if (choice == 1) return abi.encodeCall(vault.settle, (venue, 1, new Leg[](0)));
        if (choice == 2) return abi.encodeCall(vault.lock, (venue));
        if (choice == 3) return abi.encodeCall(vault.unlock, (venue));
        if (choice == 4) return abi.encodeCall(vault.appointSettlement, (by));
        if (choice == 5) return abi.encodeCall(vault.withdraw, (token, vault.freeOf(by, token) + amount, by));
        Release memory wish = Release(holder, venue, token, 0, vault.nonceOf(holder), block.timestamp);
        bytes memory signature = _sign(roles[which % COMPARTMENTS / 4], vault.digestOf(wish));
        return abi.encodeCall(vault.release, (wish, signature));
    }

    // -- what is looked at ---------------------------------------------------------------------------------------------

    /// Holder × venue × token, so that which + 4 is the next holder at the same venue in the same token.
    function compartment(uint256 which) public view returns (address, address, address) {
        which %= COMPARTMENTS;
        return (holders[which / 4], holders[2 + which / 2 % 2], address(tokens[which % 2]));
    }

    function balance(uint256 which) public view returns (uint256) {
        (address holder, address venue, address token) = compartment(which);
        return vault.balanceOf(holder, venue, token);
    }

    function finals(uint256 v) public view returns (bytes32[] memory) {
        return _finals[v];
    }

    /// Both parties against everybody: an open cycle that nobody can ever pay.
    function proposeUnpayable(uint256 v) public {
        Cycle storage cycle = _next(v, holders[2 + v]);
        cycle.legs.push();
        cycle.legs[0].token = address(tokens[0]);
        cycle.legs[0].debits.push(Obligation(stranger, type(uint128).max));
        cycle.legs[0].credits.push(Obligation(holders[0], type(uint128).max));
        _proposeOpen(v);
    }

    function _next(uint256 v, address venue) private returns (Cycle storage cycle) {
        delete _open[v];
        cycle = _open[v];
        (uint64 sequence, bytes32 digest, uint64 cutOff) = book.headOf(venue);
        cycle.venue = venue;
        cycle.sequence = sequence + 1;
        cycle.previousDigest = digest;
        // Twice in a second there is none; and the same content is never signed again.
        if (block.timestamp <= cutOff) vm.warp(cutOff + 1);
        cycle.cutOff = uint64(block.timestamp);
        cycle.positionsDigest = keccak256(abi.encode(happened["propose"]));
    }

    function _proposeOpen(uint256 v) private {
        bytes32 digest = book.digestOf(_open[v]);
        bytes memory byVenue = _sign(roles[2 + v], digest);
        _used = abi.encodeCall(book.propose, (_open[v], byVenue, _sign("custodian", digest)));
        (bool done,) = address(book).call(_used);
        vm.assertTrue(done, "a good cycle must open");
    }

    /// Moves in our own account what the leg moves, if it can be paid: what is missing, and what the venue has for it.
    function _pay(uint256 v, Leg memory leg) private returns (uint256 missing, uint256 available) {
        uint256 amount = leg.debits[0].amount;
        uint256 payer = _index(leg.debits[0].holder, v, leg.token);
        uint256 receiver = _index(leg.credits[0].holder, v, leg.token);
        uint256 own = _index(holders[2 + v], v, leg.token);
        uint256 paid = amount < expected[payer] ? amount : expected[payer];
        missing = amount - paid;
        if (own != payer) available = expected[own] + (own == receiver ? amount : 0);
        if (missing > available) return (missing, available);
        expected[payer] -= paid;
        expected[receiver] += amount;
        expected[own] -= missing;
    }

    function _index(address holder, uint256 v, address token) private view returns (uint256 which) {
        for (uint256 i; i < 4; ++i) {
            if (holders[i] == holder) which = 4 * i + 2 * v;
        }
        if (token != address(tokens[0])) ++which;
    }

    function _done(string memory kind) private {
        happened[kind] += 1;
        for (uint256 i; i < COMPARTMENTS; ++i) {
            if (balance(i) != expected[i]) revert StepTouchedWhatItDoesNotName(kind, i);
        }
        for (uint256 i; i < 8; ++i) {
            uint256 free = vault.freeOf(holders[i / 2], address(tokens[i % 2]));
            if (free != expectedFree[i / 2][i % 2]) revert StepTouchedWhatItDoesNotName(kind, COMPARTMENTS + i);
        }
    }
}
