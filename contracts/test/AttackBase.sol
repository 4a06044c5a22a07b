// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {SettlementBook} from "../src/SettlementBook.sol";
import {Leg, Obligation} from "../src/interfaces/ICollateralVault.sol";
import {Cycle} from "../src/interfaces/ISettlementBook.sol";
import {Base} from "./Base.sol";
import {HostileToken} from "./HostileTokens.sol";

/// What somebody would try, each as a test that says how far it gets. Everybody here holds 100 of each token.
abstract contract AttackBase is Base {
    uint64 internal constant NOW = 1_760_000_000;
    uint64 internal constant WINDOW_S = 1 hours;
    uint256 internal constant DELAY_S = 3 days;
    uint256 internal constant DEPOSIT = 100e18;

    address internal immutable custodian = _party("custodian");
    address internal immutable redemption = _party("redemption");
    address internal immutable client = _party("client");
    address internal immutable other = _party("other client");
    address internal immutable venue = _party("venue");
    address internal immutable elsewhere = _party("another venue");

    HostileToken internal token;
    HostileToken internal sound;
    CollateralVault internal vault;
    SettlementBook internal book;

    function setUp() public {
        vm.warp(NOW);
        (token, sound) = (new HostileToken(), new HostileToken());
        (vault, book) = _deploy();
    }

    function _deploy() internal returns (CollateralVault v, SettlementBook b) {
        v = new CollateralVault(admin, redemption, DELAY_S);
        b = new SettlementBook(admin, v, custodian, WINDOW_S);
        (bytes32 credits, bytes32 pauses) = (v.CUSTODIAN_ROLE(), v.PAUSER_ROLE());
        vm.startPrank(admin);
        v.grantRole(credits, custodian);
        v.grantRole(pauses, admin);
        v.appointSettlement(address(b));
        b.registerVenue(venue, venue);
        b.registerVenue(elsewhere, elsewhere);
        vm.stopPrank();
        address[3] memory holders = [client, other, venue];
        for (uint256 i; i < holders.length; ++i) {
            _fund(v, token, holders[i], venue);
            _fund(v, sound, holders[i], venue);
        }
    }

    function _fund(CollateralVault v, HostileToken t, address holder, address where) internal {
        t.mint(address(v), DEPOSIT);
        vm.prank(custodian);
        v.credit(holder, where, address(t), DEPOSIT);
    }

    function _held(address holder) internal view returns (uint256) {
        return vault.balanceOf(holder, venue, address(token));
    }

    /// The venue's next cycle, in which one holder pays another.
    function _cycle(address payer, address receiver, uint256 amount) internal view returns (Cycle memory cycle) {
        cycle.venue = venue;
        (cycle.sequence, cycle.previousDigest,) = book.headOf(venue);
        ++cycle.sequence;
        cycle.cutOff = uint64(block.timestamp);
        cycle.legs = new Leg[](1);
        cycle.legs[0] = Leg(address(token), new Obligation[](1), new Obligation[](1));
        cycle.legs[0].debits[0] = Obligation(payer, amount);
        cycle.legs[0].credits[0] = Obligation(receiver, amount);
    }

    function _propose(Cycle memory cycle) internal {
        bytes32 digest = book.digestOf(cycle);
        book.propose(cycle, _sign("venue", digest), _sign("custodian", digest));
    }

    function _requestExit(address holder) internal {
        vm.prank(holder);
        vault.requestExit(venue, address(token));
    }

    function _exited(address holder) internal {
        _requestExit(holder);
        vm.warp(block.timestamp + DELAY_S);
        vault.exit(holder, venue, address(token));
    }
}
