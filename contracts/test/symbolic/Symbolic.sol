// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The part of halmos' cheatcodes that these proofs use. Add a line when a proof needs one.
interface SymbolicVm {
    function assume(bool) external pure;
    function prank(address) external;
}

interface Symbols {
    function createBytes(uint256 length, string calldata name) external returns (bytes memory);
    function enableSymbolicStorage(address) external;
}

/// Proofs are over every argument at once. `check_…` is proved. `reach_…` claims that what the proofs are about never
/// happens, and has to be refuted: the control that they are not about nothing. forge runs neither.
abstract contract Symbolic {
    SymbolicVm internal constant vm = SymbolicVm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Symbols internal constant svm = Symbols(address(uint160(uint256(keccak256("svm cheat code")))));
}
