"""The documents tell the truth: what they list is what there is, and what they show runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealwright.kernel.settings import Settings, variable
from tests.surfaces.cli.conftest import Machine

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    rows = {row[1]: row[2] for row in re.finditer(r"^\| `(\w+)` \| `(\w+)` \|", text, re.MULTILINE)}
    assert rows == {name: variable(name) for name in Settings.model_fields}


def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = project["dependencies"] + [each for extra in project["optional-dependencies"].values() for each in extra]
    assert all(re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[0-9]", each) for each in pinned), "versions are exact"
    names = {re.split(r"[\[=]", each)[0] for each in pinned}
    text = (ROOT / "docs/dependencies.md").read_text()
    assert set(re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE)) - {"package", "---"} == names


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda path: path.name
)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    machine = Machine(tmp_path / "data")
    running = machine.start()
    yield running.url, machine.json("keys", "create", "--workspace", "Readme", "--env", "test")["key"]
    running.stop()


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the walk uses curl and jq")
@pytest.mark.parametrize("document", ["README.md", "docs/escrow.md"])
def test_a_walk_runs_as_it_is_printed(server: tuple[str, str], document: str) -> None:
    url, key = server
    text = (ROOT / document).read_text()
    found = re.search(r"```sh walk\n(.*?)```\n\n```\n(.*?)```", text, re.DOTALL)
    assert found is not None
    script = re.sub(r"^(API|KEY)=.*$", "", found[1], flags=re.MULTILINE)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, "API": url, "KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == found[2]
