"""Requests that no page of ours sends: from the server's routes and what each asks for, and from nothing.

Run as a program it sends many to a server in this process: `requests_at_random.py COUNT PROJECT [SEED]`; the last line
is JSON.
"""

import json
import random
import string
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from starlette.routing import BaseRoute, Route
from starlette.testclient import TestClient

from talkgen.elements.registry import ELEMENTS
from talkgen.serve.audience import Asked, Vote
from talkgen.serve.chat_json import ChatRequest
from talkgen.serve.cutting import DetokenizeBody, TokenizeBody
from talkgen.serve.elements import ElementBody
from talkgen.serve.limits import Question
from talkgen.serve.openai_json import CompletionRequest
from talkgen.serve.panel import Clock
from talkgen.serve.stage import Forced, Place, Press

BODIES: dict[str, type[BaseModel]] = {
    "/api/next": Question,
    "/api/elements/{name}": ElementBody,
    "/api/vote": Vote,
    "/v1/completions": CompletionRequest,
    "/v1/chat/completions": ChatRequest,
    "/tokenize": TokenizeBody,
    "/detokenize": DetokenizeBody,
    "/present/stage": Place,
    "/present/stage/press": Press,
    "/present/stage/clock": Clock,
    "/present/stage/force": Forced,
    "/present/vote/open": Asked,
}
QUERIES = {
    "/present/stage": ("window", "kind"),
    "/present/panel": ("window", "kind"),
    "/present/panel/qr": ("page",),
    "/enter": ("code", "to"),
}
WORDS = ["", "abc", "é🦊", "\x00", "../..", "<script>", "tiny", "nobody", "a" * 300, "\u202e", "NaN", "1e999", "null"]
NUMBERS = [0, -1, 1, 2**31, 2**63, 2**64, 1e-300, 1e308, -0.0, 0.5, 17]
PATHS = [
    "/",
    "/deck.html",
    "/..%2f..%2fetc/passwd",
    "/%00",
    "/vote",
    "/panel",
    "/remote",
    "/enter",
    "/present/look.css",
]
NAMES = ["tiny", "x", "%2e%2e", "a%20b", "é", "panel", "look.css", *ELEMENTS]  # what stands in an address
GRADIO = ["", "config", "theme.css", "gradio_api/info", "gradio_api/api/predict", "gradio_api/file=/etc/passwd"]
GRADIO += [f"gradio_api/{name}" for name in ("queue/join", "queue/data", "call/predict", "upload", "stream/x/y/z")]
GRADIO += ["gradio_api/file=../secret.txt", "gradio_api/component_server", "gradio_api/reset", "gradio_api/cancel"]
HEADERS = [
    {},
    {"Accept": "application/x-ndjson"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/json; charset=latin-1"},
    {"Cookie": "talkgen_device=x; talkgen_visitor=; =; ;;"},
    {"Range": "bytes=5-1"},
    {"If-None-Match": "*"},
    {"Transfer-Encoding": "chunked"},
    {"Content-Encoding": "gzip"},
]


class AtRandom:
    """Makes requests, the same ones for the same seed."""

    def __init__(self, routes: list[BaseRoute], more_paths: list[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._routes = [
            (method, route.path) for route in routes if isinstance(route, Route) for method in sorted(route.methods)
        ]
        self._schemas = {path: kind.model_json_schema() for path, kind in BODIES.items()}
        self._parts = {
            name: part for schema in self._schemas.values() for name, part in schema.get("$defs", {}).items()
        }
        self._paths = [*PATHS, *more_paths]

    def requests(self, count: int) -> Iterator[dict]:
        """So many of them, as a client takes them."""
        for _ in range(count):
            yield self._described() if self._random.random() < 0.7 else self._made_up()

    def _described(self) -> dict:
        """A request of a route, its body nearly as it should be."""
        method, route = self._random.choice(self._routes)
        path = route
        for name in [part[1:-1].split(":")[0] for part in path.split("/") if part.startswith("{")]:
            path = path.replace(f"{{{name}}}", self._random.choice(NAMES))
        path = path.replace("{name:path}", "tiny")
        query = {name: self._word() for name in QUERIES.get(route, ())}
        made = {"method": method, "url": path, "params": query, "headers": self._random.choice(HEADERS)}
        if method == "POST" and route in BODIES:
            value = self._value(self._schemas[route], 0)
            made["content"] = self._broken(json.dumps(value, ensure_ascii=self._random.random() < 0.9))
            made["headers"] = {"Content-Type": "application/json", **made["headers"]}
        return made

    def _made_up(self) -> dict:
        """A request of anything."""
        method = self._random.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])
        path = self._random.choice(self._paths)
        if self._random.random() < 0.3:
            path += "/" + "".join(self._random.choices(string.printable.replace("#", "").replace("?", "")[:94], k=8))
        content = self._broken(json.dumps(self._anything(0))) if method in ("POST", "PUT", "PATCH") else b""
        return {"method": method, "url": path, "content": content, "headers": self._random.choice(HEADERS)}

    def _broken(self, text: str) -> bytes:
        """A body, one in three damaged."""
        content = text.encode(errors="surrogatepass")
        if self._random.random() < 0.67 or not content:
            return content
        at = self._random.randrange(len(content))
        damage = [content[:at], content[:at] + b"\xff\xfe" + content[at:], content * 2, b"[" * 500 + content, b"\x00"]
        return self._random.choice(damage)

    def _value(self, schema: dict, depth: int) -> object:
        """A value of a schema, or now and then none of it."""
        if self._random.random() < 0.12 or depth > 6:
            return self._anything(depth)
        if "$ref" in schema:
            return self._value(self._parts[schema["$ref"].rsplit("/", 1)[1]], depth + 1)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self._value(self._random.choice(options), depth + 1)
        if "enum" in schema or "const" in schema:
            return self._random.choice([*schema.get("enum", [schema.get("const")]), self._word()])
        match schema.get("type"):
            case "object":
                items = {
                    n: self._value(s, depth + 1)
                    for n, s in schema.get("properties", {}).items()
                    if self._random.random() < 0.6
                }
                return items | ({self._word(): 1} if self._random.random() < 0.1 else {})
            case "array":
                return [self._value(schema.get("items", {}), depth + 1) for _ in range(self._random.randrange(4))]
            case "string":
                return self._word()
            case "integer" | "number":
                return self._random.choice(NUMBERS)
            case "boolean":
                return self._random.random() < 0.5
            case _:
                return self._anything(depth)

    def _anything(self, depth: int) -> object:
        kinds = ["word", "number", "none", "flag"] + (["list", "map"] if depth < 4 else [])
        match self._random.choice(kinds):
            case "word":
                return self._word()
            case "number":
                return self._random.choice(NUMBERS)
            case "list":
                return [self._anything(depth + 1) for _ in range(self._random.randrange(4))]
            case "map":
                return {self._word(): self._anything(depth + 1) for _ in range(self._random.randrange(4))}
            case "flag":
                return True
            case _:
                return None

    def _word(self) -> str:
        return self._random.choice(WORDS)


def send(client: TestClient, made: dict) -> tuple[int, str]:
    """The status and the beginning of what the server answers; 0 where the client itself cannot say it."""
    try:
        reply = client.request(**made, follow_redirects=False)
    except (UnicodeError, ValueError):
        return 0, ""
    except Exception as error:
        if type(error).__module__.startswith(("httpx", "h11")):
            return 0, ""
        raise
    return reply.status_code, reply.text[:2000]


def is_bad(status: int, text: str, secret: str) -> bool:
    """Whether an answer is one that must never be: a fault, a traceback, or what lies outside the deck."""
    fault = status >= 500 and status not in (501, 503)
    return fault or "Traceback" in text or 'File "' in text or secret in text


def main() -> None:
    """Sends them and counts the answers."""
    from talkgen.lm.files.catalog import find_model
    from talkgen.serve.app import create_app
    from talkgen.serve.settings import Settings

    count, project = int(sys.argv[1]), Path(sys.argv[2])
    deck = project / "deck" / "deck.html"
    deck.parent.mkdir(parents=True, exist_ok=True)
    deck.write_text("<h1>A deck</h1></body>", encoding="utf-8")
    (project / "secret.txt").write_text("a secret of the disk", encoding="utf-8")
    settings = Settings(deck, (find_model("tiny", project),), project, device="cpu", votes=project / "votes")
    app, answers, bad = create_app(settings), Counter[int](), []
    demos = [f"/demos/{name}/{path}" for name in ("next_token", "lab", "decoding", "nobody") for path in GRADIO]
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        client.app.state.engines.wait()
        for made in AtRandom(app.routes, demos, seed=int(sys.argv[3]) if len(sys.argv) > 3 else 1).requests(count):
            status, text = send(client, made)
            answers[status] += 1
            if is_bad(status, text, "a secret of the disk"):
                bad.append((made["method"], made["url"], str(made.get("content"))[:200], status, text[:300]))
    for each in bad[:20]:
        print(each, file=sys.stderr)
    print(json.dumps({"sent": count, "answers": dict(sorted(answers.items())), "bad": len(bad)}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    main()
