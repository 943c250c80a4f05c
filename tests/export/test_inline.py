"""What is put into a page, and what Slidev's program is given of the environment."""

from talkgen.export import slidev
from talkgen.export.inline import inline_page
from talkgen.lm.fast import native


def test_no_text_of_a_script_ends_it(tmp_path):
    """However it is written."""
    (tmp_path / "a.js").write_text("x = '</script></SCRIPT></Script>'", encoding="utf-8")
    page = inline_page('<script src="a.js"></script>', tmp_path)
    assert page.lower().count("</script") == 1
    assert "<\\/SCRIPT>" in page


def test_slidev_runs_with_the_options_that_node_is_given(tmp_path, monkeypatch):
    """Ours come after the user's."""
    given = []
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=4096")
    monkeypatch.setattr(slidev, "run_node", lambda *_, env, **__: given.append(env["NODE_OPTIONS"]) or "")
    slidev._slidev(tmp_path, ["build"])
    assert given[0].startswith("--max-old-space-size=4096 --import=file:")


def test_processors_of_arm_are_told_apart(tmp_path, monkeypatch):
    """They say no name and no flags."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(native, "Path", lambda _: file)
    said = set()
    for part in ("0xd0c", "0xd4f"):
        file.write_text(
            f"processor: 0\nFeatures: fp asimd\nCPU implementer: 0x41\nCPU part: {part}\n", encoding="utf-8"
        )
        said.add(native._processor())
    assert len(said - {""}) == 2
