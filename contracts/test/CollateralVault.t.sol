// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CollateralVault} from "../src/CollateralVault.sol";
import {CustodyToken} from "../src/CustodyToken.sol";
import {ICollateralVault, Move, Release} from "../src/interfaces/ICollateralVault.sol";
import {Base, ContractSigner} from "./Base.sol";

contract CollateralVaultTest is Base {
    event CompartmentCredited(address indexed holder, address indexed venue, address indexed token, uint256 amount);
    event CompartmentReleased(
        address indexed holder, address indexed venue, address indexed token, uint256 amount, uint256 nonce
    );
    event CompartmentsSettled(address indexed venue, uint256 moves);
    event LockSet(address indexed venue, bool locked);

    uint256 internal constant DEPOSIT = 100e18;
    uint256 internal constant NOW = 1_760_000_000;

    address internal immutable custodian = _party("custodian");
    address internal immutable settlement = _party("settlement");
    address internal immutable redemption = _party("redemption");
    address internal immutable client = _party("client");
    address internal immutable other = _party("other client");
    address internal immutable venue = _party("venue");
    address internal immutable elsewhere = _party("another venue");

    CollateralVault internal vault;
    CustodyToken internal token;

    function setUp() public {
        vm.warp(NOW);
        token = _newToken();
        vault = new CollateralVault(admin, redemption);
        (bytes32 credits, bytes32 settles) = (vault.CUSTODIAN_ROLE(), vault.SETTLEMENT_ROLE());
        vm.startPrank(admin);
        vault.grantRole(credits, custodian);
        vault.grantRole(settles, settlement);
        token.setDestinationAllowed(redemption, true);
        vm.stopPrank();
        _fund(client, venue, DEPOSIT);
        _fund(other, venue, DEPOSIT);
        _fund(client, elsewhere, DEPOSIT);
    }

    // credit

    function test_credit_refuses_everybody_but_the_custodian_first(address caller) public {
        vm.assume(caller != custodian);
        bytes32 role = vault.CUSTODIAN_ROLE();
        _expectUnauthorized(caller, role);
        vm.prank(caller);
        vault.credit(client, venue, address(token), DEPOSIT);
    }

    function test_credit_refuses_what_is_not_there_and_accepts_all_that_is(uint128 arrived) public {
        _mint(address(vault), arrived);
        _refusedCredit(arrived, uint256(arrived) + 1);

        vm.expectEmit();
        emit CompartmentCredited(other, venue, address(token), arrived);
        vm.prank(custodian);
        vault.credit(other, venue, address(token), arrived);
        vm.assertEq(vault.balanceOf(other, venue, address(token)), DEPOSIT + arrived, "the whole arrival");
        vm.assertEq(vault.total(address(token)), 3 * DEPOSIT + arrived, "total follows");
        _refusedCredit(0, 1);
    }

    function test_credit_names_nothing_as_unallocated_where_the_minter_burned_at_the_vault() public {
        vm.prank(minter);
        token.adminBurn(address(vault), 1);
        _refusedCredit(0, 1);
    }

    // release

    /// Cures one fault at a time: the order of the refusals is the order of the cures.
    function test_release_refuses_in_order_of_precedence() public {
        vm.prank(settlement);
        vault.setLock(venue, true);
        Release memory wish = Release(client, venue, address(token), DEPOSIT + 1, 5, NOW - 1);

        _refusedRelease(wish, "other client", abi.encodeWithSelector(_expired(), NOW - 1, NOW));
        wish.deadline = NOW;
        _refusedRelease(wish, "other client", abi.encodeWithSelector(ICollateralVault.WrongNonce.selector, 0, 5));
        wish.nonce = 0;
        _refusedRelease(wish, "other client", abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
        _refusedRelease(wish, "client", abi.encodeWithSelector(ICollateralVault.SettlementPending.selector, venue));
        vm.prank(settlement);
        vault.setLock(venue, false);
        _refusedRelease(wish, "client", _exceeds(client, DEPOSIT, DEPOSIT + 1));
        wish.amount = DEPOSIT;
        vault.release(wish, _sign("client", vault.digestOf(wish)));
    }

    function test_release_moves_one_compartment_to_redemption_and_no_other(uint256 amount) public {
        amount = _bound(amount, 0, DEPOSIT);
        Release memory wish = _wish(amount);
        bytes memory signature = _sign("client", vault.digestOf(wish));
        vm.expectEmit();
        emit CompartmentReleased(client, venue, address(token), amount, 0);
        vm.prank(stranger); // anyone may send it
        vault.release(wish, signature);

        vm.assertEq(vault.balanceOf(client, venue, address(token)), DEPOSIT - amount, "released");
        vm.assertEq(vault.balanceOf(client, elsewhere, address(token)), DEPOSIT, "the same client elsewhere");
        vm.assertEq(vault.balanceOf(other, venue, address(token)), DEPOSIT, "another client at the venue");
        vm.assertEq(vault.total(address(token)), 3 * DEPOSIT - amount, "total");
        vm.assertEq(token.balanceOf(redemption), amount, "claims wait for redemption");
        _refusedRelease(wish, "client", abi.encodeWithSelector(ICollateralVault.WrongNonce.selector, 1, 0));
    }

    function test_release_refuses_a_signature_over_anything_else(uint256 field) public {
        Release memory signed = _wish(1);
        bytes memory signature = _sign("client", vault.digestOf(signed));
        Release memory wish = _wish(1);
        field = _bound(field, 0, 3);
        if (field == 0) wish.venue = elsewhere;
        if (field == 1) wish.token = stranger;
        if (field == 2) wish.amount = 2;
        if (field == 3) wish.deadline = NOW + 1;
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
        vault.release(wish, signature);
    }

    function test_release_refuses_the_mirrored_signature_and_broken_ones() public {
        Release memory wish = _wish(1);
        bytes32 digest = vault.digestOf(wish);
        bytes[3] memory broken = [_signHighS("client", digest), bytes(""), new bytes(65)];
        for (uint256 i; i < broken.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, client));
            vault.release(wish, broken[i]);
        }
    }

    function test_release_asks_a_holder_that_is_a_contract() public {
        ContractSigner fund = new ContractSigner();
        _fund(address(fund), venue, DEPOSIT);
        Release memory wish = Release(address(fund), venue, address(token), DEPOSIT, 0, NOW);
        vm.expectRevert(abi.encodeWithSelector(ICollateralVault.WrongSigner.selector, address(fund)));
        vault.release(wish, "");
        fund.approve(vault.digestOf(wish));
        vault.release(wish, "");
        vm.assertEq(token.balanceOf(redemption), DEPOSIT, "released");
    }

    function test_a_lock_at_one_venue_leaves_the_others_open() public {
        vm.prank(settlement);
        vault.setLock(elsewhere, true);
        Release memory wish = _wish(1);
        vault.release(wish, _sign("client", vault.digestOf(wish)));
    }

    function test_digestOf_a_release_is_the_one_of_eip712() public view {
        Release memory wish = _wish(7);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Bulkhead Vault"),
                keccak256("1"),
                block.chainid,
                address(vault)
            )
        );
        bytes32 typeHash = keccak256(
            "Release(address holder,address venue,address token,uint256 amount,uint256 nonce,uint256 deadline)"
        );
        bytes32 expected = keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(typeHash, wish))));
        vm.assertEq(vault.digestOf(wish), expected, "typed data digest");
    }

    // settle

    function test_settle_and_lock_refuse_everybody_but_the_settlement_book_first(address caller) public {
        vm.assume(caller != settlement);
        bytes32 role = vault.SETTLEMENT_ROLE();
        _expectUnauthorized(caller, role);
        vm.prank(caller);
        vault.settle(venue, _moves(client, 1, other, 1));
        _expectUnauthorized(caller, role);
        vm.prank(caller);
        vault.setLock(venue, true);
    }

    function test_settle_refuses_a_debit_beyond_its_own_compartment_whatever_lies_elsewhere(uint256 excess) public {
        excess = _bound(excess, 1, uint256(type(int256).max) - DEPOSIT);
        _refusedSettle(
            _moves(client, -int256(DEPOSIT + excess), other, int256(DEPOSIT + excess)),
            _exceeds(client, DEPOSIT, DEPOSIT + excess)
        );
        _refusedSettle(_moves(client, type(int256).min, other, 1), _exceeds(client, DEPOSIT, 1 << 255));
    }

    function test_settle_refuses_moves_that_do_not_sum_to_zero_per_token(int128 pays, int128 receives) public {
        pays = int128(int256(_bound(uint128(pays), 1, DEPOSIT)));
        vm.assume(receives > 0 && receives != pays);
        _refusedSettle(
            _moves(client, -int256(pays), other, receives),
            abi.encodeWithSelector(
                ICollateralVault.MovesNotZeroSum.selector, address(token), int256(receives) - int256(pays)
            )
        );
    }

    function test_settle_refuses_to_balance_one_token_with_another() public {
        Move[] memory moves = _moves(client, -1, other, 1);
        moves[1].token = stranger;
        _refusedSettle(
            moves, abi.encodeWithSelector(ICollateralVault.MovesNotZeroSum.selector, address(token), int256(-1))
        );
    }

    function test_settle_moves_what_is_owed_within_one_venue(uint256 amount) public {
        amount = _bound(amount, 0, DEPOSIT);
        vm.expectEmit();
        emit CompartmentsSettled(venue, 2);
        vm.prank(settlement);
        vault.settle(venue, _moves(client, -int256(amount), other, int256(amount)));
        vm.assertEq(vault.balanceOf(client, venue, address(token)), DEPOSIT - amount, "payer");
        vm.assertEq(vault.balanceOf(other, venue, address(token)), DEPOSIT + amount, "receiver");
        vm.assertEq(vault.balanceOf(client, elsewhere, address(token)), DEPOSIT, "the payer elsewhere");
        vm.assertEq(vault.total(address(token)), 3 * DEPOSIT, "a settlement creates nothing");
        vm.assertEq(token.balanceOf(address(vault)), 3 * DEPOSIT, "no token moves");
    }

    function test_lock_is_announced_and_read_back() public {
        vm.expectEmit();
        emit LockSet(venue, true);
        vm.prank(settlement);
        vault.setLock(venue, true);
        vm.assertTrue(vault.isLocked(venue), "locked");
        vm.assertFalse(vault.isLocked(elsewhere), "one venue only");
    }

    function _mint(address to, uint256 amount) private {
        vm.prank(minter);
        token.mint(to, amount);
    }

    function _fund(address holder, address where, uint256 amount) private {
        _mint(address(vault), amount);
        vm.prank(custodian);
        vault.credit(holder, where, address(token), amount);
    }

    function _wish(uint256 amount) private view returns (Release memory) {
        return Release(client, venue, address(token), amount, vault.nonceOf(client), NOW);
    }

    function _moves(address first, int256 a, address second, int256 b) private view returns (Move[] memory moves) {
        moves = new Move[](2);
        moves[0] = Move(first, address(token), a);
        moves[1] = Move(second, address(token), b);
    }

    function _expired() private pure returns (bytes4) {
        return ICollateralVault.ReleaseExpired.selector;
    }

    function _exceeds(address holder, uint256 balance, uint256 amount) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            ICollateralVault.ExceedsCompartment.selector, holder, venue, address(token), balance, amount
        );
    }

    function _refusedCredit(uint256 unallocated, uint256 amount) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICollateralVault.ExceedsUnallocated.selector, address(token), unallocated, amount)
        );
        vm.prank(custodian);
        vault.credit(client, venue, address(token), amount);
    }

    function _refusedRelease(Release memory wish, string memory signer, bytes memory reason) private {
        bytes memory signature = _sign(signer, vault.digestOf(wish));
        vm.expectRevert(reason);
        vault.release(wish, signature);
    }

    function _refusedSettle(Move[] memory moves, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(settlement);
        vault.settle(venue, moves);
    }
}
