"""A desk's settings: what is read, and for each thing that is wrong the field, what was expected and what was found."""

from pathlib import Path

import pytest

from settlement.commands.desk_settings import read_settings
from settlement.commands.fields import InputError

NAMES = ("positions", "settlement", "vault", "minter", "token")
PLACES = "\n".join(f'{name} = "0x{at:040x}"' for at, name in enumerate(NAMES, 1))
GOOD = f"""
rpc_url = "http://127.0.0.1:8545"
chain_id = 31337

[asset]
symbol = "USDC"
scale = 6

[contracts]
{PLACES}

[keys.operator]
demonstration = "operator"
[keys.payer]
token = "desk"
library = "/usr/lib/pkcs11.so"
key = "payer"
pin_file = "pin.txt"
[keys.custodian]
keystore = "custodian.json"

[cycles]
client_bps = 500

[[venue]]
name = "harbour"
url = "https://harbour.example"
signer = "0x{7:040x}"
[[venue.party]]
name = "house"
holder = "0x{8:040x}"
[[venue.party]]
name = "fund"
holder = "0x{9:040x}"
[[venue.instrument]]
number = 1
name = "BTC-PERP"
asset = "0x{10:040x}"
lots_per_coin = 1000
tick_e6 = 100000
listed = 4
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "desk.toml"
    file.write_text(text)
    return file


def test_settings_are_read_with_their_defaults(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, GOOD))
    (venue,) = found.venues
    assert (found.name, found.node.depth, found.addresses.listed, found.scale) == ("desk", 2, {1: 4}, 6)
    assert (venue.url, venue.seats.parties) == ("https://harbour.example", ["house", "fund"])
    assert venue.instruments[1].symbol == "BTC-PERP"
    assert (found.thresholds.client_bps, found.thresholds.schedule_s, found.terms.confirmations) == (500, 14_400, 12)
    assert found.webhook_key is None
    assert read_settings(written(tmp_path, 'webhook_key = "k"' + GOOD)).webhook_key == Path("k")
    assert (found.keys["payer"].token, found.keys["custodian"].keystore) == ("desk", Path("custodian.json"))


@pytest.mark.parametrize(
    ("good", "bad", "why"),
    [
        ("chain_id = 31337", "", "desk.toml: chain_id: expected this field, found none"),
        ("chain_id = 31337", 'chain_id = "x"', "chain_id: expected a whole number"),
        ("http://127.0.0.1:8545", "localhost", "rpc_url: expected a URL of a node, found 'localhost'"),
        ("[asset]", "colour = 1\n[asset]", "'colour': expected one of the fields"),
        ("[asset]\nsymbol", "[money]\nsymbol", "'money': expected one of the fields"),
        ("0x0000000000000000000000000000000000000003", "0x03", "desk.toml: contracts: vault: expected an address"),
        ('demonstration = "operator"', "", "keys: operator: expected one key"),
        ('key = "payer"', "", "keys: payer: --key: expected this option beside --token"),
        ("[keys.custodian]\nkey", "[keys.custody]\nkey", "'custody': expected one of the fields operator, payer, cust"),
        ("client_bps = 500", "client_bsp = 500", "cycles: 'client_bsp': expected one of the fields schedule_s"),
        ("client_bps = 500", "client_bps = -1", "cycles: client_bps: expected a whole number that is not negative"),
        ('url = "https://harbour.example"', "", "venue 1: expected either url or folder, found neither"),
        ('name = "house"', 'name = "fund"', "venue 1: party: expected house first, and every name once"),
        ("lots_per_coin = 1000", "lots_per_coin = 3.5", "instrument 1: lots_per_coin: expected a whole number"),
        ('name = "BTC-PERP"', 'name = "BTC"', "venue 1: instrument 1: "),
        ("listed = 4", "", "instrument 1: listed: expected this field, found none"),
        ("chain_id", "chain id", "expected the settings of a desk in TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, good: str, bad: str, why: str) -> None:
    assert GOOD.count(good) >= 1
    with pytest.raises(InputError) as refused:
        read_settings(written(tmp_path, GOOD.replace(good, bad, 1)))
    assert why in str(refused.value)


def test_two_venues_have_no_instrument_number_in_common(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[venue]]") :].replace('"harbour"', '"quay"', 1)
    with pytest.raises(InputError, match="venue 2: instrument 1: is another venue's number already"):
        read_settings(written(tmp_path, GOOD + again))
