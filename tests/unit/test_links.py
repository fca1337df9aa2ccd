"""What the documents link to is there."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_DOCUMENTS = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda document: document.name)
def test_every_link_of_a_document_leads_somewhere(document):
    links = _LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
