"""What lets somebody trust talkgen: licences of all that it brings, bills of materials, claims with their tests."""

import json
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "templates" / "node").glob("*/package-lock.json"))


def locked(lock: Path) -> set[tuple[str, str]]:
    """Names and versions of the npm packages in a lock file."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {
        (each.get("name", path.rpartition("node_modules/")[2]), each["version"])
        for path, each in packages.items()
        if path
    }


def pinned() -> set[tuple[str, str]]:
    """Names and versions in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {tuple(line.split("==")) for line in lines if "==" in line}


@pytest.fixture(scope="module")
def parts() -> list[dict[str, str]]:
    """What `talkgen licenses --json` lists."""
    command = [sys.executable, "-m", "talkgen", "licenses", "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_every_npm_package_has_a_licence(parts):
    """Each package of each lock file is listed under its tool."""
    for lock in LOCKS:
        listed = {(p["name"], p["version"]) for p in parts if p["kind"] == f"npm packages of {lock.parent.name}"}
        assert listed == locked(lock)


def test_every_direct_dependency_has_a_licence(parts):
    """What talkgen and its extras ask for is listed, with what that brings, and what each says of itself."""
    direct = {re.match(r"[\w.-]+", need)[0].lower().replace("_", "-") for need in requires("talkgen")} - {"talkgen"}
    assert {"torch", "uvicorn"} <= direct
    listed = {part["name"].lower().replace("_", "-"): part for part in parts if part["kind"] == "Python packages"}
    assert sorted(direct - listed.keys()) == []
    assert {"h11", "sympy"} <= listed.keys()  # through those two
    assert [name for name, part in listed.items() if part["license"] == "not stated in its package"] == []


def test_fonts_and_models_have_a_licence(parts):
    """Each font's licence text is beside it; each shipped and each pulled model is listed."""
    fonts = {part["name"] for part in parts if part["kind"] == "fonts"}
    named = {file.name.split("-")[0].lower() for file in (ROOT / "templates" / "fonts").rglob("*.woff2")}
    assert {name.lower().removesuffix("mono") for name in fonts} == named
    models = {part["name"]: part["license"] for part in parts if part["kind"] == "models"}
    shipped = {folder.name for folder in (ROOT / "talkgen" / "pretrained").iterdir() if folder.is_dir()}
    assert models.keys() == shipped | {"smollm2"}
    assert set(models.values()) == {"Apache-2.0"}


def test_licences_can_be_read():
    """Without --json a line a licence, under what it belongs to."""
    done = subprocess.run([sys.executable, "-m", "talkgen", "licenses"], capture_output=True, text=True, check=True)
    assert "fonts:\n  OFL-1.1: Inter, JetBrainsMono, " in done.stdout


def test_bills_of_materials_hold_what_is_pinned(tmp_path):
    """CycloneDX's own validator takes each; nothing of the pinned files is missing and nothing is added."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    subprocess.run([sys.executable, ROOT / ".ci" / "sbom.py", tmp_path], check=True, timeout=120)
    wanted = {lock.parent.name: locked(lock) for lock in LOCKS} | {"python": pinned()}
    for name, packages in wanted.items():
        text = (tmp_path / f"{name}.cdx.json").read_text(encoding="utf-8")
        bill = json.loads(text)
        version = SchemaVersion.from_version(bill["specVersion"])
        assert JsonStrictValidator(version).validate_str(text) is None
        found = {("/".join(filter(None, (c.get("group"), c["name"]))), c["version"]) for c in bill["components"]}
        assert found == packages


def test_claims_of_security_name_tests_that_exist():
    """Each claim in SECURITY.md is held by a test in the repository."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    never = text.split("## What is never run")[1].split("\n## ")[0]
    for claim in never.split("\n- ")[1:]:
        assert re.search(r"`tests/", claim), claim
    named = re.findall(r"`((?:tests|talkgen|templates)/[\w/.*-]+)`", text)
    assert [path for path in named if not list(ROOT.glob(path))] == []


@pytest.mark.parametrize("file", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.stem)
def test_workflows_and_templates_are_yaml(file):
    """Each file is one YAML document; a workflow asks for no more than it needs, and runs steps that are pinned."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    if file.parent.name != "workflows":
        return
    assert document["permissions"] in ({}, {"contents": "read"})
    for job in document["jobs"].values():
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert "@" in step.get("uses", "@")


def test_the_citation_is_this_version():
    """CITATION.cff names the version and licence that the package has."""
    from talkgen import __version__

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (__version__, "Apache-2.0")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
