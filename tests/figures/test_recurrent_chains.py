"""What is measured along recurrent chains, against the cell's own formulas and against nudges."""

import pytest
import torch
from torch import nn

from talkgen.errors import ModelError
from talkgen.figures import backprop_through_time, bidirectional, unrolled_rnn
from talkgen.lm.files.catalog import find_model
from talkgen.lm.models.base import Taps
from talkgen.pipeline.inputs import ProjectInputs


@pytest.mark.parametrize("model", ["small-lstm", "rnn"])
def test_what_is_left_is_read_off_the_layers_outputs(model, data_of, inputs):
    """The states of a pass over the whole sentence, written out in the papers' formulas, are as far apart."""
    loaded = inputs.model("small-lstm") if model == "small-lstm" else inputs.model("recall-rnn")
    sentence = "to be" if model == "small-lstm" else "a1b2"
    data = data_of("unrolled_rnn", model=loaded.name, sentence=sentence)
    ids = torch.tensor([loaded.tokenizer.encode(sentence)])
    vocabulary = loaded.tokenizer.vocab_size

    def hidden(read):
        taps = Taps("hidden")
        with torch.no_grad():
            loaded.model(read, taps=taps)
        return torch.stack(taps.values["hidden"])[:, 0]  # [layer, T, C]

    moved = []
    for k in range(1, 9):
        other = ids.clone()
        other[0, 0] = (other[0, 0] + k * vocabulary // 9) % vocabulary
        distance = (hidden(other) - hidden(ids)).norm(dim=(0, 2))
        moved.append(distance / distance[0])
    assert data["left"] == pytest.approx(torch.stack(moved).mean(0).tolist(), rel=0.01)
    assert data["left"][0] == 1
    assert f"{100 * data['left'][-1]:.0f}%" in unrolled_rnn.headline(data)


def test_gradients_are_those_of_the_written_out_cell(data_of, inputs):
    """The chain rule over the cell's formulas, a matrix a step: products of Jacobians give the same norms."""
    loaded = inputs.model("small-lstm")
    model, ids = loaded.model, loaded.tokenizer.encode("to be")
    layers = range(model.config.n_layer)
    states = [torch.zeros(2, len(layers), 1, model.config.n_embd)]

    def advance(state, token):
        x, following = model.embed(torch.tensor([token])), [[], []]
        for layer in layers:
            x, c, _ = model.step(layer, x, state[0, layer], state[1, layer])
            following[0].append(x)
            following[1].append(c)
        return torch.stack([torch.stack(each) for each in following])

    for token in ids[:-1]:
        states.append(advance(states[-1], token).detach())
    top = states[-1].clone().requires_grad_()
    nn.functional.cross_entropy(model.head(top[0, -1]), torch.tensor([ids[-1]])).backward()
    gradient, norms = top.grad.flatten(), [top.grad.norm()]
    for state, token in zip(states[-2:0:-1], ids[-2:0:-1], strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda s, token=token: advance(s, token), state)
        gradient = gradient @ jacobian.view(gradient.numel(), -1)
        norms.append(gradient.norm())
    expected = [float(norm / norms[0]) for norm in reversed(norms)]
    assert data_of("backprop_through_time", sentence="to be")["norms"] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_each_way_sees_what_a_nudge_changes(cell, data_of):
    """Another input at one place changes the states after it on the way forth, before it on the way back."""
    forward, backward = bidirectional.seen_both_ways(cell, 5)
    torch.manual_seed(1)
    layer = {"lstm": nn.LSTM, "rnn": nn.RNN}[cell](4, 4, bidirectional=True)
    x = torch.randn(5, 4)
    with torch.no_grad():
        before = layer(x)[0]
        for place in range(5):
            nudged = x.clone()
            nudged[place] += 1
            changed = ((layer(nudged)[0] - before).abs() > 0).view(5, 2, 4).any(2)
            assert changed[:, 0].tolist() == forward[:, place].tolist()
            assert changed[:, 1].tolist() == backward[:, place].tolist()
    data = data_of("bidirectional", cell=cell, sentence="to be")
    assert (data["forward"], data["backward"]) == ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1])


@pytest.mark.parametrize(
    ("module", "steps"),
    [(unrolled_rnn, 3), (backprop_through_time, 2), (bidirectional, 3)],
    ids=lambda v: getattr(v, "__name__", v),
)
def test_steps_and_one_token(module, steps, data_of, canvas):
    """Every step can be drawn, also of the shortest sentence; each has its own headline."""
    name = module.__name__.rpartition(".")[2]
    shortest = "to" if module is backprop_through_time else "t"
    for data in (data_of(name), data_of(name, sentence=shortest)):
        for step in range(1, steps + 1):
            module.draw(data | {"step": step}, canvas)
    assert len({module.headline(data_of(name) | {"step": step}) for step in range(1, steps + 1)}) >= 2


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("unrolled_rnn", {"model": "tiny", "sentence": "to"}, "not recurrent"),
        ("unrolled_rnn", {"sentence": "to be or not to be"}, "18 tokens"),
        ("backprop_through_time", {"sentence": "t"}, "one token"),
        ("bidirectional", {"sentence": "to be or not to be"}, "18 tokens"),
    ],
)
def test_what_is_missing_is_said(name, params, message, data_of):
    """A model of another kind, or a sentence that does not fit, is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of(name, **params)
    assert caught.value.problems[0].hint


def test_a_model_that_looks_back_has_other_ways(tmp_path):
    """Attention over past states leads the gradient past the chain: that is no picture of it."""
    inputs = ProjectInputs(tmp_path, find_model("recall", tmp_path))
    with pytest.raises(ModelError, match="looks back"):
        backprop_through_time.compute(backprop_through_time.Params(model="recall", sentence="aAbB"), inputs)
