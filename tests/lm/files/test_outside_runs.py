"""Runs that other programs trained: their logs in our columns, their weights, what figures and prose make of them."""

import csv
import json
import math

import pytest
import torch
import yaml
from model_folders import byte_pairs
from torch.utils.tensorboard import SummaryWriter
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.elements import training
from talkgen.elements.base import Asked
from talkgen.errors import ModelError
from talkgen.figures.base import Canvas
from talkgen.figures.registry import load_figure
from talkgen.lm.answer.callers import Caller
from talkgen.lm.answer.engine import Engine
from talkgen.lm.files import run
from talkgen.lm.files.adding import add_run
from talkgen.lm.files.catalog import find_model, find_run
from talkgen.lm.files.logs import read_log
from talkgen.lm.files.run import Run, guess_columns
from talkgen.lm.files.weights import load_model
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.status import status
from talkgen.style import load_style

STEPS = (10, 20, 30, 40)
LOSSES = {step: 2 + 4 / math.sqrt(step) for step in STEPS}


def write_csv(folder):
    with (folder / "log.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Step", "train/loss", "eval/loss", "note"])
        rows.writerows([step, loss, loss + 0.1, "fine"] for step, loss in LOSSES.items())


def write_spreadsheet(folder):
    rows = "".join(f"{step};{loss};{loss + 0.1};fine\n" for step, loss in LOSSES.items())
    (folder / "log.csv").write_text("Step;Train/Loss;Eval/Loss;note\n" + rows.replace(".", ","))


def write_lines(folder):
    rows = [{"iter": step, "train_loss": loss, "val_loss": loss + 0.1} for step, loss in LOSSES.items()]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "train.jsonl").write_text(text + '{"iter": 50, "train_lo')


def write_state(folder):
    rows = [{"step": step, "loss": loss, "learning_rate": 1e-3} for step, loss in LOSSES.items()]
    rows += [{"step": step, "eval_loss": loss + 0.1} for step, loss in LOSSES.items()]
    rows.append({"step": 40, "train_loss": 3.3, "train_runtime": 1.5})
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": 40, "log_history": rows}))


def write_events(folder):
    with SummaryWriter(folder / "logs") as writer:
        for step, loss in LOSSES.items():
            writer.add_scalar("train/loss", loss, step)
            writer.add_scalar("eval/loss", loss + 0.1, step)
            writer.add_text("a text", "is no number", step)


WRITERS = {
    "csv": write_csv,
    "spreadsheet": write_spreadsheet,
    "jsonl": write_lines,
    "trainer": write_state,
    "events": write_events,
}


@pytest.fixture(autouse=True)
def project(tmp_path, own_cache, monkeypatch):
    """A project of its own, with what is trained elsewhere beside it."""
    for name in ("project", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def canvas(project):
    """A figure's usual canvas."""
    return Canvas(load_style("night", project), 1152, 470)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("added", [True, False])
def test_every_kind_of_log_is_the_same_run(kind, added, project, tmp_path):
    """Added from elsewhere, or lying in `runs/`: the same steps and losses in our columns, each step once."""
    folder = tmp_path / "elsewhere" if added else project / "runs" / "mine"
    folder.mkdir(parents=True, exist_ok=True)
    WRITERS[kind](folder)
    if added:
        add_run("mine", folder, project, {}, {"tokens_per_step": 64})
    rows = find_run("mine", project).log()
    assert [row["step"] for row in rows] == list(STEPS)
    assert [row["loss"] for row in rows] == pytest.approx(list(LOSSES.values()))
    assert [row["val_loss"] for row in rows] == pytest.approx([loss + 0.1 for loss in LOSSES.values()])
    assert [row["tokens"] for row in rows] == [64 * step if added else None for step in STEPS]


def test_a_line_of_a_log_is_one_whatever_it_says(tmp_path):
    """JSON may hold signs that end a line elsewhere, and numbers that no float can."""
    file = tmp_path / "log.jsonl"
    file.write_text(f'{{"step": 1, "sample": "a\u2028b\x85c", "loss": 2, "huge": {10**400}}}\n', encoding="utf-8")
    assert read_log([file]) == [{"step": 1, "loss": 2}]


@pytest.mark.parametrize("tokens", [True, False])
def test_curves_stand_beside_ours(tokens, project, tmp_path, canvas):
    """Against tokens where both tell them, else against steps; a log without tests shows what it was trained to."""
    (tmp_path / "elsewhere" / "log.csv").write_text("step,loss\n10,5\n20,4.5\n30,4\n")
    add_run("mine", tmp_path / "elsewhere", project, {}, {"tokens_per_step": 64} if tokens else {})
    module = load_figure("training_curve")
    data = module.compute(module.Params(run="mine"), ProjectInputs(project, find_model("small", project)))
    mine, small = data["runs"]
    assert mine["tokens" if tokens else "steps"] == ([640, 1280, 1920] if tokens else [10, 20, 30])
    assert (mine["loss"], mine["held_out_loss"]) == ([5, 4.5, 4], [])
    assert small["tokens" if tokens else "steps"][-1] == (2_048_000 if tokens else 1000)
    module.draw(data, canvas)
    assert "“mine”: training loss from 5.00 to 4.00" in module.describe(data)


def test_columns_of_any_name_are_mapped_once(project, tmp_path):
    """What is called otherwise is asked for with the names that are there, and then kept."""
    (tmp_path / "elsewhere" / "log.csv").write_text("step,nll (train)\n1,3.5\n2,3.25\n")
    run = CliRunner().invoke
    refused = run(app, ["run", "add", "mine", "../elsewhere"])
    assert isinstance(refused.exception, ModelError)
    assert "--column loss=NAME, one of: step, nll (train)" in str(refused.exception)
    done = run(app, ["run", "add", "mine", "../elsewhere/log.csv", "-c", "loss=nll (train)", "-a", "seed=3", "--json"])
    assert json.loads(done.stdout)["rows"] == 2
    assert find_run("mine", project).summary() | {"name": 0} == {
        "step": 2, "nll (train)": 3.25, "loss": 3.25, "seed": 3, "name": 0,
    }  # fmt: skip
    again = run(app, ["run", "add", "mine", "../elsewhere"])
    assert "there is a run 'mine' already" in str(again.exception)
    assert "mine: 2 logged steps, no weights" in run(app, ["run", "list"]).stdout


@pytest.mark.parametrize(
    ("name", "content", "columns", "message"),
    [
        ("log.csv", "step,loss\n1,2\n", {"loss": "losss"}, "no column 'losss'"),
        ("log.csv", "step,loss\n1,2\n", {"los": "loss"}, "no column 'los'"),
        ("log.csv", "epoch,loss\n1,2\n", {}, "has no steps"),
        ("log.txt", "step 1 loss 2", {}, "holds no log and no weights"),
        ("model.bin", "a pickle", {}, "holds no log and no weights"),
    ],
)
def test_what_cannot_be_added_is_told(name, content, columns, message, project, tmp_path):
    """And nothing is written."""
    (tmp_path / "elsewhere" / name).write_text(content)
    with pytest.raises(ModelError, match=message):
        add_run("mine", tmp_path / "elsewhere", project, columns, {})
    assert not (project / "runs").exists()


def test_a_sweep_of_runs_from_elsewhere(project, tmp_path, canvas):
    """A folder of added runs is a sweep; a run that does not tell its size is named."""
    folder = tmp_path / "elsewhere"
    for architecture in ("lstm", "transformer"):
        for size in (1000, 2000, 4000, 16000, 64000):
            loss = 6 * size ** (-0.05 if architecture == "lstm" else -0.1)
            (folder / f"{architecture}-{size}.csv").write_text(f"step,loss,val_loss\n10,9,9\n20,{loss},{loss}\n")
            about = {"architecture": architecture, "parameters_without_embeddings": size, "tokens_per_step": 8}
            add_run(f"grid/{architecture}-{size}", folder / f"{architecture}-{size}.csv", project, {}, about)
    module = load_figure("lstm_vs_transformer")
    data = module.compute(module.Params(sweep="grid"), ProjectInputs(project, find_model("small", project)))
    assert data["tokens"] == 160
    assert data["architectures"]["lstm"]["exponent"]["value"] == pytest.approx(0.05, abs=1e-3)
    assert data["architectures"]["transformer"]["exponent"]["value"] == pytest.approx(0.1, abs=1e-3)
    module.draw(data, canvas)
    add_run("grid/more", folder / "lstm-1000.csv", project, {}, {})
    with pytest.raises(ModelError, match="does not tell its architecture"):
        ProjectInputs(project, find_model("small", project)).sweep("grid")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a tiny GPT-2 that transformers' own Trainer trained for 12 steps, tested and saved three times."""
    import transformers

    folder = tmp_path_factory.mktemp("trained") / "out"
    inner = byte_pairs()
    file = folder.parent / "tokenizer.json"
    file.write_text(inner.to_json(), encoding="utf-8")
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(file), pad_token="<|endoftext|>")
    shape = {"vocab_size": inner.vocab_size, "n_positions": 32, "n_embd": 16, "n_layer": 2, "n_head": 2}
    torch.manual_seed(1)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**shape, bos_token_id=0, eos_token_id=0))
    ids = inner.encode("to be or not to be that is the question; " * 40)
    rows = [{"input_ids": ids[at : at + 32], "labels": ids[at : at + 32]} for at in range(0, 640, 32)]
    settings = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=12, per_device_train_batch_size=4, learning_rate=1e-2, logging_steps=2,
        eval_strategy="steps", eval_steps=4, save_steps=4, report_to=[], use_cpu=True, disable_tqdm=True, seed=1,
    )  # fmt: skip
    trainer = transformers.Trainer(
        model, settings, train_dataset=rows, eval_dataset=rows[:4], processing_class=tokenizer
    )
    trainer.train()
    return folder, model.eval(), trainer


@pytest.mark.slow
def test_a_trainers_run_is_a_run(trained, project, canvas):
    """Its losses and its model are the Trainer's; curve, film, attention and the block's numbers draw from it."""
    folder, theirs, trainer = trained
    run = add_run("mine", folder, project, {}, {"tokens_per_step": 128})
    files = find_model("mine", project)
    loaded = load_model(files)
    ids = torch.tensor([loaded.tokenizer.encode("to be or not")])
    with torch.no_grad():
        assert torch.allclose(loaded.model(ids)[0], theirs(ids).logits, atol=1e-5)
    assert list(run.weights) == [4, 8, 12]
    assert run.summary()["parameters"] == theirs.num_parameters() == files.about()["parameters"]
    assert run.summary()["val_loss"] == pytest.approx(trainer.evaluate()["eval_loss"], rel=1e-4)
    inputs = ProjectInputs(project, files)
    for name, params in {
        "training_curve": {"run": "mine", "beside": "mine"},
        "checkpoint_film": {"run": "mine", "prompt": "to be", "tokens": 8},
        "attention_map": {"model": "mine", "sentence": "to be or not"},
        "transformer_block": {"model": "mine", "tokens": 8},
        "next_token": {"model": "mine", "prompt": "to b"},
    }.items():
        module = load_figure(name)
        data = module.compute(module.Params(**params), inputs)
        module.draw(data, canvas)
        assert module.describe(data)
    looked_back = training.answer(Asked(Engine(loaded), "to be", training.Params(tokens=4), Caller()))
    assert [sample["step"] for sample in looked_back["samples"]] == [4, 8, 12]
    assert looked_back["parameters"] == theirs.num_parameters()
    film = load_figure("checkpoint_film")
    data = film.compute(film.Params(run="mine", prompt="to be", tokens=8), inputs)
    logged = {row["step"]: row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row}
    assert [(row["step"], row["loss"]) for row in data["rows"]] == [(step, logged[step]) for step in (4, 8, 12)]


@pytest.mark.slow
def test_a_talk_stands_on_a_trainers_run(trained, project):
    """Its numbers stand in prose, and when it is trained on, exactly what reads it is stale."""
    folder, *_ = trained
    add_run("mine", folder, project, {}, {})
    talk = project / "slides" / "talk"
    talk.mkdir(parents=True)
    figure = {"figure": "training_curve", "params": {"run": "mine", "beside": "mine"}}
    text = "{{ run.val_loss | round(3) }} after {{ runs.mine.step }}; {{ run.eval_runtime > 0 }}"
    outline = {"title": "Mine", "model": "mine", "slides": [{"title": "One", "body": [text, figure]}]}
    (talk / "outline.yaml").write_text(yaml.safe_dump(outline))
    request = Request(talk, format="md")
    built = build(request, lambda _: None)
    text = (built.deck.path / "deck.md").read_text(encoding="utf-8")
    assert f"{Run(folder).summary()['val_loss']:.3f} after 12; True" in text
    assert {change.state for change in status(request)} == {"fresh"}
    state = folder / "checkpoint-12" / "trainer_state.json"
    before = state.read_text(encoding="utf-8")
    changed = json.loads(before)
    changed["log_history"].append({"step": 14, "eval_loss": 1.25})
    state.write_text(json.dumps(changed), encoding="utf-8")
    stale = {change.name for change in status(request) if change.state != "fresh"}
    state.write_text(before, encoding="utf-8")
    assert stale == {"figure training_curve", "values run", "values runs", "rendering marp"}


def test_a_logs_columns_are_found_once_however_many_rows_it_has(tmp_path, monkeypatch):
    """Not for each row: a long log would be read in the square of its rows, at every build that names a value of it."""
    calls = []
    monkeypatch.setattr(run, "guess_columns", lambda names: calls.append(names) or guess_columns(names))
    text = "step,loss\n" + "".join(f"{step},{1 / step}\n" for step in range(1, 200))
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    assert len(Run(tmp_path).log()) == 199
    assert len(calls) == 1
