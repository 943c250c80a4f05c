"""The store: what is put is found again, whole, whatever happens in between."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from talkgen.errors import TalkgenError
from talkgen.files import ABANDONED
from talkgen.machine import in_words
from talkgen.store.cas import Store, StoreError
from talkgen.store.key import make_key


def key(number=1):
    return make_key("figure", {"number": number})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def files(store):
    return sorted(path.name for path in (store.root / "cas").iterdir())


def test_what_is_put_is_found(store, tmp_path):
    """Content, files, cost and remarks come back, in another process's store too."""
    (tmp_path / "big").write_bytes(b"\0" * 3_000_000)
    action = store.put(key(), {"svg": b"<svg/>", "big": tmp_path / "big"}, 1.5, {"step": 4000})
    found = Store(store.root).lookup(key())

    assert found == action
    assert (found.seconds, found.about, found.parts, found.kind) == (1.5, {"step": 4000}, {"number": 1}, "figure")
    assert store.read(found, "svg") == b"<svg/>"
    assert store.path(found.outputs["big"]).read_bytes() == b"\0" * 3_000_000
    assert store.lookup(key(2)) is None


def test_going_back_is_a_hit(store):
    """An earlier state of the inputs is found again after a later one was put."""
    for number in (1, 2):
        store.put(key(number), {"data": str(number).encode()})

    assert [store.read(store.lookup(key(number)), "data") for number in (1, 2, 1)] == [b"1", b"2", b"1"]


def test_equal_content_is_kept_once(store):
    """Files are stored by content, whoever made them."""
    store.put(key(1), {"a": b"same", "b": b"same"})
    store.put(key(2), {"c": b"same"})

    assert len(files(store)) == 1


@pytest.mark.parametrize("harm", ["truncated", "changed", "longer", "empty", "gone"])
@pytest.mark.parametrize("what", ["file", "record"])
def test_damage_is_a_miss_and_is_mended(store, harm, what):
    """A damaged file or record counts as missing; putting again makes it whole."""
    action = store.put(key(), {"svg": b"<svg/>" * 100})
    path = store.path(action.outputs["svg"]) if what == "file" else store.root / "actions" / f"{key()}.json"
    content = path.read_bytes()
    changed = content.replace(b"g", b"q", 1)
    path.write_bytes(
        {"truncated": content[:-7], "changed": changed, "longer": content + b"0", "empty": b"", "gone": b""}[harm]
    )
    if harm == "gone":
        path.unlink()

    assert store.lookup(key()) is None
    store.put(key(), {"svg": b"<svg/>" * 100})
    assert store.read(store.lookup(key()), "svg") == b"<svg/>" * 100


def test_damage_after_lookup_is_noticed_when_read(store):
    """Nothing damaged is ever handed out."""
    action = store.put(key(), {"svg": b"<svg/>"})
    store.path(action.outputs["svg"]).write_bytes(b"<bad/>")
    with pytest.raises(StoreError, match="the stored file svg was damaged"):
        store.read(action, "svg")
    with pytest.raises(StoreError, match="cannot be read"):
        store.read(action, "svg")


@pytest.mark.parametrize("record", [b"[]", b"null", b"{}", b'{"check": 1}', b"\xff", b"[" * 100_000])
def test_a_strange_record_is_a_miss(store, record):
    """A record that is not ours is no record."""
    (store.root / "actions").mkdir(parents=True)
    (store.root / "actions" / f"{key()}.json").write_bytes(record)

    assert store.lookup(key()) is None


def test_record_of_another_key_is_a_miss(store):
    """A record that was copied to another name does not answer for it."""
    store.put(key(1), {"a": b"1"})
    (store.root / "actions" / f"{key(1)}.json").rename(store.root / "actions" / f"{key(2)}.json")

    assert store.lookup(key(2)) is None


def test_failed_put_leaves_nothing(store, tmp_path):
    """What cannot be stored wholly leaves neither a record nor a temporary file."""
    with pytest.raises(ValueError, match="JSON"):
        store.put(key(), {"a": b"1"}, about=object())
    with pytest.raises(FileNotFoundError):
        store.put(key(), {"a": b"1", "b": tmp_path / "nowhere"})

    assert store.lookup(key()) is None
    assert list(store.root.rglob("*.tmp")) == []


def test_unwritable_store_is_explained(tmp_path, monkeypatch):
    """A store that cannot be made says so, and how to move it."""
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "file"))
    with pytest.raises(NotADirectoryError) as caught:
        Store(tmp_path / "file" / "store").put(key(), {"a": b"1"})
    assert re.search(r"a file stands where .*\n  hint: .*TALKGEN_CACHE=FOLDER", str(in_words(caught.value)))


def test_many_writers_at_once(store):
    """Threads that put and look up the same and different things see whole files only."""

    def work(number):
        wanted = key(number % 5)
        store.put(wanted, {"data": bytes([number % 5]) * 50_000})
        return store.read(store.lookup(wanted), "data") == bytes([number % 5]) * 50_000

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(80)))
    assert len(files(store)) == 5


WRITER = """
import sys
from pathlib import Path
from talkgen.store.cas import Store
from talkgen.store.key import make_key
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(100_000):
    store.put(make_key("figure", {"number": number}), {"data": number.to_bytes(4, "big") * 20_000})
"""


@pytest.mark.linux
def test_killed_writer_leaves_whole_things_only(store):
    """A process killed while it writes leaves things that are whole or absent, and the store goes on working."""
    for delay in (0.05, 0.12, 0.2):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(store.root)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        records = list((store.root / "actions").glob("[!.]*.json"))

        assert records
        for record in records:
            number = json.loads(record.read_text())["parts"]["number"]
            found = store.lookup(make_key("figure", {"number": number}))
            assert store.read(found, "data") == number.to_bytes(4, "big") * 20_000


def test_files_of_killed_writers_are_swept(store):
    """A temporary file that is old is removed by the next writer; one in use is not."""
    store.put(key(1), {"a": b"1"})
    old, new = (f".{name}-0123456789abcdef.tmp" for name in ("old", "new"))
    for name, age in ((old, ABANDONED + 60), (new, 1)):
        (store.root / "cas" / name).write_bytes(b"x")
        os.utime(store.root / "cas" / name, (time.time() - age,) * 2)
    store.put(key(2), {"a": b"2"})

    assert [name for name in files(store) if name.endswith(".tmp")] == [new]


HOLDER = """
import sys, time
from pathlib import Path
from talkgen.store.cas import Store
with Store(Path(sys.argv[1])).lock("build talk"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(store):
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(store.root)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_second_build_waits_and_says_for_whom(store, holder):
    """Who comes second is told which process it waits for, and gives up with a message at the time limit."""
    said = []
    with (
        pytest.raises(
            TalkgenError, match=f"another talkgen .process {holder.pid}. is working on build talk\n  hint: wait"
        ),
        store.lock("build talk", said.append, timeout=0.2),
    ):
        pytest.fail("the lock was held")

    assert said == [f"waiting for another talkgen (process {holder.pid}) that is working on build talk"]


def test_lock_of_a_killed_process_is_free(store, holder):
    """A lock dies with its owner, killed or not."""
    holder.kill()
    holder.wait()
    with store.lock("build talk", timeout=5):
        pass


def test_other_locks_are_free(store, holder):
    """A lock is for one thing."""
    with store.lock("build another", timeout=0):
        pass


def test_lock_holds_between_threads_and_is_given_back(store):
    """Within a process, too, one at a time; an error inside frees it."""
    with store.lock("x"), pytest.raises(TalkgenError), store.lock("x", timeout=0):
        pytest.fail("held twice")
    with pytest.raises(RuntimeError), store.lock("x", timeout=0):
        raise RuntimeError
    with store.lock("x", timeout=0):
        pass


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.binary(max_size=200), max_size=4), st.text())
def test_any_content_comes_back(tmp_path_factory, outputs, remark):
    """Whatever bytes under whatever names."""
    store = Store(tmp_path_factory.mktemp("store"))
    action = store.put(key(), outputs, 0.25, remark)

    assert store.lookup(key()) == action
    assert {name: store.read(action, name) for name in action.outputs} == outputs


class StoreMachine(RuleBasedStateMachine):
    """Puts, damages and forgets in any order; a dictionary and a set say what must be found."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name))
        self.put_last, self.damaged = {}, set()

    def teardown(self):
        """Removes the store."""
        self.folder.cleanup()

    @rule(number=st.integers(0, 3), content=st.binary(max_size=2))
    def put(self, number, content):
        """Puts content, which also mends what is made of the same content."""
        self.store.put(key(number), {"data": content})
        self.put_last[number] = content
        self.damaged.discard(content)

    @rule(number=st.integers(0, 3))
    def damage(self, number):
        """Damages the file that a key's record names."""
        content = self.put_last.get(number)
        if content is not None and content not in self.damaged:
            path = self.store.path(self.store.lookup(key(number)).outputs["data"])
            path.write_bytes(content + b"!")
            self.damaged.add(content)

    @rule(number=st.integers(0, 3))
    def forget(self, number):
        """Removes a record."""
        (self.store.root / "actions" / f"{key(number)}.json").unlink(missing_ok=True)
        self.put_last.pop(number, None)

    @invariant()
    def finds_what_is_whole(self):
        """What was put last and is not damaged is found; nothing else is."""
        for number in range(4):
            action = self.store.lookup(key(number))
            content = self.put_last.get(number)
            assert (self.store.read(action, "data") if action else None) == (
                None if content in self.damaged else content
            )


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
