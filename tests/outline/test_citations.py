"""Works in BibTeX files, how texts name them, and what is said of a key that no work has."""

import json
import os
import subprocess
import sys

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.bibliography import MEMO, read_bibliography
from talkgen.outline.citations import read_citation
from talkgen.outline.load import load_outline
from talkgen.pipeline.build import Request, build

BIB = r"""
@inproceedings{vaswani2017, title = {Attention is All you Need}, booktitle = {NeurIPS}, year = {2017},
  author = {Ashish Vaswani and Noam Shazeer and {\L}ukasz Kaiser}, url = {https://arxiv.org/abs/1706.03762}}
@article{hochreiter1997, author = {Sepp Hochreiter and J{\"u}rgen Schmidhuber}, title = {Long Short-Term Memory},
  journal = {Neural Computation}, volume = {9}, number = {8}, pages = {1735--1780}, year = {1997},
  doi = {10.1162/neco.1997.9.8.1735}}
@misc{second, author = {Ashish Vaswani and Noam Shazeer and Others}, title = {Another}, year = {2017},
  archiveprefix = {arXiv}, eprint = {1234.5678}}
@misc{elman1990, author = {Jeffrey L. Elman}, title = {Finding structure in time}, year = {1990}}
"""


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "works.bib"
    file.write_text(BIB, encoding="utf-8")
    return file


def test_works_are_named_by_authors_and_year(file):
    """One name, two, or the first of several; letters tell works of the same names and year apart; in this order."""
    works = read_bibliography(file)
    assert {key: work.label for key, work in works.items()} == {
        "elman1990": "Elman, 1990",
        "hochreiter1997": "Hochreiter and Schmidhuber, 1997",
        "vaswani2017": "Vaswani et al., 2017a",
        "second": "Vaswani et al., 2017b",
    }
    assert list(works) == ["elman1990", "hochreiter1997", "vaswani2017", "second"]


def test_references_hold_what_the_file_says(file):
    """Accents, dashes and addresses as they are meant."""
    work = read_bibliography(file)["hochreiter1997"]
    for words in ("S. Hochreiter and J. Schmidhuber", "*Neural Computation*", "1735–1780", "1997"):
        assert words in work.reference.replace("\\", "").replace("\u00a0", " ")
    assert work.address == "https://doi.org/10.1162/neco.1997.9.8.1735"
    assert read_bibliography(file)["second"].address == "https://arxiv.org/abs/1234.5678"


READ = """
import json, sys
from pathlib import Path
from talkgen.outline.bibliography import read_bibliography
works = read_bibliography(Path(sys.argv[1]))
print(json.dumps([[work.label, work.reference] for work in works.values()]))
print("pybtex" in sys.modules)
"""


def read_alone(file, cache):
    """The works as a process of its own reads them, and whether it had to parse the file."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TALKGEN_CACHE": str(cache)}
    command = [sys.executable, "-c", READ, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    works, parsed = done.stdout.splitlines()
    return json.loads(works), parsed == "True"


def test_a_file_is_parsed_once(file, tmp_path):
    """The next process knows its works, in their order; those of a changed file are read."""
    first, parsed = read_alone(file, tmp_path / "cache")
    assert (parsed, len(first)) == (True, 4)
    assert read_alone(file, tmp_path / "cache") == (first, False)
    file.write_text(BIB.replace("1990", "1991"), encoding="utf-8")
    changed, parsed = read_alone(file, tmp_path / "cache")
    assert (parsed, changed[0][0]) == (True, "Elman, 1991")


NUMBER = '{"key": "a", "label": "b", "reference": "c", "address": 4}'
DAMAGES = ["", "[[", "null", "7", "[]", "{}", '{"works": 7}', '{"works": ["four"]}', f'{{"works": [{NUMBER}]}}']


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_memory_is_not_trusted(damage, file, own_cache):
    """A file of the same text is read again where what was kept is not what was written, and that is kept anew."""
    works = read_bibliography(file)
    (kept,) = (own_cache / MEMO).iterdir()
    whole = kept.read_bytes()
    kept.write_text(damage, encoding="utf-8")
    assert read_bibliography(file.rename(file.with_name("same.bib"))) == works
    assert kept.read_bytes() == whole


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@a", [("a", "")]),
        ("@a; @b:c", [("a", ""), ("b:c", "")]),
        ("@a, p. 3; @b, eq. (2)", [("a", "p. 3"), ("b", "eq. (2)")]),
        ("@", []),
        ("@a and more", []),
        ("@a; b", []),
    ],
)
def test_a_citation_names_works_and_places(text, said):
    """Several, each with its place; what is of another form is none."""
    assert [(cited.key, cited.where) for cited in read_citation(text)] == said


def test_an_unknown_key_is_told_where_it_stands(file):
    """In texts, titles and lists, with the nearest key; in code it is none, and without a bibliography it is text."""
    outline = file.with_name("outline.yaml")
    text = """\
title: T
bibliography: works.bib
slides:
  - title: "See [@vaswani2018]"
    body:
      - |
        `[@code]` and
        then [@hochreiter1997; @elman1991, p. 3].
      - bullets: ["[@none]", "[@elman1990](https://a.b)"]
"""
    outline.write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError) as caught:
        load_outline(outline)
    found = [(problem.place.line, problem.place.column, problem.message) for problem in caught.value.problems]
    assert found == [
        (4, 19, "'vaswani2018' is not in works.bib"),
        (8, 33, "'elman1991' is not in works.bib"),
        (9, 22, "'none' is not in works.bib"),
    ]
    assert "did you mean 'vaswani2017'?" in str(caught.value)
    outline.write_text(text.replace("bibliography: works.bib\n", ""), encoding="utf-8")
    assert load_outline(outline).bibliography == {}


def test_a_damaged_bibliography_is_told_with_its_line(file):
    """The file's own line; a missing one is told like any file."""
    outline = file.with_name("outline.yaml")
    outline.write_text("title: T\nbibliography: works.bib\nslides: [{title: x}]\n", encoding="utf-8")
    file.write_text("@misc{a, title = {A}}\n@misc{b, title = {B\n", encoding="utf-8")
    with pytest.raises(OutlineError, match=r"works.bib:\d:1: this is no BibTeX: premature end of file"):
        load_outline(outline)
    file.write_text("@misc{a, title = {A}}\n\n@article{b, title = {B}}\n", encoding="utf-8")
    with pytest.raises(OutlineError, match=r"works\.bib:3:1: b: a work of its kind needs the field 'author'"):
        load_outline(outline)
    file.unlink()
    with pytest.raises(OutlineError, match=r"there is no file 'works\.bib'"):
        load_outline(outline)


def test_a_citation_in_a_talk_without_works_is_told_once(tmp_path):
    """It stays text; not one in a listing, nor of a deck in which it was never anything else."""
    body = "['[@one; @two, p. 3] and `[@three]`', '[@one]']"
    talk = f"title: A\nmodel: small\nslides:\n  - title: One\n    body: {body}\n"
    (tmp_path / "outline.yaml").write_text(talk)
    told = build(Request(tmp_path, format="md"), print).deck.degraded
    assert [(each["where"], each["message"].partition(" stays")[0]) for each in told] == [
        ("slide 1", "'[@one]'"),
        ("slide 1", "'[@two]'"),
    ]
    assert "'bibliography: works.bib'" in told[0]["message"]
    (tmp_path / "outline.yaml").write_text(f"native: marp\n{talk}")
    assert build(Request(tmp_path, format="md"), print).deck.degraded == []
