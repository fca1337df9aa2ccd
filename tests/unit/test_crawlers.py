"""Who is a crawler: isbot's own words, in Python's spelling."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from referrals.edge.crawlers import is_crawler

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ROOT / ".npm"
NODE = Path(sys.executable).with_name("node")


@pytest.fixture(scope="module")
def crawlers():
    """The user agents that crawler-user-agents knows."""
    told = json.loads((PACKAGES / "crawler-user-agents/crawler-user-agents.json").read_text())
    return [agent for one in told for agent in one["instances"]]


@pytest.fixture(scope="module")
def browsers():
    """The hundred most used user agents."""
    return json.loads((PACKAGES / "top-user-agents/src/index.json").read_text())


def test_of_a_thousand_crawlers_four_pass(crawlers):
    found = sum(map(is_crawler, crawlers))
    assert len(crawlers) > 2_000
    assert found / len(crawlers) >= 0.995
    told = f"Of crawler-user-agents' {len(crawlers):,} agents it knows {found / len(crawlers):.1%}"
    assert told.replace("%", " %") in (ROOT / "docs/decisions.md").read_text()


def test_no_browser_is_taken_for_a_crawler(browsers):
    assert len(browsers) == 100
    assert [agent for agent in browsers if is_crawler(agent)] == []


def test_it_says_what_isbot_says(crawlers, browsers):
    agents = crawlers + browsers
    script = (
        "const {isbot} = require(process.argv[1]);"
        "const agents = JSON.parse(require('fs').readFileSync(0));"
        "process.stdout.write(JSON.stringify(agents.map((agent) => isbot(agent))))"
    )
    told = subprocess.run(
        [NODE, "-e", script, ROOT / "layers/referrals/.npm/isbot"],
        input=json.dumps(agents),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == [is_crawler(agent) for agent in agents]
