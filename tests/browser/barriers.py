"""What axe-core finds in a page: barriers for who cannot see it well, or hears it."""

from talkgen.export.node import npm_packages

FOUND = """async part => {
  const { violations, incomplete } = await axe.run(part);
  const serious = [...violations, ...incomplete.filter(({ id }) => id.startsWith("aria-"))];
  const bad = serious.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return bad.map(({ id, nodes }) => [id, nodes[0].html]);
}"""


def barriers(page, part: str = "html") -> list[list[str]]:
    """The rules that a part of a page breaks, each with the first such element; but for what a test's page lacks."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=npm_packages("browser", print) / "node_modules" / "axe-core" / "axe.min.js")
    return [found for found in page.evaluate(FOUND, part) if not found[0].startswith(("html-", "document-"))]
