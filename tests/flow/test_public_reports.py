"""What is personal in a report's words is masked or held back; all else of it becomes public."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from pipeline.base.model import Finding
from pipeline.checks.privacy import labels
from pipeline.checks.privacy.found_names import Name
from pipeline.flow.public_reports import public
from pipeline.reports.figures.heading import Heading
from pipeline.reports.read import Report, read_report

TITLE = "示例区2024年度法治政府建设年度报告\n"
Read = Callable[..., Report]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a text as a report; what becomes public of it."""

    def go(text: str, given: Heading | None = None, corrections: str = "") -> Report:
        path = tmp_path / "报告.txt"
        path.write_text(TITLE + text, "utf-8")
        if corrections:
            path.with_name("报告.txt.corrections.csv").write_text(corrections, "utf-8")
        return public(read_report(path, name="报告", given=given or Heading()))

    return go


def values(report: Report) -> list[str]:
    return [figure.value for figure in report.figures]


def told(report: Report) -> list[tuple[str, object]]:
    rules = ("report-personal", "report-name-unsure", "report-fact-unsure")
    return [(f.rule, f.params["sentence"]) for f in report.findings if f.rule in rules]


@pytest.fixture
def unsure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which words are taken for names, and which may be some, whatever the evidence is."""

    def go(doubted: Iterable[str], sure: Iterable[str] = ()) -> None:
        def found(text: str, words: Iterable[str], is_sure: bool) -> list[Name]:
            return [Name(at, at + len(w), is_sure) for w in words if (at := text.find(w)) >= 0]

        monkeypatch.setattr(
            labels, "names_in", lambda texts: [found(t, doubted, False) + found(t, sure, True) for t in texts]
        )  # fmt: skip

    return go


def test_a_report_without_persons_is_public_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "报告.txt"
    path.write_text(TITLE + "一、行政复议\n全区办理行政复议案件57件，办结50件。\n", "utf-8")
    read = read_report(path, name="报告")
    assert public(read) == read and len(read.figures) == 2


def test_a_number_that_is_personal_is_no_figure_and_is_masked_in_its_sentence(read: Read) -> None:
    report = read("接待来访12人次，其中李某来电13812345678次。\n")
    assert values(report) == ["12"]
    assert "1381" not in report.figures[0].sentence
    assert told(report) == [("report-personal", 2)]


def test_a_number_cut_by_a_line_break_is_found_in_both_sentences(read: Read) -> None:
    report = read("受理投诉8件，联系电话138123\n45678件，办结7件。\n")
    shown = "".join(figure.sentence for figure in report.figures)
    assert {"8", "7"} >= set(values(report))
    assert "138123" not in shown and "45678" not in shown


def test_a_sure_name_is_masked_in_sentence_label_heading_title_and_body(
    read: Read, unsure: Callable[..., None]
) -> None:
    unsure((), sure=("郭琛烨",))
    report = read("一、郭琛烨投诉办理\n郭琛烨投诉案件57件。\n", Heading(body="郭琛烨办公室"))
    (figure,) = report.figures
    public_words = (figure.sentence, figure.label, figure.section, figure.body, report.title, report.body)  # fmt: skip
    assert not any("郭琛" in words for words in public_words)
    assert "郭某某" in figure.sentence and "郭某某" in figure.section
    assert figure.value == "57"


def test_a_sentence_that_may_name_a_person_is_held_back_and_the_rest_published(
    read: Read, unsure: Callable[..., None]
) -> None:
    unsure(("尤示",))
    report = read("受理案件9件。\n由尤示经手案件57件。又办结案件3件。\n")
    assert values(report) == ["9", "3"]
    assert told(report) == [("report-name-unsure", 3)]
    (found,) = (f for f in report.findings if f.rule == "report-name-unsure")
    assert isinstance(found, Finding) and found.file == "报告"
    assert "【尤某" in found.value and "尤示" not in found.value


def test_a_heading_that_may_name_a_person_holds_back_the_figures_below_it(
    read: Read, unsure: Callable[..., None]
) -> None:
    unsure(("尤示",))
    report = read("受理案件9件。\n一、尤示经手\n案件57件。\n二、其他\n案件3件。\n")
    assert values(report) == ["9", "3"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("受理案件9件，其中王某被诊断为抑郁症。", "抑郁症"),
        ("受理案件9件，事故造成其妻流产。", "流产"),
        ("受理案件9件，我本人全家信仰基督教。", "基督教"),
        ("受理案件9件，其女今年转入示例市外国语学校二年级3班。", "外国语"),
        ("受理案件9件，其父是该名九岁男童的父亲。", "九岁男童的父亲"),
        ("受理案件9件，王某住平安小区5栋929室。", "5栋"),
    ],
)
def test_a_fact_about_a_person_is_masked_and_the_figure_stays(
    read: Read, text: str, secret: str
) -> None:
    report = read(text + "\n")
    assert "9" in values(report) and told(report) == [("report-personal", 2)]
    assert not any(secret in words for f in report.figures for words in (f.sentence, f.label))


def test_a_name_is_masked_before_facts_about_its_bearer_are_looked_for(
    read: Read, unsure: Callable[..., None]
) -> None:
    unsure((), sure=("郭琛烨",))
    (figure,) = read("郭琛烨患有肺结核，为其办理救助3件。\n").figures
    assert figure.sentence.startswith("郭某某患有***，")


def test_a_fact_in_a_heading_or_a_label_is_masked(read: Read) -> None:
    report = read("一、王某患有抑郁症一案\n王某患有抑郁症住院3次。\n")
    assert report.figures
    for figure in report.figures:
        assert "抑郁症" not in figure.section + figure.label + figure.sentence


def test_a_sentence_that_may_tell_of_a_person_is_held_back_and_the_rest_published(
    read: Read,
) -> None:
    report = read("受理案件9件。\n任某的右手至今不能活动，调解3次。\n办结案件4件。\n")
    assert values(report) == ["9", "4"]
    assert told(report) == [("report-fact-unsure", 2)]
    (found,) = (f for f in report.findings if f.rule == "report-fact-unsure")
    assert isinstance(found, Finding) and "【右手" in found.value


def test_figures_on_illness_schools_and_faith_are_public(read: Read) -> None:
    text = "检查学校食堂12家、寺庙3处。救助残疾人57名，报告肺结核8例。培训信教群众90人次。\n"
    report = read(text)
    assert {"12", "3", "57", "8", "90"} <= set(values(report)) and not told(report)


def test_a_body_that_may_be_a_person_is_blank_and_told(
    read: Read, unsure: Callable[..., None]
) -> None:
    unsure(("尤示",))
    report = read("案件57件。\n", Heading(body="尤示"))
    assert report.body == "" and [f.body for f in report.figures] == [""]
    assert "report-body-unsure" in {f.rule for f in report.findings}


def test_a_doubt_that_is_a_name_for_sure_elsewhere_is_masked(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(texts: list[str]) -> list[list[Name]]:
        return [[Name(at, at + 3, at < 40) for at in range(len(t)) if t.startswith("郭琛烨", at)] for t in texts]  # fmt: skip

    monkeypatch.setattr(labels, "names_in", found)
    report = read("证人郭琛烨办理案件9件。\n" + "依法办理。" * 5 + "\n郭琛烨经手案件57件。\n")
    assert values(report) == ["9", "57"]
    assert not any("琛烨" in figure.sentence for figure in report.figures)


def test_a_correction_of_a_personal_number_is_none_either(read: Read, tmp_path: Path) -> None:
    text = "证人郭琛烨（住平桥区碧桂园5栋929室）反映，办理案件57件。\n"
    correct = "ordinal,code,value,status\n1,,6,corrected\n2,,58,corrected\n"
    report = read(text, corrections=correct)
    private = read_report(tmp_path / "报告.txt", name="报告")
    assert [f.value for f in private.figures] == ["5", "57", "6", "58"]
    assert values(report) == ["57", "58"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["1" * 1_000_000, "13812345678，" * 20_000, "郭琛烨、" * 60_000, "证人郭琛烨反映，办理案件5件。" * 8_000, " \u3000" * 200_000, "。" * 200_000, "\n13812345678\n" * 20_000],
    ids=["digits", "mobiles", "names", "sentences", "blanks", "ends", "lines"],
)  # fmt: skip
def test_a_report_of_any_size_is_read_to_its_end(read: Read, text: str) -> None:
    report = read(f"办理案件57件。{text}件。\n")
    assert not any("1381234" in f.sentence or "琛烨" in f.sentence for f in report.figures)
    assert "57" in values(report)
