"""A sign, an emoji or a brand's name for an icon that Slidev takes from a set of icons by its name."""

from __future__ import annotations

import re
import unicodedata

_ICON = re.compile(r"(?P<set>[a-z][a-z0-9]*)[:-](?P<name>[a-z0-9:-]+)")
_SETS = frozenset(
    "carbon mdi ph uim twemoji logos ri fa fa6 fluent material tabler lucide heroicons ion bi bx noto emojione iconoir "
    "octicon simple icon la gg devicon skill cil svg ic line solar mingcute vscode".split()
)
_SIGNS = {  # in the order in which they are looked for among the words of an icon's name
    "arrow-right": "→", "arrow-left": "←", "arrow-up": "↑", "arrow-down": "↓", "chevron-right": "›", "checkmark": "✓",
    "check": "✓", "close": "✗", "star": "★", "heart": "♥", "warning": "⚠", "alert": "⚠", "information": "ℹ",
    "email": "✉", "mail": "✉", "play": "▶", "pen": "✎", "edit": "✎", "open-in": "↗", "launch": "↗", "link": "↗",
    "user": "👤", "account": "👤", "group": "👥", "search": "🔍", "settings": "⚙", "cog": "⚙", "book": "📖",
    "chart": "📊", "calendar": "📅", "idea": "💡", "lightbulb": "💡", "document": "📄", "file": "📄", "time": "🕒",
    "location": "📍", "cart": "🛒", "purchase": "🛒", "palette": "🎨", "presentation": "📽", "chat": "💬",
    "locked": "🔒", "home": "🏠", "view": "👁", "shapes": "◆", "code": "‹›", "add": "+", "plus": "+", "download": "⤓",
    "chevron-left": "‹", "chevron-up": "⌃", "chevron-down": "⌄", "cursor": "↖", "pointer": "↖", "click": "↖",
    "cloud": "☁", "data-base": "🗄", "database": "🗄", "save": "💾", "cube": "🧊", "box": "📦", "web": "🌐",
    "earth": "🌐", "globe": "🌐", "translate": "🌐", "list": "☰", "menu": "☰", "usage": "📊", "analytics": "📊",
    "math": "∑", "function": "ƒ", "phone": "📞", "image": "🖼", "camera": "📷", "video": "🎬", "music": "♪",
    "microphone": "🎤", "rocket": "🚀", "fire": "🔥", "flash": "⚡", "lightning": "⚡", "bug": "🐛", "tool": "🔧",
    "wrench": "🔧", "hammer": "🔨", "key": "🔑", "unlocked": "🔓", "lock": "🔒", "bell": "🔔", "notification": "🔔",
    "trash": "🗑", "folder": "📁", "copy": "⧉", "clipboard": "📋", "tag": "🏷", "bookmark": "🔖", "flag": "⚑",
    "robot": "🤖", "bot": "🤖", "chip": "🔲", "terminal": "›_", "console": "›_", "sun": "☀", "moon": "☾",
    "question": "?", "help": "?", "error": "✗", "subtract": "−", "minus": "−", "filter": "▽", "refresh": "↻",
    "renew": "↻", "restart": "↻", "reset": "↺", "pause": "⏸", "stop": "⏹", "eye": "👁", "dot": "•", "circle": "●",
    "trophy": "🏆", "gift": "🎁", "education": "🎓", "school": "🎓", "building": "🏢", "car": "🚗", "airplane": "✈",
    "wifi": "📶", "share": "↗", "export": "↗", "send": "➤", "network": "🕸", "grid": "▦", "table": "▦",
}  # fmt: skip
_BRANDS = {
    "github": "GitHub", "gitlab": "GitLab", "twitter": "Twitter", "linkedin": "LinkedIn", "youtube": "YouTube",
    "facebook": "Facebook", "instagram": "Instagram", "discord": "Discord", "telegram": "Telegram",
    "mastodon": "Mastodon", "bluesky": "Bluesky", "vue": "Vue", "vitejs": "Vite", "react": "React",
    "python": "Python", "vscode": "VS Code", "typescript": "TypeScript", "docker": "Docker",
}  # fmt: skip
_KIND = re.compile(r"(-(outline|outlined|filled|fill|line|bold|light|thin|duotone|solid|rounded|alt|icon)){1,4}\Z")


def is_icon(name: str) -> bool:
    """Whether a component's name is one of an icon."""
    found = _ICON.fullmatch(name)
    return bool(found and found["set"] in _SETS)


def icon_sign(name: str) -> str:
    """What says the same as an icon of this name; empty where nothing does."""
    found = _ICON.fullmatch(name)
    if not found or found["set"] not in _SETS:
        return ""
    words = f"-{re.sub('[:-]+', '-', found['name'])}-"
    for said in (_BRANDS, _SIGNS):
        for part, sign in said.items():
            if f"-{part}-" in words:
                return sign
    return _emoji(_KIND.sub("", found["name"]))


def _emoji(name: str) -> str:
    """The emoji of the name that Unicode gives it."""
    try:
        sign = unicodedata.lookup(name.replace("-", " ").upper())
    except KeyError:
        return ""
    return sign if unicodedata.category(sign) == "So" else ""
