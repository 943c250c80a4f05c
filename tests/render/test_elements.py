"""The elements' script: all modules of templates/web joined into one that runs as an inline module."""

import json
import re
import subprocess

import pytest

from talkgen.assets import asset_dir
from talkgen.export.node import find_node
from talkgen.render.elements import ELEMENTS, LIVE, element_modules, elements_script, join_modules, models_script


def test_it_imports_and_exports_nothing():
    """The script stands alone, and what is listed is what it defines; what a live block may name is played by these."""
    script = elements_script()
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    assert sorted(element_modules()) == sorted(re.findall(r'customElements\.define\("([^"]+)"', script))
    assert set(LIVE.values()) <= set(ELEMENTS)


def test_it_can_stand_inside_a_page():
    """Nothing in it ends a script element early."""
    assert "</script" not in elements_script().lower()


def test_no_token_of_a_model_ends_or_hides_the_script():
    """A vocabulary may have what begins a comment and a script: the page would go on in it to its end."""
    tokens = ["<!--", "<script>", "</script>", "\\<", "a"]
    script = models_script({"small": json.dumps({"tokens": tokens})})
    written = re.search(r"^models: (.*),$", script, re.MULTILINE)
    assert written
    assert "<" not in written[1]
    assert json.loads(written[1]) == {"small": {"tokens": tokens}}


def test_each_element_is_defined_by_its_module():
    """The list says where to look."""
    for tag, module in element_modules().items():
        assert f'define("{tag}"' in module.read_text(encoding="utf-8")


def test_every_module_is_used():
    """What lies in the folder is in the script, each module once."""
    script = elements_script()
    folder = asset_dir("templates") / "web"
    for file in [*folder.glob("*.js"), *folder.glob("elements/*.js")]:
        docs = file.read_text(encoding="utf-8").split("*/")[0].strip()
        assert script.count(docs) == 1, file.name


def test_it_is_valid_as_one_module(tmp_path):
    """No two modules claim the same name."""
    file = tmp_path / "elements.mjs"
    file.write_text(elements_script(), encoding="utf-8")
    done = subprocess.run([find_node(), "--check", file], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_imported_comes_first(tmp_path):
    """A module stands behind those it needs, and once however often it is asked for."""
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nimport "./c.js";\nb();\n', encoding="utf-8")
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\nexport function b() { return c; }\n', encoding="utf-8")
    (tmp_path / "c.js").write_text("export const c = 3;\n", encoding="utf-8")
    assert join_modules(tmp_path / "a.js") == "const c = 3;\n\nfunction b() { return c; }\n\nb();\n"


def test_a_missing_module_is_an_error(tmp_path):
    """A wrong name cannot slip through as a script with a hole."""
    (tmp_path / "a.js").write_text('import "./gone.js";\n', encoding="utf-8")
    with pytest.raises(FileNotFoundError):
        join_modules(tmp_path / "a.js")


@pytest.mark.parametrize("module", sorted({*ELEMENTS.values(), "element.js"}))
def test_no_property_of_an_element_takes_an_attributes_name(module):
    """Vue sets what an element has as a property instead of the attribute, which then is not there."""
    text = (asset_dir("templates") / "web" / module).read_text(encoding="utf-8")
    attributes = set(re.findall(r'(?:get|has)Attribute\("([\w-]+)"\)', text))
    assert attributes
    assert attributes & set(re.findall(r"^  (?:get |set |static )?(\w+)\(", text, re.MULTILINE)) == set()
