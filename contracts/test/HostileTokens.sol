// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A token that does as it is told, for tests of what holds tokens: it may call whoever receives or sends in the middle
/// of a transfer, keep a part of it as a fee, answer false, or answer nothing.
contract HostileToken {
    mapping(address holder => uint256) public balanceOf;
    uint256 public feeBps;
    bool public answersFalse;
    bool public answersNothing;
    /// Called in the middle of a transfer, before the balances change, and again after.
    address public calledBack;
    bytes public call;
    uint256 public callsThatSucceeded;
    bytes public lastAnswer;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function setAnswers(bool false_, bool nothing) external {
        (answersFalse, answersNothing) = (false_, nothing);
    }

    function setCall(address to, bytes calldata what) external {
        (calledBack, call) = (to, what);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (answersFalse) return false;
        _callBack();
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount - amount * feeBps / 10_000;
        _callBack();
        if (answersNothing) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }

    function _callBack() private {
        if (calledBack == address(0)) return;
        (bool done, bytes memory said) = calledBack.call(call);
        if (done) ++callsThatSucceeded;
        lastAnswer = said;
    }
}

/// A holder that is a contract, and calls whatever it is told to when a token calls it back.
contract ReentrantHolder {
    function act(address to, bytes calldata what) external returns (bool done) {
        (done,) = to.call(what);
    }
}
