"""Texts that tokenizers trip over, made from a seed: many scripts, joined emoji, control characters, code, markup."""

import random
from collections.abc import Sequence

SCRIPTS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "àéîõüßøñçåÆŒĲŁ",
    "ΑΒΓαβγδεζώςΩ",
    "АБВгдежзйёЫщ",
    "אבגדהוזחטיכל",
    "ابتثجحخدذرزﷺ",
    "अआइकखगघचछजझ",
    "กขฃคฅฆงจฉชซ",
    "你好世界中文字龘",
    "ひらがなカタカナー",
    "한글조선가각힣",
    "𝔘𝔫𝔦𝒳𐍈𓀀𒀀",
)
COMBINING = "\u0301\u0300\u0323\u20dd\u093f\u064e\u0e31\u0f39\u1ab0"
DIGITS = "0123456789²³¹½⅔Ⅷ٠١٢३४५四〇𝟘𝟙①"
EMOJI = tuple("😀 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇺🇸🇫🇷 ❤️‍🔥 1️⃣ ☕︎ 🤦🏿‍♂️".split(" "))
SPACES = (" ", "  ", "   ", "    ", 17 * " ", *"\t|\t\t|\n|\n\n|\r\n| \n |\u00a0|\u3000|\u2003|\u2028|\v|\f".split("|"))
CONTROL = "\0|\x01|\x1b[0m|\x7f|\x85|\u200b|\u200d|\ufeff|\u202e|\ufffd|\ufffd\ufffd|\uffff|\U0010ffff".split("|")
SIGNS = (*"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~€£¥§©™…—“”«»¿¡、。！？", *"-> ... !!! :: // 's 'LL 're".split())
CODE = (
    "def f(x, *args):\n    return x ** 2  # squared\n",
    "for (int i = 0; i < n; ++i) {\n\ta[i] += b[i] / 3.14159e-10;\n}\n",
    '{"key": [1, 2.5, null], "λ": "\\u00e9"}',
    "<div class='a'>&nbsp;</div>",
    "SELECT * FROM t WHERE id=0x1F AND n LIKE '%_%';",
    "    if not done:\n        pass\n\n\n",
    "https://example.org/a?b=c%20d&e=1#f",
)
ENGLISH = (
    "The quick brown fox jumps over the lazy dog.",
    "It's what they'd've said; WE'LL see, won't we?",
    "In 1969, 400,000 people worked 24/7 for $25.4 billion (3.5%).",
    "naïve café — “quoted”, co-operate",
    " leading and trailing ",
)


def make_texts(count: int, seed: int, special: Sequence[str] = ()) -> list[str]:
    """`count` texts; each of `special` (tokens written out) stands alone in one and inside many others."""
    rng = random.Random(seed)
    fixed = ["", " ", "  ", "\n", *special, *EMOJI, *SPACES, *CONTROL, *CODE, *ENGLISH]
    return fixed + [_make(rng, special) for _ in range(count - len(fixed))]


def _make(rng: random.Random, special: Sequence[str]) -> str:
    kinds = rng.choices(range(9), k=rng.randrange(1, 12))
    return "".join(_part(kind, rng, special) for kind in kinds)


def _part(kind: int, rng: random.Random, special: Sequence[str]) -> str:
    match kind:
        case 0:
            return "".join(rng.choices(rng.choice(SCRIPTS), k=rng.randrange(1, 9)))
        case 1:
            return rng.choice(rng.choice(SCRIPTS)) + "".join(rng.choices(COMBINING, k=rng.randrange(1, 4)))
        case 2:
            return "".join(rng.choices(DIGITS, k=rng.randrange(1, 7)))
        case 3:
            return rng.choice(special) if special and rng.random() < 0.5 else rng.choice(EMOJI)
        case 4:
            return rng.choice(CONTROL) if rng.random() < 0.5 else _any_character(rng)
        case 5:
            return rng.choice(CODE if rng.random() < 0.5 else ENGLISH)
        case 6:
            return "".join(rng.choices(SIGNS, k=rng.randrange(1, 5)))
        case _:
            return rng.choice(SPACES)


def _any_character(rng: random.Random) -> str:
    """Any code point but a surrogate, which is no character."""
    while 0xD800 <= (point := rng.randrange(0x110000)) < 0xE000:
        pass
    return chr(point)
