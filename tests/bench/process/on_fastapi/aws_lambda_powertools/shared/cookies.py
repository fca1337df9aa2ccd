from enum import StrEnum
from types import SimpleNamespace as Cookie

__all__ = ["Cookie", "SameSite"]


class SameSite(StrEnum):
    LAX_MODE = "Lax"
