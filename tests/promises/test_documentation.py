"""What the manuals for maintainers state about the code is what the code says."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from pipeline.base import sql
from pipeline.intake.text import encodings
from pipeline.release.database import database
from pipeline.release.gate import gate

pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
WHERE = (ROOT / "docs" / "where.md").read_text("utf-8")
PLACES = re.findall(r"^\| (.+?) \| `(.+?): (\w+)` \| `(.+?): (\w+)` \|$", WHERE, re.M)
#: A statement of docs/architecture.md, with the code's own value in it.
STATED = (
    f"blocks of {encodings.BLOCK >> 20} MB at most",
    f"DuckDB, which has {sql.MEMORY.replace('MB', ' MB')}",
    f"whenever {database.HASH_BYTES >> 20} MB of words have gathered",
    f"every row of tables up to {gate.WHOLE_UP_TO:,} rows, the first {gate.SAMPLE:,} of larger ones",
)


def layers(contract: str) -> list[str]:
    """The layers of an import contract from the top down, without the name of what contains them."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    [found] = [each for each in linter["contracts"] if each["name"] == contract]
    [prefix] = found.get("containers", ["pipeline"])
    return [re.sub(rf"{re.escape(prefix)}\.", "", line).replace(" | ", " · ") for line in found["layers"]]  # fmt: skip


def names_in(path: Path) -> set[str]:
    """Functions and classes that a module defines at its top."""
    body = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}  # fmt: skip


@pytest.mark.parametrize("statement", STATED)
def test_a_size_in_the_architecture_page_is_that_of_the_code(statement: str) -> None:
    assert statement in ARCHITECTURE


def test_the_floors_of_the_architecture_page_are_those_that_are_checked() -> None:
    [block] = re.findall(r"## Floors.*?```\n(.*?)```", ARCHITECTURE, re.S)
    assert block.splitlines() == layers("imports run one way")


@pytest.mark.parametrize("wing", ["checks", "intake", "release", "reports", "site"])
def test_the_rooms_of_a_wing_are_those_that_are_checked(wing: str) -> None:
    [row] = re.findall(rf"^\| `{wing}` \| (.+) \|$", ARCHITECTURE, re.M)
    checked = layers(f"imports run one way inside {wing}")
    assert re.findall(r"`(\w+)`", row) == [room for line in checked for room in line.split(" · ")]


def test_every_wing_and_room_that_exists_is_on_the_architecture_page() -> None:
    named = {*re.findall(r"`(\w+)`", ARCHITECTURE)}
    named |= {*re.findall(r"\w+", " ".join(layers("imports run one way")))}
    inner = {p.parent.name for p in (ROOT / "pipeline").rglob("__init__.py")} - {"pipeline"}
    top = {p.stem for p in (ROOT / "pipeline").glob("*.py")} - {"__init__"}
    assert (inner | top) - named == set()


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`(?:pipeline/)?([\w/]+/\w+\.py)`", ARCHITECTURE))))  # fmt: skip
def test_a_module_that_the_architecture_page_names_exists(module: str) -> None:
    assert (ROOT / module).exists() or (ROOT / "pipeline" / module).exists()


def test_at_least_forty_behaviours_have_their_place() -> None:
    assert len({behaviour for behaviour, *_ in PLACES}) >= 40
    assert len(PLACES) == len(re.findall(r"^\| (?!behaviour|---)", WHERE, re.M))


@pytest.mark.parametrize(("behaviour", "module", "name", "test", "promise"), PLACES)
def test_a_behaviour_is_where_the_page_says(behaviour: str, module: str, name: str, test: str, promise: str) -> None:  # fmt: skip
    assert name in names_in(ROOT / "pipeline" / module)
    assert promise in names_in(ROOT / "tests" / test)
