// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {ICollateralVault, Leg, Obligation, Release} from "../src/interfaces/ICollateralVault.sol";
import {Cycle, ISettlementBook} from "../src/interfaces/ISettlementBook.sol";
import {ContractSigner} from "./Base.sol";
import {SettlementBookBase} from "./SettlementBookBase.sol";

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
        bad.legs[0].debits[0].amount = 0;

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
        _refused(bad, abi.encodeWithSelector(ISettlementBook.ZeroObligation.selector, address(token), client));
        bad.legs[0].debits[0].amount = 1e18;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.CycleVoid.selector, book.digestOf(good)));
        bad.cutOff = NOW - 1;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.WrongVenueSignature.selector, venue));
        bytes memory signature = _sign("venue signer", book.digestOf(bad));
        vm.expectRevert(ISettlementBook.WrongCustodianSignature.selector);
        book.propose(bad, signature, signature);
        vm.prank(admin);
        vault.pause();
        bytes memory byCustodian = _sign("custodian", book.digestOf(bad));
        vm.expectRevert(Pausable.EnforcedPause.selector);
        book.propose(bad, signature, byCustodian);
        vm.prank(admin);
        vault.unpause();
        _propose(bad);
        vm.assertTrue(_open(bad), "cured of everything, it opens");
    }

    /// The same for the legs: one fault after the other, in the order in which they are looked at.
    function test_propose_refuses_legs_in_order_of_precedence() public {
        Cycle memory bad = _cycle(0);
        address high = address(type(uint160).max);
        bad.legs = new Leg[](2);
        bad.legs[0] = Leg(high, new Obligation[](0), _one(client, 1));
        bad.legs[1] = Leg(address(token), new Obligation[](0), new Obligation[](0));
        _refused(bad, abi.encodeWithSelector(ISettlementBook.EmptyLeg.selector, high));
        bad.legs[0].debits = _two(client, 0, venue, 0);
        (bad.legs[0].debits[0], bad.legs[0].debits[1]) = (bad.legs[0].debits[1], bad.legs[0].debits[0]);
        address later = bad.legs[0].debits[0].holder;
        bytes4 zero = ISettlementBook.ZeroObligation.selector;
        bytes4 unsorted = ISettlementBook.ObligationsNotSorted.selector;
        _refused(bad, abi.encodeWithSelector(zero, high, later));
        bad.legs[0].debits[0].amount = 1;
        _refused(bad, abi.encodeWithSelector(unsorted, high, 1));
        bad.legs[0].debits = _one(client, 2);
        bad.legs[0].credits = _two(client, 1, venue, 0);
        bool clientFirst = client < venue;
        _refused(bad, abi.encodeWithSelector(zero, high, venue));
        bad.legs[0].credits = _two(client, 1, venue, 2);
        _refused(bad, abi.encodeWithSelector(ISettlementBook.ObligationsNotBalanced.selector, high, 2, 3));
        bad.legs[0].credits[clientFirst ? 1 : 0].amount = 1;
        _refused(bad, abi.encodeWithSelector(ISettlementBook.HolderOnBothSides.selector, high, client));
        bad.legs[0].credits = _one(venue, 2);
        _refused(bad, abi.encodeWithSelector(ISettlementBook.LegsNotSorted.selector, 1));
        (bad.legs[0], bad.legs[1]) = (bad.legs[1], bad.legs[0]);
        _refused(bad, abi.encodeWithSelector(ISettlementBook.EmptyLeg.selector, address(token)));
        bad.legs[0] = Leg(address(token), _one(venue, 3), _one(client, 3));
        _propose(bad);
        vm.assertTrue(_open(bad), "cured of everything, it opens");
    }

    function test_propose_refuses_what_has_no_address() public {
        Cycle memory cycle = _cycle(1e18);
        cycle.legs[0].token = address(0);
        _refused(cycle, abi.encodeWithSelector(ISettlementBook.LegsNotSorted.selector, 0));
        cycle.legs[0].token = address(token);
        cycle.legs[0].debits[0].holder = address(0);
        _refused(cycle, abi.encodeWithSelector(ISettlementBook.ObligationsNotSorted.selector, address(token), 0));
    }

    function test_propose_refuses_the_same_holder_twice_on_a_side() public {
        Cycle memory cycle = _cycle(1e18);
        cycle.legs[0].debits = _two(client, 0.5e18, client, 0.5e18);
        _refused(cycle, abi.encodeWithSelector(ISettlementBook.ObligationsNotSorted.selector, address(token), 1));
    }

    /// Whoever is on both sides is found, wherever it stands in the two lists.
    function test_propose_finds_a_holder_on_both_sides(uint8 payers, uint8 receivers, uint8 p, uint8 r) public {
        (payers, receivers) = (uint8(_bound(payers, 1, 8)), uint8(_bound(receivers, 1, 8)));
        (p, r) = (uint8(_bound(p, 0, payers - 1)), uint8(_bound(r, 0, receivers - 1)));
        Cycle memory cycle = _cycle(1e18);
        (cycle.legs[0].debits, cycle.legs[0].credits) = (new Obligation[](payers), new Obligation[](receivers));
        // Odd numbers pay, even numbers receive, and one of each is 1,000 further along.
        for (uint256 i; i < payers; ++i) {
            uint256 number = i < p ? 2 * i + 1 : i == p ? 1000 : 2000 + 2 * i + 1;
            cycle.legs[0].debits[i] = Obligation(address(uint160(number)), 840);
        }
        for (uint256 i; i < receivers; ++i) {
            uint256 number = i < r ? 2 * i + 2 : i == r ? 1000 : 2000 + 2 * i + 2;
            cycle.legs[0].credits[i] = Obligation(address(uint160(number)), 840 * uint256(payers) / receivers);
        }
        cycle.legs[0].credits[0].amount += 840 * uint256(payers) % receivers;
        bytes4 selector = ISettlementBook.HolderOnBothSides.selector;
        _refused(cycle, abi.encodeWithSelector(selector, address(token), address(1000)));
        cycle.legs[0].debits[p].holder = address(1001);
        _propose(cycle);
        vm.assertTrue(_open(cycle), "the control: apart, they are accepted");
    }

    function test_propose_refuses_to_balance_one_token_with_another() public {
        Cycle memory cycle = _cycle(0);
        cycle.legs = new Leg[](2);
        cycle.legs[0] = Leg(address(token), _one(client, 1), new Obligation[](0));
        cycle.legs[1] = Leg(address(type(uint160).max), new Obligation[](0), _one(venue, 1));
        _refused(cycle, abi.encodeWithSelector(ISettlementBook.ObligationsNotBalanced.selector, address(token), 1, 0));
    }

    function test_propose_refuses_signatures_over_another_cycle(uint256 field) public {
        Cycle memory cycle = _cycle(1e18);
        bytes32 signed = book.digestOf(cycle);
        field = _bound(field, 0, 4);
        if (field == 0) cycle.cutOff -= 1;
        if (field == 1) cycle.positionsDigest = "other";
        if (field == 2) (cycle.legs[0].debits[0].amount, cycle.legs[0].credits[0].amount) = (7, 7);
        if (field == 3) cycle.legs = new Leg[](0);
        if (field == 4) (cycle.legs[0].debits, cycle.legs[0].credits) = (cycle.legs[0].credits, cycle.legs[0].debits);
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
        _deploy(address(quorum));
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
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue, NOW));
        vm.prank(custodian);
        vault.release(wish, signature);
        _assertNothingMoved();
    }

    function test_digestOf_a_cycle_is_the_one_of_eip712(uint128[5] memory amounts) public view {
        Cycle memory cycle = _cycle(0);
        cycle.legs = new Leg[](2);
        cycle.legs[0] = Leg(address(token), _two(client, amounts[0], venue, amounts[1]), _one(client, amounts[2]));
        cycle.legs[1] = Leg(stranger, _one(venue, amounts[3]), _two(client, amounts[4], venue, 0));
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,"
                    "Leg[] legs)Leg(address token,Obligation[] debits,Obligation[] credits)"
                    "Obligation(address holder,uint256 amount)"
                ),
                cycle.venue,
                cycle.sequence,
                cycle.previousDigest,
                cycle.cutOff,
                cycle.positionsDigest,
                keccak256(abi.encodePacked(_hash(cycle.legs[0]), _hash(cycle.legs[1])))
            )
        );
        bytes32 domain = _domain("Bulkhead Settlement", address(book));
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        vm.assertEq(book.digestOf(cycle), expected, "typed data digest");
    }

    function _hash(Leg memory leg) private pure returns (bytes32) {
        bytes32 legType = keccak256(
            "Leg(address token,Obligation[] debits,Obligation[] credits)Obligation(address holder,uint256 amount)"
        );
        return keccak256(abi.encode(legType, leg.token, _hash(leg.debits), _hash(leg.credits)));
    }

    function _hash(Obligation[] memory list) private pure returns (bytes32) {
        bytes memory hashes;
        bytes32 kind = keccak256("Obligation(address holder,uint256 amount)");
        for (uint256 i; i < list.length; ++i) {
            hashes = abi.encodePacked(hashes, keccak256(abi.encode(kind, list[i])));
        }
        return keccak256(hashes);
    }

    function _refused(Cycle memory cycle, bytes memory reason) private {
        bytes memory wrong = _sign("stranger", book.digestOf(cycle));
        vm.expectRevert(reason);
        book.propose(cycle, wrong, wrong);
    }
}
