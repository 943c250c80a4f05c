"""Findings as SARIF 2.1.0, which code hosts show beside the lines: an OASIS standard of December 2020."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from talkgen import __version__
from talkgen.check.findings import RULES, Finding
from talkgen.errors import Place


def to_sarif(findings: Sequence[Finding], root: Path) -> dict[str, Any]:
    """One run of talkgen; the names of files are seen from `root`, where they are below it."""
    rules = [
        {"id": name, "shortDescription": {"text": rule.says}, "defaultConfiguration": {"level": rule.severity}}
        for name, rule in RULES.items()
    ]
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "talkgen", "version": __version__, "rules": rules}},
                "results": [_result(finding, root) for finding in findings],
            }
        ],
    }


def _result(finding: Finding, root: Path) -> dict[str, Any]:
    problem = finding.problem
    text = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": list(RULES).index(finding.rule),
        "level": finding.severity,
        "message": {"text": text},
    }
    if problem.place:
        result["locations"] = [_location(problem.place, root)]
    return result


def _location(place: Place, root: Path) -> dict[str, Any]:
    path, root = place.path.resolve(), root.resolve()
    artifact = (
        {"uri": quote(path.relative_to(root).as_posix()), "uriBaseId": "%SRCROOT%"}
        if path.is_relative_to(root)
        else {"uri": path.as_uri()}
    )
    return {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }
