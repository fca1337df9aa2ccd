"""People and crawlers: whether a request was sent because somebody followed a link."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# Made by the layer's build from npm's isbot.
_PATTERN = Path(__file__).with_name("crawlers.txt")
# What browsers say of a page that nobody has asked for yet.
_AHEAD = {
    "sec-purpose": ("prefetch", "prerender", "preview"),
    "purpose": ("prefetch", "preview"),
    "x-purpose": ("prefetch", "preview"),
    "x-moz": ("prefetch",),
}


def sent_by_a_person(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a person came: neither a crawler nor a browser that looks ahead. Lower-case names."""
    agent = headers.get("user-agent", "")
    return method == "GET" and bool(agent) and not _looks_ahead(headers) and not is_crawler(agent)


def is_crawler(agent: str) -> bool:
    """Whether the user agent is known as a crawler, a preview of a messenger, or a program."""
    return _pattern().search(agent) is not None


def _looks_ahead(headers: Mapping[str, str]) -> bool:
    return any(
        purpose in headers.get(name, "").lower()
        for name, purposes in _AHEAD.items()
        for purpose in purposes
    )


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(_PATTERN.read_text(), re.IGNORECASE | re.ASCII)
