"""What was parsed before is taken again only where this user alone can have written it, and it is whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pipeline.base import parse_cache, software
from pipeline.base.errors import UsageError
from pipeline.contract import catalog
from tests.support.shop import ROOT


class Parser:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> dict[str, int]:
        self.asked += 1
        return {"asked": self.asked}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where things are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "gongshi"


@pytest.fixture
def parse() -> Parser:
    return Parser()


def asked(parse: Parser, of: str = "files") -> int:
    return parse_cache.parsed("kind", of, parse)["asked"]


def entry(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


def test_the_same_is_parsed_once(folder: Path, parse: Parser) -> None:
    assert [asked(parse), asked(parse)] == [1, 1]


def test_something_else_is_parsed_anew(folder: Path, parse: Parser) -> None:
    assert [asked(parse), asked(parse, "other files")] == [1, 2]


def test_another_program_parses_anew(
    folder: Path, parse: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(parse)
    monkeypatch.setattr(software, "digest", lambda: "another")
    assert asked(parse) == 2


def test_what_is_kept_is_closed_to_others(folder: Path, parse: Parser) -> None:
    asked(parse)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, entry(folder))]
    assert modes == [0o700, 0o600]


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "longer"])
def test_a_damaged_file_is_parsed_anew_and_replaced(
    folder: Path, parse: Parser, damage: str
) -> None:
    asked(parse)
    content = bytearray(entry(folder).read_bytes())
    content[-1] ^= 1 if damage == "flip" else 0
    kept = {"cut": content[:-1], "empty": b"", "longer": content + b"."}.get(damage, content)
    entry(folder).write_bytes(kept)
    assert [asked(parse), asked(parse)] == [2, 2]


def test_a_file_that_others_may_write_is_not_read(folder: Path, parse: Parser) -> None:
    asked(parse)
    entry(folder).chmod(0o620)
    assert asked(parse) == 2


def test_a_folder_that_others_may_write_is_not_used(folder: Path, parse: Parser) -> None:
    asked(parse)
    folder.chmod(0o777)
    assert [asked(parse), asked(parse)] == [2, 3]


def test_what_another_user_owns_is_not_used(
    folder: Path, parse: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(parse)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert [asked(parse), asked(parse)] == [2, 3]


def test_a_link_is_not_followed(folder: Path, parse: Parser, tmp_path: Path) -> None:
    asked(parse)
    elsewhere = entry(folder).rename(tmp_path / "elsewhere")
    parse_cache.parsed("kind", "files", parse)
    path = entry(folder)
    path.unlink()
    path.symlink_to(elsewhere)
    assert asked(parse) == 3


def test_a_pipe_in_its_place_holds_nobody_up(folder: Path, parse: Parser) -> None:
    asked(parse)
    path = entry(folder)
    path.unlink()
    os.mkfifo(path, 0o600)
    assert asked(parse) == 2


@pytest.mark.parametrize("home", ["/dev/null", "relative"])
def test_without_a_folder_to_keep_it_in_it_is_parsed_each_time(
    parse: Parser, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    assert [asked(parse), asked(parse)] == [1, 2]


def test_what_cannot_be_parsed_is_not_kept(folder: Path, parse: Parser) -> None:
    def broken() -> dict[str, int]:
        raise UsageError("broken")

    with pytest.raises(UsageError):
        parse_cache.parsed("kind", "files", broken)
    assert asked(parse) == 1


def test_the_oldest_leave_for_the_newest(
    folder: Path, parse: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_cache, "MOST", 2)
    for of in ("a", "b", "c"):
        asked(parse, of)
    assert len(list(folder.iterdir())) == 2
    assert asked(parse, "c") == 3


# ---------------------------------------------------------------- the contract


@pytest.fixture
def contract(folder: Path, tmp_path: Path) -> Path:
    made = tmp_path / "datapackage"
    (made / "codes").mkdir(parents=True)
    for name in ("package.yaml", "profile.json", "authorities.yaml", "codes/authority_levels.csv", "codes/divisions.csv"):  # fmt: skip
        (made / name).write_bytes((ROOT / "datapackage" / name).read_bytes())
    return made


def test_a_contract_taken_again_is_the_one_that_was_read(contract: Path) -> None:
    first, again = catalog.load(contract), catalog.load(contract)
    assert first is not again
    assert (repr(first), first.version) == (repr(again), again.version)


def test_a_contract_that_was_changed_is_read_anew(contract: Path) -> None:
    catalog.load(contract)
    path = contract / "authorities.yaml"
    path.write_text(path.read_text("utf-8").replace("title: ", "title: 新", 1), "utf-8")
    assert catalog.load(contract).datasets["authorities"].title.startswith("新")


def test_a_contract_that_became_wrong_is_refused(contract: Path) -> None:
    catalog.load(contract)
    (contract / "authorities.yaml").write_text("name: [", "utf-8")
    for _ in range(2):
        with pytest.raises(UsageError, match=r"authorities\.yaml"):
            catalog.load(contract)


def test_a_contract_is_right_for_the_rules_it_was_held_against_alone(contract: Path) -> None:
    catalog.load(contract)
    with pytest.raises(UsageError, match=r"authorities\.yaml"):
        catalog.load(contract, {"a-rule-that-it-does-not-use"})


def test_a_contract_saved_while_it_is_read_is_read_once_more(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read = contract / "authorities.yaml", catalog.read

    def slowly(folder: Path, rules: object) -> object:
        found = read(folder, None)
        monkeypatch.setattr(catalog, "read", read)
        path.write_text(path.read_text("utf-8").replace("title: ", "title: 新", 1), "utf-8")
        return catalog.replace(found, version=catalog._version(folder))

    monkeypatch.setattr(catalog, "read", slowly)
    assert catalog.load(contract).datasets["authorities"].title.startswith("新")
