"""A trial on a part of the sample: what is public of right is found, and every plant is accounted for."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipeline.base.errors import GateRefused, UnreadableInput, UsageError
from pipeline.base.words import rules
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from pipeline.privacy_test import aside, judging, plants, report, spots, trial
from pipeline.privacy_test.aside import Setting
from pipeline.privacy_test.judging import Outcome
from pipeline.privacy_test.plants import Plant
from pipeline.privacy_test.spots import Spot
from pipeline.privacy_test.values import made
from tests.support.fixtures.command import ROOT, Command
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import TODAY

pytestmark = [pytest.mark.once, pytest.mark.slow]
FILES = (
    "市场监督管理局/2022年至2023年重大行政处罚备案-示例数据.csv",
    "应急管理局/重大行政处罚备案表-示例数据.xlsx",
    "市场监督管理局/行政执法人员持证台账-示例数据.csv",
    "reports/2024年度法治政府建设年度报告-示例数据.txt",
    "sources.yaml",
)
COUNT, SEED = 110, 5
NAME_AT = 1  # the column of officers' names in their file
#: Officers' names are public by law, so this one is: a leak made on purpose.
OFFICER = made("name-3", "plain", "{}", "霍砚秋", "霍砚秋")


@dataclass(frozen=True)
class Tried:
    """A trial, and what it was made of."""

    spots: spots.Spots
    planned: list[Plant]
    trial: trial.Trial
    folder: Path


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    inbox = tmp_path_factory.mktemp("part") / "inbox"
    for name in FILES:
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "examples" / "inbox" / name, inbox / name)
    words = yaml.safe_load((ROOT / "metadata.yml").read_text("utf-8"))
    catalog = contracts.load(ROOT / "datapackage", RULES)
    return Setting(inbox, catalog, words, date.fromisoformat(TODAY))


@pytest.fixture(scope="module")
def tried(setting: Setting, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """A whole trial, with an officer's name among the plants."""
    folder, seen = tmp_path_factory.mktemp("tried"), list[spots.Spots]()

    def plan(found: spots.Spots, count: int, seed: int) -> list[Plant]:
        seen.append(found)
        planned = plants.plan(found, count, seed)
        return [officer(found, planned), *planned]

    with on_threads(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "plan", plan)
        made = trial.run(setting, COUNT, SEED, folder)
    return Tried(seen[0], plants.plan(seen[0], COUNT, SEED), made, folder)


def officer(found: spots.Spots, planned: list[Plant]) -> Plant:
    """A name planted into the column of officers' names, in a row without another plant."""
    taken = {(plant.spot.file, plant.spot.row) for plant in planned}
    firsts = (record[0] for record in found.records)
    free = next(s for s in firsts if s.dataset == "certificates" and (s.file, s.row) not in taken)
    spot = replace(free, place="code", column="holder_name", position=NAME_AT, written="")
    return Plant(len(planned), 1, OFFICER, spot)


def test_a_name_that_is_public_by_law_is_found(tried: Tried) -> None:
    [found] = [each for each in tried.trial.outcomes if each.plant.value is OFFICER]
    assert found.fate == "leaked"


def test_every_plant_has_one_fate(tried: Tried) -> None:
    numbers = Counter(each.plant.number for each in tried.trial.outcomes)
    assert {*numbers.values()} == {1}
    assert len(numbers) == COUNT + 1 - tried.trial.chance


def test_each_place_is_planted_in(tried: Tried) -> None:
    places = {plant.spot.place for plant in tried.planned}
    assert places >= {"text", "code", "report"}
    assert places & {"file", "sheet", "header"}


def test_nearly_all_that_is_planted_comes_to_a_decision(tried: Tried) -> None:
    """Plants break nothing else in their rows."""
    fates = Counter(each.fate for each in tried.trial.outcomes)
    assert fates["other"] <= COUNT / 20


def test_the_same_seed_gives_the_same_plants_and_another_one_others(tried: Tried) -> None:
    assert plants.plan(tried.spots, COUNT, SEED) == tried.planned
    others = plants.plan(tried.spots, COUNT, SEED + 1)
    assert {p.value.text for p in others}.isdisjoint(p.value.text for p in tried.planned if not p.value.is_harmless)  # fmt: skip


def test_more_values_than_records_take_more_rounds(tried: Tried) -> None:
    many = plants.plan(tried.spots, 300, SEED)
    assert [p.number for p in many] == [*range(300)]
    for some in plants.rounds(many):
        cells = [(p.spot.file, p.spot.sheet, p.spot.row) for p in some if p.spot.place in ("text", "code")]  # fmt: skip
        assert len(cells) == len({*cells})


def test_counts_add_up_in_each_table(tried: Tried) -> None:
    outcomes = tried.trial.outcomes
    content = json.loads(report.as_json(tried.trial))
    harmless = sum(each.plant.value.is_harmless for each in outcomes)
    whole = {"harmless": harmless} | dict.fromkeys(
        ("kinds", "disguises", "places"), len(outcomes) - harmless
    )
    for table, count in whole.items():
        rows = content[table].values()
        assert sum(row.pop("planted") for row in rows) == count
        assert sum(sum(row.values()) for row in rows) == count
    assert content["planted"] == len(content["plants"]) == len(outcomes)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_where_a_value_leaked(tried: Tried, lang: str) -> None:
    shown = report.text(replace(tried.trial, closed=("a.xls",)), "zh" if lang == "zh" else "en")
    assert OFFICER.shown in shown
    assert "holder_name" in shown
    assert "a.xls" in shown
    assert "privacy-test-" not in shown


def test_a_folder_that_is_in_use_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError), aside.workplace(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, GateRefused])
def test_the_workplace_is_removed_whatever_happens(error: type[BaseException]) -> None:
    with pytest.raises(error), aside.workplace(None) as folder:
        (folder / "private").mkdir()
        raise error
    assert not folder.exists()


def test_the_command_ends_with_one_where_something_leaked(
    setting: Setting, gongshi: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = Outcome(Plant(0, 1, OFFICER, Spot("text", "a.csv", row=2)), "leaked", "data/a.csv")
    for outcomes, code in (((leak,), 1), ((replace(leak, fate="masked"),), 0)):
        result = trial.Trial(outcomes, 1, 1, 1, 0, ())
        monkeypatch.setattr(trial, "run", lambda *_, result=result: result)
        done = gongshi("privacy-test", setting.inbox, "--format", "json")
        assert done.returncode == code, done.stdout + done.stderr
        assert json.loads(done.stdout)["planted"] == 1


def test_other_publishers_packages_are_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    entries = [{"package": "https://example.org/p", "publisher": "a"}, {"match": "a.csv"}]
    (tmp_path / "inbox" / "sources.yaml").write_text(yaml.safe_dump(entries), "utf-8")
    copy = aside.copied(tmp_path / "inbox", tmp_path / "copy")
    assert yaml.safe_load((copy / "sources.yaml").read_text("utf-8")) == [{"match": "a.csv"}]


def test_the_inbox_is_as_it_was_and_nothing_is_left_behind_where_a_trial_is_broken_off(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(inbox: Path, *_: object, **__: object) -> None:
        (inbox / "sources.yaml").write_text("")
        raise KeyboardInterrupt

    before = contents(setting.inbox)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(aside, "publish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trial.run(setting, 20, SEED)
    assert [*tmp_path.iterdir()] == []
    assert contents(setting.inbox) == before


def test_what_is_kept_is_the_copy_with_the_plants(tried: Tried, setting: Setting) -> None:
    kept = contents(tried.folder / "round-1" / "inbox")
    text = b"".join(kept.values()).decode("utf-8", "ignore")
    assert OFFICER.shown in text
    assert contents(tried.folder / "as-it-is" / "inbox") == contents(setting.inbox)


def contents(folder: Path) -> dict[str, bytes]:
    """Name → bytes of each file."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_row_that_waits_does_so_for_a_finding_that_doubts(tried: Tried) -> None:
    assert rules().keys() >= judging.DOUBTS
    for each in tried.trial.outcomes:
        if each.fate == "held" and each.plant.spot.place != "report":
            assert judging.DOUBTS.intersection(each.reasons)


def test_an_inbox_that_is_not_there_is_said(setting: Setting, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="nowhere"):
        trial.run(replace(setting, inbox=tmp_path / "nowhere"), 10, SEED)
