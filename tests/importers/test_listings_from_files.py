"""Listings that a Slidev deck takes from files, in Marp."""

import pytest
from other_tool import across

SNIPPET = """\
import { ref } from "vue"
// #region count
  const n = ref<number>(0)
  // #region inner
  n.value = "-->"
  // #endregion inner
// #endregion count
"""


@pytest.mark.parametrize(
    ("listing", "shown"),
    [
        ("<<< @/snippets/a.ts#count {1|2}", '```ts {1|2}\nconst n = ref<number>(0)\nn.value = "-->"\n```'),
        ("<<< @/snippets/a.ts#inner js", '```js\nn.value = "-->"\n```'),
        ("<<< ./snippets/a.ts", f"```ts\n{SNIPPET}```"),
        ("<<< @/snippets/a.ts#nowhere", f"```ts\n{SNIPPET}```"),
    ],
)
def test_a_listing_from_a_file_has_its_code(listing, shown, tmp_path):
    """Its region, language and steps, as Slidev shows it; the file comes along, so that a change of it is seen."""
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "a.ts").write_text(SNIPPET, encoding="utf-8")
    _, rendering = across(
        f"---\ndownload: true\n---\n\n# One\n\ntext\n{listing}\n\n```md\n<<< @/snippets/a.ts\n```\n", tmp_path
    )
    deck = str(rendering.files["deck.md"])
    assert deck.count(shown) == 1
    assert "```md\n<<< @/snippets/a.ts\n```" in deck
    assert rendering.files["images/snippets/a.ts"] == (tmp_path / "snippets" / "a.ts").resolve()
    assert rendering.degraded == ()


def test_a_listing_whose_file_cannot_be_shown_is_told(tmp_path):
    """One that is not there, is outside of the project, is no text, or is more than anybody reads on slides."""
    project = tmp_path / "talk"
    project.mkdir()
    (tmp_path / "secret.ts").write_text("secret", encoding="utf-8")
    (project / "bytes.ts").write_bytes(b"\xff\xfe\x00")
    (project / "long.ts").write_text("long()\n" * 200_000, encoding="utf-8")
    (project / "half.ts").write_text("half()\n" * 6_000, encoding="utf-8")
    names = ("nowhere.ts", "../secret.ts", "bytes.ts", "long.ts")
    text = "---\ndownload: true\n---\n\n" + "".join(f"# One\n\n<<< {name}\n\n---\n\n" for name in names)
    text += "# Three on one\n\n" + "<<< half.ts\n\n" * 3 + "---\n\n# Many\n\n<<< half.ts\n\n" * 30
    _, rendering = across(text, project)
    deck = str(rendering.files["deck.md"])
    assert "secret" not in deck
    assert deck.split("# Many", maxsplit=1)[0].count("half()") == 2 * 6_000
    assert len(deck) < 1_500_000
    told = [each.message for each in rendering.degraded if "a listing from a file" in each.message]
    assert told[:4] == [f"Slidev alone has a listing from a file, <<< {name}: shown without" for name in names]
    assert set(told[4:]) == {"Slidev alone has a listing from a file, <<< half.ts: shown without"}
    assert 4 < len(told) < 4 + 30
