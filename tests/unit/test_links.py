"""What documents link to is there, and so is every document that the code names."""

import re
import subprocess
from pathlib import Path

import pytest

from referrals.rules.plans import PLANS, Overage

_ROOT = Path(__file__).parents[2]
_DOCUMENTS = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
_NAMED = re.compile(r"[\w./-]*\w\.md\b")
_OURS = ("*.md", "*.py", "*.yaml", "*.toml", "*.js", "*.mjs", "*.html", "Makefile")


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda document: document.name)
def test_every_link_of_a_document_leads_somewhere(document):
    links = _LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_document_that_is_named_anywhere_is_here():
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *_OURS]
    files = subprocess.run(listing, cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    missing = [
        f"{file}: {name}"
        for file in files.split()
        if (_ROOT / file).exists()
        for name in _NAMED.findall((_ROOT / file).read_text())
        if not any((place / name).exists() for place in _places(_ROOT / file))
    ]
    assert missing == []


def _places(file):
    return file.parent, _ROOT, _ROOT / "docs"


def test_the_plans_are_described_as_they_are():
    text = (_ROOT / "docs" / "behaviour.md").read_text()
    rows = re.findall(r"^\| (\w+) \| (\d.*) \|$", text, re.MULTILINE)
    described = {name: tuple(figures.split(" | ")) for name, figures in rows if name in PLANS}
    assert described == {plan.name: _figures(plan) for plan in PLANS.values()}


def _figures(plan):
    more = {
        Overage.NONE: "none",
        Overage.WHEN_ENABLED: f"{plan.overage_dollars_per_1000 or 0:.2f} when enabled",
        Overage.ALWAYS: f"{plan.overage_dollars_per_1000 or 0:.2f}",
    }
    cap = "no cap" if plan.daily_cap is None else f"{plan.daily_cap:,}"
    return (
        f"{plan.dollars_a_month}",
        f"{plan.included:,}",
        cap,
        f"{plan.per_minute:,}",
        more[plan.overage],
    )
