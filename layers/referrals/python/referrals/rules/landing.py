"""Where a followed link leads: the product's own page and nowhere else."""

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

# The query of a link names a page of the landing host with it.
PAGE = "to"
_MOST_FIELDS = 50
_LONGEST_PATH = 1024
# What RFC 3986 lets stand in a path, and the percent sign of what is encoded already.
_IN_A_PATH = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True)
class Landing:
    """The landing page, which of its host's paths a link may name, and how it is told the click.

    `paths` are prefixes of whole segments; `click_parameter` is empty where the cookie is enough.
    """

    url: str
    paths: tuple[str, ...] = ()
    click_parameter: str = ""

    def address(self, query: str, click_id: str | None) -> str:
        """The address to go to, for a link with this (raw) query. Never another host."""
        page = urlsplit(self.url)
        asked = _fields(query)
        named = next((value for name, value in asked if name == PAGE), None)
        told = [(name, value) for name, value in asked if name not in (PAGE, self.click_parameter)]
        if click_id is not None and self.click_parameter:
            told.append((self.click_parameter, click_id))
        path = self._allowed(named) or page.path or "/"
        whole = "&".join(filter(None, (page.query, urlencode(told))))
        return urlunsplit(SplitResult(page.scheme, page.netloc, path, whole, page.fragment))

    def _allowed(self, named: str | None) -> str | None:
        """The path that a link names, where it may."""
        path = _path(named) if named else None
        if path is None:
            return None
        inside = (path == one or path.startswith(one.rstrip("/") + "/") for one in self.paths)
        return path if any(inside) else None


def campaign_of(query: str) -> dict[str, str]:
    """The utm fields of a link's (raw) query; of one that comes twice, the first."""
    labels = ("utm_campaign", "utm_medium", "utm_source")
    return {name: value for name, value in reversed(_fields(query)) if name in labels}


def _fields(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        # Nobody stands before an error page for a query that is too much.
        return []


def _path(text: str) -> str | None:
    """A path of the same host, encoded; None for whatever a browser may read as another host."""
    plain = unquote(text)
    if len(text) > _LONGEST_PATH or not text.startswith("/") or plain.startswith("//"):
        return None
    if "\\" in plain or not plain.isprintable():
        return None
    path = text.partition("#")[0].partition("?")[0]
    if {".", ".."} & set(unquote(path).split("/")):
        return None
    return quote(path, safe=_IN_A_PATH)
