"""What is asked of Derive's sub-accounts and wrappers: as few functions as a cycle and its reconciliation need.

Shapes are those of specs/derive_actions.md §7 (balances by account, asset and sub-id; batches of transfers that apply
as a whole) and specs/custody_token.md §6 (a wrapper with listed sub-accounts); amounts there have 18 decimals.
"""

from eth_utils.crypto import keccak

from settlement.abi import Artifact, Entry

_BALANCES = "(address,uint256,int256)[]"
_TRANSFERS = "(uint256,uint256,address,uint256,int256,bytes32)[]"


def _function(name: str, inputs: tuple[str, ...], outputs: tuple[str, ...] = ()) -> Entry:
    selector = keccak(text=f"{name}({','.join(inputs)})")[:4]
    return Entry(name, selector, ("",) * len(inputs), inputs, outputs)


def _interface(name: str, *entries: Entry) -> Artifact:
    return Artifact(name, b"", (), {entry.name: entry for entry in entries}, {})


SUB_ACCOUNTS = _interface(
    "SubAccounts",
    _function("lastAccountId", (), ("uint256",)),
    _function("ownerOf", ("uint256",), ("address",)),
    _function("getBalance", ("uint256", "address", "uint256"), ("int256",)),
    _function("getAccountBalances", ("uint256",), (_BALANCES,)),
    _function("submitTransfers", (_TRANSFERS, "bytes"), ("uint256",)),
)
WRAPPER = _interface(
    "Wrapper",
    _function("wrappedAsset", (), ("address",)),
    _function("deposit", ("uint256", "uint256")),
    _function("withdraw", ("uint256", "uint256", "address")),
)
