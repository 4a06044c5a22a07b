// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {SettlementBook} from "../src/SettlementBook.sol";
import {ICollateralVault, Move, Release} from "../src/interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "../src/interfaces/ISettlementBook.sol";
import {Base, ContractSigner} from "./Base.sol";

abstract contract SettlementBookBase is Base {
    uint64 internal constant NOW = 1_760_000_000;
    uint64 internal constant WINDOW_S = 1 hours;
    uint256 internal constant DEPOSIT = 100e18;

    address internal immutable custodian = _party("custodian");
    address internal immutable client = _party("client");
    address internal immutable venue = _party("venue");
    address internal immutable venueSigner = _party("venue signer");

    CustodyToken internal token;
    CollateralVault internal vault;
    SettlementBook internal book;

    function setUp() public {
        vm.warp(NOW);
        token = _newToken();
        vault = new CollateralVault(admin, _party("redemption"));
        book = _bookOf(custodian);
        bytes32 credits = vault.CUSTODIAN_ROLE();
        vm.prank(admin);
        vault.grantRole(credits, custodian);
        _fund(client, DEPOSIT);
        _fund(venue, DEPOSIT);
    }

    function _bookOf(address coSigner) internal returns (SettlementBook made) {
        made = new SettlementBook(admin, vault, coSigner, WINDOW_S);
        bytes32 settles = vault.SETTLEMENT_ROLE();
        vm.startPrank(admin);
        vault.grantRole(settles, address(made));
        made.registerVenue(venue, venueSigner);
        vm.stopPrank();
    }

    function _fund(address holder, uint256 amount) internal {
        vm.prank(minter);
        token.mint(address(vault), amount);
        vm.prank(custodian);
        vault.credit(holder, venue, address(token), amount);
    }

    /// The next cycle in order: the client pays `amount` to the venue, or receives it.
    function _cycle(int256 amount) internal view returns (Cycle memory cycle) {
        (uint64 sequence, bytes32 digest, uint64 cutOff) = book.headOf(venue);
        cycle.venue = venue;
        cycle.sequence = sequence + 1;
        cycle.previousDigest = digest;
        cycle.cutOff = cutOff == 0 ? NOW : cutOff + 1;
        cycle.positionsDigest = keccak256("positions");
        cycle.obligations = new Move[](amount == 0 ? 0 : 2);
        if (amount == 0) return cycle;
        bool clientFirst = client < venue;
        cycle.obligations[clientFirst ? 0 : 1] = Move(client, address(token), -amount);
        cycle.obligations[clientFirst ? 1 : 0] = Move(venue, address(token), amount);
    }

    function _propose(Cycle memory cycle) internal {
        bytes32 digest = book.digestOf(cycle);
        book.propose(cycle, _sign("venue signer", digest), _sign("custodian", digest));
    }

    function _open(Cycle memory cycle) internal view returns (bool) {
        (bytes32 digest,) = book.openOf(cycle.venue);
        return digest == book.digestOf(cycle);
    }

    function _assertNothingMoved() internal view {
        vm.assertEq(vault.balanceOf(client, venue, address(token)), DEPOSIT, "client's compartment");
        vm.assertEq(vault.balanceOf(venue, venue, address(token)), DEPOSIT, "venue's compartment");
        (uint64 sequence,,) = book.headOf(venue);
        vm.assertEq(uint256(sequence), 0, "no cycle became final");
    }
}

contract SettlementBookProposeTest is SettlementBookBase {
    event CycleProposed(address indexed venue, uint64 indexed sequence, bytes32 digest, uint64 windowEnds);
    event VenueRegistered(address indexed venue, address indexed signer);

    function test_registerVenue_refuses_everybody_but_the_admin(address caller) public {
        vm.assume(caller != admin);
        _expectUnauthorized(caller, bytes32(0));
        vm.prank(caller);
        book.registerVenue(venue, caller);
        vm.expectEmit();
        emit VenueRegistered(venue, caller);
        vm.prank(admin);
        book.registerVenue(venue, caller);
        vm.assertEq(book.signerOf(venue), caller, "the admin may");
    }

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_propose_refuses_in_order_of_precedence() public {
        Cycle memory good = _cycle(1e18);
        Cycle memory bad = _cycle(1e18);
        bad.venue = stranger;
        bad.sequence = 2;
        bad.previousDigest = "x";
        bad.cutOff = 0;
        bad.obligations[0].amount = 0;
        (bad.obligations[0], bad.obligations[1]) = (bad.obligations[1], bad.obligations[0]);

        _refused(bad, abi.encodeWithSelector(ISettlementBook.UnknownVenue.selector, stranger));
        bad.venue = venue;
        _propose(good);
        _refused(bad, abi.encodeWithSelector(ISettlementBook.CycleOpen.selector, venue, 1));
        vm.prank(custodian);
        book.dispute(venue);
        _refused(bad, abi.encodeWithSelector(ISettlementBook.WrongSequence.selector, 1, 2));
        bad.sequence = 1;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.WrongPreviousDigest.selector, bytes32(0), bytes32("x")));
        bad.previousDigest = 0;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.CutOffNotAfter.selector, 0, 0));
        bad.cutOff = NOW + 1;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.CutOffInFuture.selector, NOW + 1, NOW));
        bad.cutOff = NOW;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.ObligationsNotSorted.selector, 1));
        (bad.obligations[0], bad.obligations[1]) = (bad.obligations[1], bad.obligations[0]);
        _refused(bad, abi.encodeWithSelector(ISettlementBook.ZeroObligation.selector, 0));
        bad.obligations[0].amount = -bad.obligations[1].amount + 3;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.ObligationsNotZeroSum.selector, address(token), int256(3)));
        bad.obligations[0].amount -= 3;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.CycleVoid.selector, book.digestOf(good)));
        bad.cutOff = NOW - 1;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, venue));
        bytes memory signature = _sign("venue signer", book.digestOf(bad));
        vm.expectRevert(ISettlementBook.WrongCustodianSignature.selector);
        book.propose(bad, signature, signature);
        _propose(bad);
        vm.assertTrue(_open(bad), "cured of everything, it opens");
    }

    function test_propose_refuses_the_same_holder_twice_in_a_token() public {
        Cycle memory cycle = _cycle(1e18);
        cycle.obligations[1].holder = cycle.obligations[0].holder;
        _refused(cycle, abi.encodeWithSelector(ISettlementBook.ObligationsNotSorted.selector, 1));
    }

    function test_propose_refuses_to_balance_one_token_with_another() public {
        Cycle memory cycle = _cycle(1e18);
        cycle.obligations[1].token = address(type(uint160).max);
        int256 sum = cycle.obligations[0].amount;
        _refused(cycle, abi.encodeWithSelector(ISettlementBook.ObligationsNotZeroSum.selector, address(token), sum));
    }

    function test_propose_refuses_signatures_over_another_cycle(uint256 field) public {
        Cycle memory cycle = _cycle(1e18);
        bytes32 signed = book.digestOf(cycle);
        field = _bound(field, 0, 3);
        if (field == 0) cycle.cutOff -= 1;
        if (field == 1) cycle.positionsDigest = "other";
        if (field == 2) (cycle.obligations[0].amount, cycle.obligations[1].amount) = (int256(7), int256(-7));
        if (field == 3) cycle.obligations = new Move[](0);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, venue));
        book.propose(cycle, _sign("venue signer", signed), _sign("custodian", signed));
    }

    function test_propose_refuses_mirrored_signatures() public {
        Cycle memory cycle = _cycle(1e18);
        bytes32 digest = book.digestOf(cycle);
        bytes memory byVenue = _sign("venue signer", digest);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, venue));
        book.propose(cycle, _signHighS("venue signer", digest), _sign("custodian", digest));
        vm.expectRevert(ISettlementBook.WrongCustodianSignature.selector);
        book.propose(cycle, byVenue, _signHighS("custodian", digest));
    }

    function test_propose_asks_a_custodian_that_is_a_contract() public {
        ContractSigner quorum = new ContractSigner();
        book = _bookOf(address(quorum));
        Cycle memory cycle = _cycle(1e18);
        bytes memory byVenue = _sign("venue signer", book.digestOf(cycle));
        vm.expectRevert(ISettlementBook.WrongCustodianSignature.selector);
        book.propose(cycle, byVenue, "");
        quorum.approve(book.digestOf(cycle));
        book.propose(cycle, byVenue, "");
        vm.assertTrue(_open(cycle), "the quorum's word counts");
    }

    function test_propose_opens_the_window_and_locks_releases_at_the_venue() public {
        Cycle memory cycle = _cycle(1e18);
        bytes32 digest = book.digestOf(cycle);
        (bytes memory byVenue, bytes memory byCustodian) = (_sign("venue signer", digest), _sign("custodian", digest));
        vm.expectEmit();
        emit CycleProposed(venue, 1, digest, NOW + WINDOW_S);
        vm.prank(stranger); // anyone may send it
        book.propose(cycle, byVenue, byCustodian);
        (bytes32 open, uint64 ends) = book.openOf(venue);
        vm.assertEq(open, digest, "open digest");
        vm.assertEq(uint256(ends), NOW + WINDOW_S, "window");

        Release memory wish = Release(client, venue, address(token), 1, 0, NOW);
        bytes memory signature = _sign("client", vault.digestOf(wish));
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue));
        vault.release(wish, signature);
        _assertNothingMoved();
    }

    function test_digestOf_a_cycle_is_the_one_of_eip712(int128[5] memory amounts) public view {
        Cycle memory cycle = _cycle(0);
        cycle.obligations = new Move[](amounts.length);
        bytes memory hashes;
        bytes32 moveType = keccak256("Obligation(address holder,address token,int256 amount)");
        for (uint256 i; i < amounts.length; ++i) {
            cycle.obligations[i] = Move(address(uint160(i)), address(token), amounts[i]);
            hashes = abi.encodePacked(hashes, keccak256(abi.encode(moveType, cycle.obligations[i])));
        }
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,"
                    "Obligation[] obligations)Obligation(address holder,address token,int256 amount)"
                ),
                cycle.venue,
                cycle.sequence,
                cycle.previousDigest,
                cycle.cutOff,
                cycle.positionsDigest,
                keccak256(hashes)
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Bulkhead Settlement"),
                keccak256("1"),
                block.chainid,
                address(book)
            )
        );
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        vm.assertEq(book.digestOf(cycle), expected, "typed data digest");
    }

    function _refused(Cycle memory cycle, bytes memory reason) private {
        bytes memory wrong = _sign("stranger", book.digestOf(cycle));
        vm.expectRevert(reason);
        book.propose(cycle, wrong, wrong);
    }
}

contract SettlementBookOutcomeTest is SettlementBookBase {
    event CycleDisputed(address indexed venue, uint64 indexed sequence, bytes32 digest, address by);
    event CycleExpired(address indexed venue, uint64 indexed sequence, bytes32 digest);
    event CycleFinal(address indexed venue, uint64 indexed sequence, bytes32 digest, uint256 moved);

    // dispute

    function test_dispute_refuses_in_order_of_precedence() public {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NoOpenCycle.selector, venue));
        book.dispute(venue);
        _propose(_cycle(1e18));
        vm.warp(NOW + WINDOW_S);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WindowClosed.selector, NOW + WINDOW_S, NOW + WINDOW_S));
        book.dispute(venue);
        vm.warp(NOW + WINDOW_S - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NotAParty.selector, stranger));
        book.dispute(venue);
    }

    function test_either_party_voids_the_cycle_and_nothing_moves(bool byVenue) public {
        Cycle memory cycle = _cycle(1e18);
        _propose(cycle);
        address party = byVenue ? venueSigner : custodian;
        vm.expectEmit();
        emit CycleDisputed(venue, 1, book.digestOf(cycle), party);
        vm.prank(party);
        book.dispute(venue);
        _assertVoid(cycle);
    }

    function test_a_disputed_sequence_is_proposed_again_with_other_content_only() public {
        Cycle memory cycle = _cycle(1e18);
        _propose(cycle);
        vm.prank(custodian);
        book.dispute(venue);

        bytes32 digest = book.digestOf(cycle);
        bytes memory byVenue = _sign("venue signer", digest);
        bytes memory byCustodian = _sign("custodian", digest);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.CycleVoid.selector, digest));
        book.propose(cycle, byVenue, byCustodian);
        Cycle memory corrected = _cycle(2e18);
        _propose(corrected);
        vm.assertTrue(_open(corrected), "the corrected cycle opens");
    }

    // finalize

    function test_finalize_refuses_in_order_of_precedence() public {
        Cycle memory cycle = _cycle(int256(DEPOSIT) + 1);
        bytes32 digest = book.digestOf(cycle);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongDigest.selector, bytes32(0), digest));
        book.finalize(cycle);
        _propose(cycle);
        Cycle memory another = _cycle(5);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongDigest.selector, digest, book.digestOf(another)));
        book.finalize(another);
        vm.warp(NOW + WINDOW_S - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WindowOpen.selector, NOW + WINDOW_S, NOW + WINDOW_S - 1));
        book.finalize(cycle);
        vm.warp(NOW + WINDOW_S);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICollateralVault.ExceedsCompartment.selector, client, venue, address(token), DEPOSIT, DEPOSIT + 1
            )
        );
        book.finalize(cycle);
        _assertNothingMoved();

        _fund(client, 1); // a top-up cures it
        book.finalize(cycle);
        vm.assertEq(vault.balanceOf(client, venue, address(token)), 0, "paid in full");
    }

    function test_a_cycle_is_paid_once_by_anyone_and_unlocks_the_venue(int256 amount) public {
        amount = int256(_bound(uint256(amount), 0, 2 * DEPOSIT)) - int256(DEPOSIT);
        Cycle memory cycle = _cycle(amount);
        bytes32 digest = book.digestOf(cycle);
        _propose(cycle);
        vm.warp(NOW + WINDOW_S);
        vm.expectEmit();
        emit CycleFinal(venue, 1, digest, cycle.obligations.length);
        vm.prank(stranger);
        book.finalize(cycle);

        vm.assertEq(int256(vault.balanceOf(client, venue, address(token))), int256(DEPOSIT) - amount, "client");
        vm.assertEq(int256(vault.balanceOf(venue, venue, address(token))), int256(DEPOSIT) + amount, "venue");
        (uint64 sequence, bytes32 head, uint64 cutOff) = book.headOf(venue);
        vm.assertEq(uint256(sequence), 1, "sequence");
        vm.assertEq(head, digest, "digest");
        vm.assertEq(uint256(cutOff), NOW, "cut-off");
        vm.assertFalse(vault.isLocked(venue), "unlocked");
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.WrongDigest.selector, bytes32(0), digest));
        book.finalize(cycle);
    }

    function test_cycles_follow_each_other_by_sequence_digest_and_cut_off(uint8 cycles) public {
        cycles = uint8(_bound(cycles, 2, 5));
        for (uint64 i; i < cycles; ++i) {
            Cycle memory cycle = _cycle(i % 2 == 0 ? int256(3) : -3);
            _propose(cycle);
            vm.warp(NOW + (i + 1) * WINDOW_S);
            book.finalize(cycle);
        }
        (uint64 sequence,, uint64 cutOff) = book.headOf(venue);
        vm.assertEq(uint256(sequence), cycles, "sequence counts the final ones");
        Cycle memory late = _cycle(1);
        late.cutOff = cutOff;
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.CutOffNotAfter.selector, cutOff, cutOff));
        book.propose(late, "", "");
    }

    // expire

    function test_expire_refuses_in_order_of_precedence() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NoOpenCycle.selector, venue));
        book.expire(venue);
        _propose(_cycle(1));
        uint64 graceEnds = NOW + WINDOW_S + book.GRACE_S();
        vm.warp(graceEnds - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.GraceOpen.selector, graceEnds, graceEnds - 1));
        book.expire(venue);
    }

    function test_a_cycle_that_can_never_be_paid_does_not_lock_the_venue_for_ever() public {
        Cycle memory cycle = _cycle(int256(DEPOSIT) + 1);
        _propose(cycle);
        vm.warp(NOW + WINDOW_S + book.GRACE_S());
        vm.expectEmit();
        emit CycleExpired(venue, 1, book.digestOf(cycle));
        vm.prank(stranger);
        book.expire(venue);
        _assertVoid(cycle);
    }

    function test_a_replaced_signer_disputes_no_more_and_the_new_one_does() public {
        _propose(_cycle(1));
        vm.prank(admin);
        book.registerVenue(venue, stranger);
        vm.expectRevert(abi.encodeWithSelector(ISettlementBook.NotAParty.selector, venueSigner));
        vm.prank(venueSigner);
        book.dispute(venue);
        vm.prank(stranger);
        book.dispute(venue);
    }

    function _assertVoid(Cycle memory cycle) private view {
        (bytes32 open, uint64 ends) = book.openOf(venue);
        vm.assertEq(open, bytes32(0), "nothing is open");
        vm.assertEq(uint256(ends), 0, "no window");
        vm.assertTrue(book.isVoid(book.digestOf(cycle)), "void for good");
        vm.assertFalse(vault.isLocked(venue), "releases go on");
        _assertNothingMoved();
    }
}
