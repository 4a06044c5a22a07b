// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {SettlementBook} from "../src/SettlementBook.sol";
import {Leg, Obligation} from "../src/interfaces/ICollateralVault.sol";
import {Cycle} from "../src/interfaces/ISettlementBook.sol";
import {Base} from "./Base.sol";

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
        _deploy(custodian);
    }

    function _deploy(address coSigner) internal {
        vault = new CollateralVault(admin, _party("redemption"), 3 days);
        book = new SettlementBook(admin, vault, coSigner, WINDOW_S);
        (bytes32 credits, bytes32 pauses) = (vault.CUSTODIAN_ROLE(), vault.PAUSER_ROLE());
        vm.startPrank(admin);
        vault.grantRole(credits, custodian);
        vault.grantRole(pauses, admin);
        vault.appointSettlement(address(book));
        book.registerVenue(venue, venueSigner);
        vm.stopPrank();
        _fund(client, DEPOSIT);
        _fund(venue, DEPOSIT);
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
        cycle.legs = new Leg[](amount == 0 ? 0 : 1);
        if (amount == 0) return cycle;
        (address payer, address receiver) = amount > 0 ? (client, venue) : (venue, client);
        uint256 size = amount > 0 ? uint256(amount) : uint256(-amount);
        cycle.legs[0] = Leg(address(token), _one(payer, size), _one(receiver, size));
    }

    function _one(address holder, uint256 amount) internal pure returns (Obligation[] memory list) {
        list = new Obligation[](1);
        list[0] = Obligation(holder, amount);
    }

    /// In the order of their addresses.
    function _two(address first, uint256 a, address second, uint256 b)
        internal
        pure
        returns (Obligation[] memory list)
    {
        list = new Obligation[](2);
        (list[0], list[1]) = (Obligation(first, a), Obligation(second, b));
        if (second < first) (list[0], list[1]) = (list[1], list[0]);
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
