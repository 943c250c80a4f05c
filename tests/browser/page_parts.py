"""The prompt of the tests' pages, and elements as the decks write them."""

import base64
import json

PROMPT = "abc"
LIVE = "live · tiny transformer, step 1"


def element(name: str, attribute: str, value, more: str = "") -> str:
    """An element with a JSON attribute, as the decks write it."""
    data = base64.b64encode(json.dumps(value, ensure_ascii=False).encode()).decode()
    return f'<{name} {attribute}="{data}" {more}></{name}>'
