"""What API Gateway does for pages of other origins, which the emulator leaves out.

It answers every preflight itself, and only a named origin is told that it may read an answer; what
a function says of it is not passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Header = tuple[str, str]
_PREFIX = "access-control-"


@dataclass(frozen=True)
class Cors:
    """The origins that may call, and the API's own settings as the template has them."""

    origins: frozenset[str]
    methods: str
    headers: str
    exposed: str
    seconds: int

    @classmethod
    def of(cls, template: Mapping[str, Any], origins: str) -> Cors:
        """The settings of the template's API, for origins with commas between them."""
        told = template["Resources"]["Api"]["Properties"]["CorsConfiguration"]
        return cls(
            origins=frozenset(one.strip() for one in origins.split(",") if one.strip()),
            methods=",".join(told["AllowMethods"]),
            headers=",".join(told["AllowHeaders"]),
            exposed=",".join(told["ExposeHeaders"]),
            seconds=told["MaxAge"],
        )

    def is_preflight(self, method: str, headers: Mapping[str, str]) -> bool:
        """Whether a browser asks what a page may do."""
        return method == "OPTIONS" and "Access-Control-Request-Method" in headers

    def preflight(self, origin: str | None) -> list[Header]:
        """The headers of the answer to a preflight."""
        if not self._allows(origin):
            return []
        return [
            *self._origin(origin),
            ("Access-Control-Allow-Methods", self.methods),
            ("Access-Control-Allow-Headers", self.headers),
            ("Access-Control-Max-Age", str(self.seconds)),
        ]

    def answered(self, headers: Iterable[Header], origin: str | None) -> list[Header]:
        """The headers of an answer as a page of the origin gets them."""
        own = [one for one in headers if not one[0].lower().startswith(_PREFIX)]
        if not self._allows(origin):
            return own
        return [*own, *self._origin(origin), ("Access-Control-Expose-Headers", self.exposed)]

    def _allows(self, origin: str | None) -> bool:
        return origin in self.origins or (origin is not None and "*" in self.origins)

    def _origin(self, origin: str | None) -> list[Header]:
        return [("Access-Control-Allow-Origin", str(origin)), ("Vary", "Origin")]
