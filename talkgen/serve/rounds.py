"""Rounds of guessing: what the room was asked, what each phone guessed, and the results as files.

Everything that happens is a line of a log that is only ever added to. A vote counts when its line is on the disk, and
not before; a server that starts reads the log and goes on where the last one ended. Knows no page and no model.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from talkgen.files import append_lines, write_json, write_text

LOG = "log.jsonl"
RESULTS, TABLE = "votes.json", "votes.csv"
VOTES_A_ROUND = 10_000  # more is somebody's program


class NoRoundError(Exception):
    """The round is not the one that is open."""


class VotedError(Exception):
    """The device voted otherwise in this round."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass
class Round:
    """A question to the room, and what it guessed; `asked` is its prompt, choices, answer and model as JSON."""

    number: int
    asked: dict[str, Any]
    date: str
    is_open: bool = True
    votes: dict[str, str] = field(default_factory=dict)  # device -> token

    def result(self) -> dict[str, Any]:
        """What is kept of it: how many guessed what, the most first; no device."""
        counted = Counter(self.votes.values())
        votes = [{"text": text, "votes": count} for text, count in sorted(counted.items(), key=lambda i: (-i[1], i[0]))]
        return {"round": self.number, "date": self.date, **self.asked, "voters": len(self.votes), "votes": votes}


class Rounds:
    """The rounds of a talk, kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rounds: list[Round] = []
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        for event in _read(folder / LOG):
            self._replay(event)

    @property
    def newest(self) -> Round | None:
        """The last round, open or closed."""
        return self._rounds[-1] if self._rounds else None

    async def open(self, asked: dict[str, Any]) -> Round:
        """Asks the room; a round that is still open is closed.

        Raises:
            OSError: it cannot be written down.
        """
        await self.close()
        event = {"event": "open", "asked": asked, "date": datetime.now(UTC).isoformat(timespec="seconds")}
        await self._write(event)
        self._replay(event)
        return self._rounds[-1]

    async def vote(self, number: int, device: str, text: str) -> None:
        """Counts a device's vote, once it is on the disk; the same again is no second one.

        Raises:
            NoRoundError: that round is not open, or has more votes than a room.
            VotedError: the device voted for something else.
            OSError: it cannot be written down.
        """
        current = self.newest
        if current is None or not current.is_open or current.number != number:
            raise NoRoundError
        if (before := current.votes.get(device)) not in (None, text):
            raise VotedError(before)
        if before is None and len(current.votes) >= VOTES_A_ROUND:
            raise NoRoundError
        current.votes[device] = text  # at once, so that a second one of the device meets it
        try:
            await self._write({"event": "vote", "round": number, "device": device, "text": text})
        except OSError:
            if before is None:
                del current.votes[device]
            raise

    async def close(self) -> None:
        """Closes the round that is open, and writes the results of all: JSON, and a table a line a round and token.

        Raises:
            OSError: they cannot be written.
        """
        current = self.newest
        if current is None or not current.is_open:
            return
        current.is_open = False
        try:
            await self._write({"event": "close", "round": current.number})
            results = [each.result() for each in self._rounds]
            await asyncio.to_thread(_save, self._folder, results)
        except OSError:
            current.is_open = True  # so that whoever closes it again has them written
            raise

    def _replay(self, event: dict[str, Any]) -> None:
        match event:
            case {"event": "open", "asked": dict(asked), "date": str(date)}:
                self._rounds.append(Round(len(self._rounds) + 1, asked, date))
            case {"event": "vote", "round": number, "device": str(device), "text": str(text)} if self._has(number):
                self._rounds[number - 1].votes.setdefault(device, text)
            case {"event": "close", "round": number} if self._has(number):
                self._rounds[number - 1].is_open = False

    def _has(self, number: object) -> bool:
        """Whether there is a round of that number: the line that opened it may be damaged."""
        return type(number) is int and 1 <= number <= len(self._rounds)

    async def _write(self, event: dict[str, Any]) -> None:
        """Writes a line; those that come while the disk is busy go together."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((json.dumps(event, ensure_ascii=False), done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await asyncio.shield(done)

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(append_lines, self._folder / LOG, [line for line, _ in batch])
            except OSError as error:
                for _, done in batch:
                    done.set_exception(error)
            else:
                for _, done in batch:
                    done.set_result(None)


def _read(log: Path) -> Iterator[dict[str, Any]]:
    """The events of a log; a line that is none was cut short by a power cut, before its vote counted."""
    if not log.is_file():
        return
    for line in log.read_text(encoding="utf-8", errors="replace").split("\n"):  # other line ends may stand in a text
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def _save(folder: Path, results: list[dict[str, Any]]) -> None:
    write_json(folder / RESULTS, {"rounds": results})
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["round", "prompt", "token", "votes", "share", "p"])
    for result in results:
        odds = {choice["text"]: choice["p"] for choice in result["choices"]}
        counted = {vote["text"]: vote["votes"] for vote in result["votes"]}
        for text in dict.fromkeys([*counted, *odds]):
            share = counted.get(text, 0) / max(1, result["voters"])
            # A text in quotes shows its spaces, and no spreadsheet takes it for a formula.
            cells = [json.dumps(result["prompt"], ensure_ascii=False), json.dumps(text, ensure_ascii=False)]
            rows.writerow([result["round"], *cells, counted.get(text, 0), f"{share:.4f}", odds.get(text, "")])
    write_text(folder / TABLE, table.getvalue())
