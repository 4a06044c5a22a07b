// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarkFeed} from "../src/MarkFeed.sol";
import {MarkBatch, SourceSignature} from "../src/interfaces/IMarkFeed.sol";
import {Base} from "./Base.sol";

/// Five sources, of whom three must sign; the n-th address has the key of `roles[n]`.
abstract contract MarkFeedBase is Base {
    uint64 internal constant NOW = 1_770_336_000;
    uint64 internal constant HEARTBEAT = 3600;
    uint24 internal constant SURE = 1_000_000;

    MarkFeed internal feed;
    string[] internal roles;

    function _newFeed() internal returns (MarkFeed) {
        string[5] memory names = ["source one", "source two", "source three", "source four", "source five"];
        for (uint256 i; i < names.length; ++i) {
            uint256 place = roles.length;
            roles.push(names[i]);
            for (; place > 0 && _party(roles[place - 1]) > _party(names[i]); --place) {
                roles[place] = roles[place - 1];
            }
            roles[place] = names[i];
        }
        return new MarkFeed(admin, HEARTBEAT, _sources(5), 3);
    }

    /// The first `count` sources, ascending.
    function _sources(uint256 count) internal view returns (address[] memory sources) {
        sources = new address[](count);
        for (uint256 i; i < count; ++i) {
            sources[i] = _party(roles[i]);
        }
    }

    function _mark(uint32 instrument, uint64 price, uint24 confidence) internal pure returns (bytes memory) {
        return abi.encodePacked(instrument, price, confidence);
    }

    /// One mark in the edition in force.
    function _batch(uint64 asOf, uint32 instrument, uint64 price) internal view returns (MarkBatch memory) {
        (uint64 edition,,) = feed.sourceSet();
        return MarkBatch(edition, asOf, _mark(instrument, price, SURE));
    }

    /// Signed by every source whose bit is set.
    function _signed(MarkBatch memory batch, uint256 who) internal view returns (SourceSignature[] memory signatures) {
        bytes32 digest = feed.digestOf(batch);
        signatures = new SourceSignature[](_count(who));
        uint256 next;
        for (uint256 i; i < roles.length; ++i) {
            if (who >> i & 1 == 1) {
                signatures[next++] = SourceSignature(_party(roles[i]), _sign(roles[i], digest));
            }
        }
    }

    function _count(uint256 who) internal view returns (uint256 signers) {
        for (uint256 i; i < roles.length; ++i) {
            signers += who >> i & 1;
        }
    }

    function _publish(uint64 asOf, uint32 instrument, uint64 price) internal {
        MarkBatch memory batch = _batch(asOf, instrument, price);
        feed.publish(batch, _signed(batch, 7));
    }
}
