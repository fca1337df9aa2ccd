"""What tools see of a page: axe of its accessibility, jsQR of a picture on it."""

import base64
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

PACKAGES = Path(__file__).parent.parent.parent / ".npm"


def violations(page: Page) -> list[str]:
    """What axe finds fault with, shadow roots included: the rule and where."""
    page.evaluate(_script("axe-core/axe.min.js"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(told => told.violations)")
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


def read_code(picture: Locator, elsewhere: Page) -> str | None:
    """The text of a QR code as a camera sees it; `elsewhere` is a page without a policy."""
    image = base64.b64encode(picture.screenshot()).decode()
    elsewhere.evaluate(_script("jsqr/dist/jsQR.js"))
    told: str | None = elsewhere.evaluate(
        """async (image) => {
          const picture = new Image();
          picture.src = `data:image/png;base64,${image}`;
          await picture.decode();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [picture.width, picture.height];
          const drawn = canvas.getContext("2d");
          drawn.drawImage(picture, 0, 0);
          const { data, width, height } = drawn.getImageData(0, 0, canvas.width, canvas.height);
          return jsQR(data, width, height)?.data ?? null;
        }""",
        image,
    )
    return told


def as_webp(picture: bytes, elsewhere: Page) -> bytes:
    """A screenshot, a third as large; `elsewhere` is a page without a policy."""
    told: str = elsewhere.evaluate(
        """async (image) => {
          const picture = new Image();
          picture.src = `data:image/png;base64,${image}`;
          await picture.decode();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [picture.width, picture.height];
          canvas.getContext("2d").drawImage(picture, 0, 0);
          return canvas.toDataURL("image/webp", 0.5).split(",")[1];
        }""",
        base64.b64encode(picture).decode(),
    )
    return base64.b64decode(told)


@cache
def _script(path: str) -> str:
    return (PACKAGES / path).read_text()
