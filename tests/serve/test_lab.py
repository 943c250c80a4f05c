"""The Gradio app `lab`: a tab for every element, each an endpoint that answers as the element does."""

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from server_process import free_port, server

from talkgen.elements.registry import ELEMENTS, check_params

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a server of the shipped small models."""
    folder = tmp_path_factory.mktemp("deck")
    (folder / "deck.html").write_text("<h1>A deck</h1>", encoding="utf-8")
    port = free_port()
    with server(folder / "deck.html", port, folder, ("small", "translator")):
        yield f"http://127.0.0.1:{port}"


def test_every_element_is_an_endpoint(site):
    """Gradio documents one for each element and for the next token, and none of the app's own."""
    client = Client(f"{site}/demos/lab/", verbose=False, httpx_kwargs={"timeout": 120})
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert {name.strip("/") for name in named} == {"next_token", *ELEMENTS}


def test_an_endpoint_answers_as_the_element(site):
    """The app of one element gives its answer, and the element that shows it."""
    client = Client(f"{site}/demos/tokenizer/", verbose=False, httpx_kwargs={"timeout": 120})
    html, answer = client.predict("to be", "small", "", api_name="/tokenizer")
    assert "<talkgen-tokenizer recording=" in html
    assert "".join(token["text"] for token in answer["tokens"]) == "to be"
    assert check_params("tokenizer", {}).model_dump() == {"merges": None}


def test_a_setting_that_is_no_value_is_said(site):
    """However deep its lists are."""
    client = Client(f"{site}/demos/tokenizer/", verbose=False, httpx_kwargs={"timeout": 120})
    with pytest.raises(AppError, match="parameter merges of 'tokenizer' must be"):
        client.predict("to be", "small", 100_000 * "[", api_name="/tokenizer")
