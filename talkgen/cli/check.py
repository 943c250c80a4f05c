"""`talkgen check`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from talkgen.cli.build import ModelOption, Target, VarOption
from talkgen.cli.console import Json, Quiet, Talk, out, out_json, reporter
from talkgen.cli.given import variables

if TYPE_CHECKING:
    from talkgen.check.findings import Finding


class Severity(StrEnum):
    """How much a finding weighs."""

    note = "note"
    warning = "warning"
    error = "error"


def check(
    outline: Talk,
    target: Annotated[
        list[Target] | None,
        typer.Option("--target", "-t", help="Look at this deck, instead of at those that were built; may be repeated."),
    ] = None,
    fail_on: Annotated[
        Severity, typer.Option("--fail-on", help="The least severity of a finding that gives exit code 1.")
    ] = Severity.error,
    model: ModelOption = None,
    var: VarOption = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", metavar="FILE", help="Also write the findings as SARIF 2.1.0.")
    ] = None,
    links: Annotated[
        bool, typer.Option("--links", help="Also ask the web whether the talk's links lead anywhere.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Looks at a talk and its built decks before the stage, and lists what is to be mended with its line.

    Words: text that YAML takes for a comment, key terms (`terms`) that are spelled in two ways, slides without notes,
    minutes (`duration`) that do not fit into the talk's `slot`. Decks: what is stale or damaged, recordings that are
    not there, and, slide by slide in the installed browser, what does not fit, contrast, text that is too small,
    pictures without words, other hosts.

    Examples:
      talkgen check slides/attention
      talkgen check slides/attention --target marp --fail-on warning
      talkgen check slides/attention --links
      talkgen check slides/attention --sarif findings.sarif
    """
    from talkgen.check.findings import is_as_bad
    from talkgen.check.sarif import to_sarif
    from talkgen.check.talk import check_talk
    from talkgen.files import write_json
    from talkgen.pipeline.request import Request

    request = Request(Path(outline), model=model, vars=variables(var))
    targets = [each.value for each in target or ()]
    findings = check_talk(request, targets, reporter(quiet), links=links)
    if sarif:
        write_json(sarif, to_sarif(findings, Path.cwd()))
    bad = [each for each in findings if is_as_bad(each, fail_on.value)]
    if json:
        out_json({"findings": [each.to_json() for each in findings], "failed": len(bad)})
    else:
        _show(findings)
    if bad:
        raise typer.Exit(1)


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        out(str(finding))
    counts = {severity: sum(each.severity == severity.value for each in findings) for severity in reversed(Severity)}
    out(", ".join(f"{count} {severity.value}{'' if count == 1 else 's'}" for severity, count in counts.items()))
