"""The project itself: lock files, what the tree may say, the README's commands, the benchmark."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from stdnum.cn import uscc

LOCKS = ("run.txt", "dev.txt")
# Spelt in pieces, so that this file does not find itself.
FORBIDDEN = [
    r"(?<!\w)/" + "work/",
    "/" + "root/",
    "/" + "home/[a-z]",
    r"C:\\" + "Users",
    "files." + "pythonhosted",
    "py" + r"pi\.org",
    r"\b(?:anaconda|conda-forge)\." + "org",
]


def tracked(root: Path) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    return [root / name for name in listing.stdout.split("\0") if name]


def texts(root: Path) -> dict[str, str]:
    """Every text of the tree by name; of binary files and broken texts, what is ASCII."""
    return {
        str(file.relative_to(root)): file.read_bytes().decode("ascii", "ignore")
        for file in tracked(root)
        if file.is_file()
    }


def pins(lock: Path) -> dict[str, str]:
    """Requirement → all that stands with it, from the lock file's continued lines."""
    entries = lock.read_text("utf-8").replace("\\\n", " ").splitlines()
    return {entry.split()[0]: entry for entry in entries if entry.strip()}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_no_address(root: Path, name: str) -> None:
    text = (root / "requirements" / name).read_text("utf-8")
    assert not re.search(r"://|@ |^-|index|find-links", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_an_exact_version_and_a_hash(root: Path, name: str) -> None:
    for requirement, entry in pins(root / "requirements" / name).items():
        assert re.fullmatch(r"[a-zA-Z0-9._-]+==[0-9][^\s;]*", requirement), requirement
        assert "--hash=sha256:" in entry, requirement


def test_what_runs_is_pinned_alike_for_work(root: Path) -> None:
    run, dev = (pins(root / "requirements" / name) for name in LOCKS)
    assert run.items() <= dev.items()


def test_the_tree_names_no_machine_path_and_no_registry(root: Path) -> None:
    pattern = re.compile("|".join(FORBIDDEN))
    found = {
        name: match.group() for name, text in texts(root).items() if (match := pattern.search(text))
    }
    assert found == {}


def test_both_readmes_have_the_same_sections(root: Path) -> None:
    shape = {}
    for name in ("README.md", "README.zh.md"):
        without_code = re.sub(
            r"^```.*?^```", "", (root / name).read_text("utf-8"), flags=re.M | re.S
        )
        shape[name] = [len(marks) for marks in re.findall(r"^(#+) ", without_code, re.M)]
    assert shape["README.md"] == shape["README.zh.md"]


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(root: Path, name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.M))
    # As code only: "make sure" in a sentence is no target.
    code = " ; ".join(re.findall(r"```.*?```|`[^`\n]+`", (root / name).read_text("utf-8"), re.S))
    named = set(re.findall(r"(?:^|[\s`;&])make ([a-z]+)", code))
    assert named
    assert named <= targets


MOST_PARAMETERS, MOST_LINES = 6, 40
#: Functions so decorated may have more of either, and why.
LARGE = {"app.command": "a verb takes a parameter for each of its options"}


def large_functions(source: str) -> Iterator[tuple[str, int, int]]:
    """Name, number of parameters (but for self and cls) and of lines of each that has too many."""
    excepted = tuple(f"{name}(" for name in LARGE)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            count = sum(each.arg not in ("self", "cls") for each in given)
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if any(ast.unparse(each).startswith(excepted) for each in node.decorator_list):
                continue
            if count > MOST_PARAMETERS or lines > MOST_LINES:
                yield node.name, count, lines


def test_a_function_takes_few_parameters_and_fits_a_screen(root: Path) -> None:
    found = {
        f"{path.relative_to(root).as_posix()} {name}": (count, lines)
        for path in sorted((root / "pipeline").rglob("*.py"))
        for name, count, lines in large_functions(path.read_text("utf-8"))
    }
    assert found == {}


def test_a_function_that_is_too_large_is_found() -> None:
    many = "def many(a, b, c, /, d, e, *, f, g): ..."
    long = "async def long(self):\n" + "    ...\n" * MOST_LINES
    few = "def few(self, a, b, c, d, e, f):\n" + "    ...\n" * (MOST_LINES - 1)
    verb = "@app.command()\ndef verb(a, b, c, d, e, f, g): ..."
    found = large_functions("\n".join((many, long, few, verb)))
    assert [name for name, *_ in found] == ["many", "long"]


def test_the_changelog_has_an_entry_for_this_version(root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    entries = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert any(version in entry for entry in entries), entries


def test_every_dependency_has_its_reason(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[^A-Za-z0-9-]", entry)[0] for entries in lists for entry in entries}
    explained = set(
        re.findall(r"`([a-zA-Z0-9-]+)`", (root / "docs" / "dependencies.md").read_text("utf-8"))
    )
    assert names - {project["name"]} <= explained


def test_scripts_of_the_project_can_be_run_by_a_plain_shell(root: Path) -> None:
    for script in sorted((root / "tools").glob("*.sh")):
        subprocess.run(["sh", "-n", script], check=True)
    subprocess.run(["bash", "-n", root / ".ci" / "run"], check=True)
    assert (root / ".ci" / "run").stat().st_mode & 0o111


def test_the_benchmark_file_is_made_up_right_and_the_same_each_time(root: Path) -> None:
    sys.path.insert(0, str(root))
    from bench import make

    table = make.penalties(2_000)
    assert table.equals(make.penalties(2_000))
    assert table["行政处罚决定书文号"].is_unique
    assert set(table["备注"]) == {make.LABEL}
    codes = table["行政相对人代码_1（统一社会信用代码）"]
    assert all(uscc.is_valid(code) for code in codes if code and code != "0" * 17 + "X")
    assert list(make.wan_yuan(np.array([2_000, 10_000, 125_050]))) == ["0.2", "1", "12.505"]


def test_a_measured_command_tells_its_time_memory_and_exit(root: Path, tmp_path: Path) -> None:
    # 100 MB in a child of the command have to count as the command's own.
    inner = "import time; kept = b'x' * 100_000_000; time.sleep(0.5)"
    outer = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}]); sys.exit(3)"
    )
    # In a process of its own, because whoever measures has to be small, and pytest is not.
    script = f"""
import json, sys
from dataclasses import asdict
from pathlib import Path
from bench import measure
folder = Path(sys.argv[1])
for code in ("pass", {outer!r}):
    print(json.dumps(asdict(measure.run([sys.executable, "-c", code], folder, folder / "log"))))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    nothing, large = map(json.loads, done.stdout.splitlines())
    assert nothing["exit_code"] == 0
    assert nothing["peak_bytes"] < 50e6
    assert large["exit_code"] == 3
    assert large["seconds"] >= 0.5
    assert 100e6 < large["peak_bytes"] < 200e6
