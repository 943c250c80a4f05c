"""Every variant of the kernels against NumPy and against the plain one: those of this machine, ARM's under qemu."""

import math
import platform
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from talkgen.lm.fast import building
from talkgen.lm.fast.pointers import _KIND
from talkgen.lm.files.packed import FORMATS, pack

PRODUCT, ELEMENTS, HALVES, NARROWED, ATTENTION = range(1, 6)
PROGRAM = Path(__file__).with_name("variants.cpp")
FLAGS = [flag for flag in building.FLAGS if flag not in ("-shared", "-fPIC")]
NATIVE = [name for name, (machine, _) in building.variants().items() if machine in ("any", platform.machine())]
ARM = [] if platform.machine() == "aarch64" else ["plain", "dotprod"]


def runs_here(variant: str) -> bool:
    """Whether this processor has what a variant needs."""
    needed = {
        "avx2": "avx2",
        "avxvnni": "avx_vnni",
        "avx512": "avx512vl",
        "vnni": "avx512_vnni",
        "dotprod": "asimddp",
    }.get(variant)
    return needed is None or needed in Path("/proc/cpuinfo").read_text(encoding="utf-8").split()


def make_cases():
    """What the program reads, and what NumPy says to it: [(name, the case, what is expected, how close)]."""
    rng = np.random.default_rng(3)
    for kind in FORMATS:
        for n, k in ((37, 96), (16, 64)):
            weight = pack(rng.standard_normal((n, k), np.float32), kind)
            for m in (1, 2, 3, 4, 5, 7, 22):
                x = rng.standard_normal((m, k), np.float32) * np.float32(10.0 ** rng.integers(-3, 4))
                head = np.array([PRODUCT, _KIND[kind], n, k, m, weight.bytes], np.int32)
                expected = x.astype(np.float64) @ weight.dense().astype(np.float64).T
                size = np.abs(x).max() * math.sqrt(k) * np.abs(weight.dense()).max()
                yield (
                    f"{kind} {n}x{k}, {m} rows",
                    head.tobytes() + weight.data.tobytes() + x.tobytes(),
                    expected,
                    2e-5 * size,
                )
    x = np.concatenate((np.linspace(-30, 30, 997), np.linspace(-3, 3, 997))).astype(np.float32)
    half = x.astype(np.float64)[:997]
    silu, gate = half / (1 + np.exp(-half)), x[997:].astype(np.float64)
    erf = np.array([math.erf(value / math.sqrt(2)) for value in half])
    tanh = np.tanh(math.sqrt(2 / math.pi) * (half + 0.044715 * half**3))
    activations = [half * (1 + erf) / 2, half * (1 + tanh) / 2, silu * gate]
    scale = np.concatenate((np.exp(half), *(np.abs(each) + 1e-3 for each in activations)))
    expected = np.concatenate((np.exp(half), *activations))
    yield "elements", np.array([ELEMENTS, 0, 997, 0, 0, 0], np.int32).tobytes() + x.tobytes(), expected, 2e-6 * scale
    halves = np.arange(65536, dtype=np.uint16)
    numbers = halves.view(np.float16).astype(np.float32)
    yield "halves", np.array([HALVES, 0, 65536, 0, 0, 0], np.int32).tobytes() + halves.tobytes(), numbers, 0
    # Halves, what lies between two of them, a little to either side of that, and what is too large or too small.
    finite = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    between = (finite[:-1] + finite[1:]) / 2
    near = np.concatenate((np.nextafter(between, np.float32(0)), np.nextafter(between, np.float32(1e6))))
    x = np.concatenate((finite, between, near, [np.float32(65519), 65520, 1e30, 1e-9, 1e-30])).astype(np.float32)
    x = np.concatenate((x, -x))
    kept = np.clip(x, -65504, 65504).astype(np.float16).astype(np.float32)
    yield "to halves", np.array([NARROWED, 0, len(x), 0, 0, 0], np.int32).tobytes() + x.tobytes(), kept, 0
    for kind in ("float32", "float16"):
        q, keys, values = (rng.standard_normal((rows, 64), np.float32) for rows in (3, 131, 131))
        given = b"".join(array.tobytes() for array in (q, keys, values))
        keys, values = (array.astype(kind).astype(np.float64) for array in (keys, values))
        scores = np.exp(q.astype(np.float64) @ keys.T / 8)
        seen = scores / scores.sum(1, keepdims=True) @ values
        head = np.array([ATTENTION, _KIND[kind], 131, 64, 0, 0], np.int32)
        yield f"attention, {kind}", head.tobytes() + given, seen, 2e-6


@pytest.fixture(scope="module")
def cases():
    return list(make_cases())


@pytest.fixture(scope="module")
def numbers(cases, tmp_path_factory):
    """What a variant says to all cases, computed once."""
    folder = tmp_path_factory.mktemp("variants")
    (folder / "cases").write_bytes(b"".join(case for _, case, _, _ in cases))
    made = {}

    def run(variant: str, compiler: str = "c++", runner: tuple[str, ...] = ()) -> np.ndarray:
        if (variant, compiler) not in made:
            program, answers = folder / f"{compiler}-{variant}", folder / f"{compiler}-{variant}.out"
            flags = [*FLAGS, *building.variants()[variant][1], "-I", building.SOURCES, PROGRAM]
            subprocess.run([compiler, *flags, "-o", program], check=True)
            subprocess.run([*runner, program, folder / "cases", answers], check=True)
            made[variant, compiler] = np.fromfile(answers, np.float32)
        return made[variant, compiler]

    return run


def check(found, cases, plain):
    """Holds the numbers of a variant to those of NumPy, and to the plain variant's, as closely.

    Where a product is rounded before a sum and where not, an activation's last bit may differ.
    """
    at = 0
    for name, _, expected, close in cases:
        part, same = (numbers[at : at + expected.size].reshape(expected.shape) for numbers in (found, plain))
        np.testing.assert_array_equal(np.isfinite(part), np.isfinite(expected), name)
        for other in (expected, same):
            with np.errstate(invalid="ignore"):  # half precision's infinities
                away = np.nan_to_num(np.abs(part - other))
            np.testing.assert_array_less(away, close + 1e-30, name)
        at += expected.size
    assert at == found.size


@pytest.mark.slow
@pytest.mark.linux
@pytest.mark.parametrize("variant", NATIVE)
def test_each_variant_computes_the_same(variant, cases, numbers):
    """Products of every format in all numbers of rows, activations, every half, back and forth, and attention."""
    if not runs_here(variant):
        pytest.skip(f"this processor has no {variant}")
    check(numbers(variant), cases, numbers("plain"))


@pytest.mark.slow
@pytest.mark.linux
@pytest.mark.parametrize("variant", ARM)
def test_arm_computes_the_same(variant, cases, numbers):
    """The same under an emulated ARM processor, with and without its dot products."""
    if not (shutil.which("qemu-aarch64") and shutil.which("aarch64-linux-gnu-g++")):
        pytest.skip("apt-get install qemu-user g++-aarch64-linux-gnu")
    runner = ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")
    check(numbers(variant, "aarch64-linux-gnu-g++", runner), cases, numbers("plain"))
