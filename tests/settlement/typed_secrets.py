"""The command at a terminal of its own, where somebody types secrets: what stood on the screen is what was echoed."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from tests.settlement.ledger_day import Ran

# A process that leads its session and has no terminal gets the first that it opens: that is what /dev/tty is then.
COMMAND = (
    "import os, sys; os.close(os.open(sys.argv.pop(1), os.O_RDWR)); from settlement.cli import main; sys.exit(main())"
)

QUESTION = re.compile(rb"(?:Password for|Password of|PIN of|The same again)[^\n]*: \Z")
END_OF_FILE = "\x04"


def typed(*arguments: object, answers: Sequence[str], given: str = "") -> Ran:
    """Run a command and type an answer to each question; `given` is its standard input, which is no terminal.

    `complained` of the answer is all that stood on the screen.
    """
    watching, terminal = pty.openpty()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as asked:
        asked.write(given)
        asked.seek(0)
        command = [sys.executable, "-c", COMMAND, os.ttyname(terminal), *map(str, arguments)]
        with subprocess.Popen(command, stdin=asked, stdout=said, stderr=terminal, start_new_session=True) as process:
            os.close(terminal)
            shown = _conversation(watching, list(answers))
            status = process.wait(timeout=60)
        said.seek(0)
        return Ran(status, said.read(), shown.replace("\r\n", "\n"))


def without_terminal(*arguments: object, given: str) -> Ran:
    """Run a command that nobody sits at; `given` is its standard input."""
    command = [sys.executable, "-c", "import sys; from settlement.cli import main; sys.exit(main())"]
    ran = subprocess.run(
        [*command, *map(str, arguments)], input=given, capture_output=True, text=True, check=False, timeout=60,
        start_new_session=True,
    )  # fmt: skip
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def _conversation(watching: int, answers: list[str]) -> str:
    shown = b""
    while True:
        try:
            piece = os.read(watching, 65_536)
        except OSError:  # nobody has the terminal any more
            os.close(watching)
            return shown.decode()
        shown += piece
        if QUESTION.search(shown):
            answer = f"{answers.pop(0)}\n" if answers else END_OF_FILE  # a question too many must not hang the test
            os.write(watching, answer.encode())
