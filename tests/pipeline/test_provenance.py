"""Where a result comes from."""

from talkgen.pipeline.provenance import git_revision


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    """A machine may have none; that stops no build."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_revision(tmp_path) is None
