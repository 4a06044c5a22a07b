// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../../src/CollateralVault.sol";
import {ExitRequest, Leg, Obligation, Release} from "../../src/interfaces/ICollateralVault.sol";
import {Symbolic} from "./Symbolic.sol";

/// Answers with what is held, whatever that is, and takes any transfer. It calls nobody back: tokens that do are in
/// AttacksToken.t.sol.
contract SymbolicToken {
    uint256 public held;

    function balanceOf(address) external view returns (uint256) {
        return held;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// One call of a vault in any state, by anybody, with any arguments, and what it may do to any compartment at all.
/// Bounds: signatures of 65 bytes, by keys and not by contracts; a settlement of one leg with one payer and one receiver,
/// who may be one and the same, or the venue. Supposed, as halmos does: hashes of different inputs differ, so that no
/// two compartments share a slot; and what `ecrecover` answers is any address.
contract SymbolicVault is Symbolic {
    /// A compartment, all of it symbolic.
    struct Compartment {
        address holder;
        address venue;
        address token;
    }

    CollateralVault internal vault;
    address internal token;

    function setUp() public {
        token = address(new SymbolicToken());
        vault = new CollateralVault(address(0xAD), address(0xED), 3 days);
        svm.enableSymbolicStorage(token);
        svm.enableSymbolicStorage(address(vault));
    }

    function check_credit_raises_its_compartment_only(
        address caller,
        address holder,
        address venue,
        uint256 amount,
        Compartment calldata any
    ) public {
        uint256 before = _balance(any);
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.credit, (holder, venue, token, amount)));
        bool named = any.holder == holder && any.venue == venue && any.token == token;
        assert(_balance(any) == (ok && named ? before + amount : before));
    }

    function check_withdraw_touches_no_compartment(address caller, uint256 amount, address to, Compartment calldata any)
        public
    {
        uint256 before = _balance(any);
        uint256 free = vault.freeOf(caller, token);
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.withdraw, (token, amount, to)));
        assert(_balance(any) == before);
        assert(!ok || amount <= free);
    }

    function check_exit_empties_its_compartment_into_its_holders_hands(
        address caller,
        address holder,
        address venue,
        Compartment calldata any
    ) public {
        uint256 before = _balance(any);
        uint256 free = vault.freeOf(any.holder, any.token);
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.exit, (holder, venue, token)));
        bool named = ok && any.holder == holder && any.venue == venue && any.token == token;
        assert(_balance(any) == (named ? 0 : before));
        if (named) assert(vault.freeOf(holder, token) == free + before);
        else if (any.holder != holder || any.token != token) assert(vault.freeOf(any.holder, any.token) == free);
    }

    function check_settle_keeps_to_its_venue_and_to_those_it_names(
        address caller,
        address venue,
        uint64 sequence,
        Obligation calldata debit,
        Obligation calldata due,
        Compartment calldata any
    ) public {
        uint256 before = _balance(any);
        bool ok = _settle(caller, venue, sequence, debit, due);
        uint256 afterwards = _balance(any);
        bool elsewhere = any.venue != venue || any.token != token;
        bool unnamed = any.holder != debit.holder && any.holder != due.holder && any.holder != venue;
        if (!ok || elsewhere || unnamed) assert(afterwards == before);
        else if (any.holder != venue && any.holder != due.holder) assert(before - afterwards <= debit.amount);
        else if (any.holder != venue && any.holder != debit.holder) assert(afterwards == before + due.amount);
    }

    /// Whoever payer, receiver and venue are: what one has less the others have more.
    function check_settle_neither_makes_nor_loses_anything(
        address caller,
        address venue,
        uint64 sequence,
        Obligation calldata debit,
        Obligation calldata due
    ) public {
        uint256 before = _sum(venue, debit.holder, due.holder);
        _settle(caller, venue, sequence, debit, due);
        assert(_sum(venue, debit.holder, due.holder) == before);
    }

    function check_only_the_settlement_settles(
        address caller,
        address venue,
        uint64 sequence,
        Obligation calldata debit,
        Obligation calldata due
    ) public {
        assert(!_settle(caller, venue, sequence, debit, due) || caller == vault.settlement());
    }

    function check_everything_else_touches_no_compartment(
        address caller,
        address venue,
        address other,
        uint8 which,
        Compartment calldata any
    ) public {
        uint256 before = _balance(any);
        vm.prank(caller);
        (bool ok,) = address(vault).call(_otherCall(which, venue, other));
        assert(_balance(any) == before);
        ok;
    }

    function check_release_lowers_its_compartment_only(address caller, Release calldata wish, Compartment calldata any)
        public
    {
        vm.assume(wish.token == token);
        uint256 before = _balance(any);
        bytes memory signature = svm.createBytes(65, "signature");
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.release, (wish, signature)));
        bool named = ok && any.holder == wish.holder && any.venue == wish.venue && any.token == wish.token;
        assert(_balance(any) == (named ? before - wish.amount : before));
        assert(!named || wish.amount <= before);
    }

    function check_a_signed_request_touches_no_compartment(
        address caller,
        ExitRequest calldata wish,
        Compartment calldata any
    ) public {
        uint256 before = _balance(any);
        bytes memory signature = svm.createBytes(65, "signature");
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.requestExitFor, (wish, signature)));
        assert(_balance(any) == before);
        ok;
    }

    function reach_a_settlement(address caller, address venue, Obligation calldata debit, Obligation calldata due)
        public
    {
        vm.assume(debit.amount != 0);
        assert(!_settle(caller, venue, 1, debit, due));
    }

    function reach_a_credit(address caller, address holder, address venue, uint256 amount) public {
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.credit, (holder, venue, token, amount)));
        assert(!ok || amount == 0);
    }

    function reach_an_exit(address caller, address holder, address venue) public {
        uint256 before = vault.balanceOf(holder, venue, token);
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.exit, (holder, venue, token)));
        assert(!ok || before == 0);
    }

    function reach_a_withdrawal(address caller, uint256 amount) public {
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.withdraw, (token, amount, caller)));
        assert(!ok || amount == 0);
    }

    function reach_a_release(address caller, Release calldata wish) public {
        vm.assume(wish.token == token && wish.amount != 0);
        bytes memory signature = svm.createBytes(65, "signature");
        vm.prank(caller);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.release, (wish, signature)));
        assert(!ok);
    }

    function _settle(address caller, address venue, uint64 sequence, Obligation calldata debit, Obligation calldata due)
        private
        returns (bool ok)
    {
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(token, new Obligation[](1), new Obligation[](1));
        legs[0].debits[0] = debit;
        legs[0].credits[0] = due;
        vm.prank(caller);
        (ok,) = address(vault).call(abi.encodeCall(vault.settle, (venue, sequence, legs)));
    }

    /// Modulo 2^256, as a sum of three numbers in any state can be; each of them once.
    function _sum(address venue, address payer, address receiver) private view returns (uint256 sum) {
        unchecked {
            sum = vault.balanceOf(payer, venue, token);
            if (receiver != payer) sum += vault.balanceOf(receiver, venue, token);
            if (venue != payer && venue != receiver) sum += vault.balanceOf(venue, venue, token);
        }
    }

    function _otherCall(uint8 which, address venue, address other) private view returns (bytes memory) {
        if (which == 0) return abi.encodeCall(vault.appointSettlement, (other));
        if (which == 1) return abi.encodeCall(vault.pause, ());
        if (which == 2) return abi.encodeCall(vault.unpause, ());
        if (which == 3) return abi.encodeCall(vault.requestExit, (venue, token));
        if (which == 4) return abi.encodeCall(vault.cancelExit, (venue, token));
        if (which == 5) return abi.encodeCall(vault.lock, (venue));
        if (which == 6) return abi.encodeCall(vault.unlock, (venue));
        if (which == 7) return abi.encodeCall(vault.grantRole, (keccak256("CUSTODIAN_ROLE"), other));
        if (which == 8) return abi.encodeCall(vault.revokeRole, (keccak256("CUSTODIAN_ROLE"), other));
        return abi.encodeCall(vault.renounceRole, (bytes32(0), other));
    }

    function _balance(Compartment calldata one) private view returns (uint256) {
        return vault.balanceOf(one.holder, one.venue, one.token);
    }
}
