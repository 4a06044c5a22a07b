// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchCodec} from "../../src/libraries/BatchCodec.sol";
import {Symbolic} from "./Symbolic.sol";

/// What is written is what is read, and what stands beside it does not matter: for any row and run, as the second of
/// three in a list. Where in a list does not change what is read: the place enters by one addition.
contract SymbolicBatch is Symbolic {
    function check_a_row_is_read_as_it_was_written(
        uint32 page,
        uint24 runs,
        uint8 lanes,
        uint256 marks,
        uint256 funding
    ) public {
        bytes memory row = abi.encodePacked(page, runs, lanes, marks, funding);
        bytes memory table = bytes.concat(_other(72), row, _other(72));
        (uint256 page_, uint256 runs_, uint256 lanes_, uint256 marks_, uint256 funding_) = this.row(table);
        assert(row.length == BatchCodec.ROW_BYTES);
        assert(page_ == page && runs_ == runs && lanes_ == lanes);
        assert(marks_ == marks && funding_ == funding);
    }

    function check_a_run_is_read_as_it_was_written(address account, uint256 lots, uint256 cash) public {
        bytes memory run_ = abi.encodePacked(account, lots, cash);
        (uint256 account_, uint256 lots_, uint256 cash_) = this.run(bytes.concat(_other(84), run_, _other(84)));
        assert(run_.length == BatchCodec.RUN_BYTES);
        assert(account_ == uint160(account) && lots_ == lots && cash_ == cash);
    }

    function reach_a_run_of_somebody(address account, uint256 lots) public {
        bytes memory run_ = abi.encodePacked(account, lots, lots);
        (uint256 account_, uint256 lots_,) = this.run(bytes.concat(_other(84), run_, _other(84)));
        assert(account_ == 0 || lots_ == 0);
    }

    function row(bytes calldata table) external pure returns (uint256, uint256, uint256, uint256, uint256) {
        return BatchCodec.row(table, BatchCodec.ROW_BYTES);
    }

    function run(bytes calldata runs) external pure returns (uint256, uint256, uint256) {
        return BatchCodec.run(runs, BatchCodec.RUN_BYTES);
    }

    function _other(uint256 length) private returns (bytes memory) {
        return svm.createBytes(length, "neighbour");
    }
}
