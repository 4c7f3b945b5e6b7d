"""One yearly report, from its file to its figures; for the run and for `gongshi report`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.base.model import CodeList, Figure, Finding
from pipeline.base.script import simplified_by_character
from pipeline.reports.compare import corrections, internal_consistency
from pipeline.reports.documents.text import Loaded, finding, load
from pipeline.reports.figures import figures, indicators
from pipeline.reports.figures.heading import Heading, heading, overruled
from pipeline.reports.figures.indicators import Indicator
from pipeline.reports.figures.numerals import plain
from pipeline.reports.figures.sections import Places, Section, sections
from pipeline.reports.repair.characters import HAN
from pipeline.reports.repair.edits import Repair
from pipeline.reports.repair.repair import Repaired, repair

_NOTHING = Heading()


@dataclass(frozen=True, slots=True)
class Report:
    """A report as read: its repaired text and the figures in it.

    `repairs`: what was changed and what could not be, by offset in the original text; offsets of
    sections and figures are in `text`. `figures`: those read, in order, then one for each
    correction.
    """

    name: str
    text: str
    repairs: tuple[Repair, ...] = ()
    title: str = ""
    body: str = ""
    region_code: str = ""
    year: int | None = None
    date: str = ""
    sections: tuple[Section, ...] = ()
    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_report(
    path: Path,
    *,
    name: str,
    given: Heading = _NOTHING,
    indicators: Sequence[Indicator] = (),
    divisions: CodeList | None = None,
) -> Report:
    """The report in the file at `path`, called `name` in every output.

    `given` body, division and year replace what the text says. `indicators` is the
    vocabulary (`pipeline.reports.figures.indicators.load`), `divisions` the code list by which a
    body's name gives its division. Corrections are read from `<path>.corrections.csv`. Bad files
    give findings, never exceptions.
    """
    loaded = load(path, name)
    if not loaded.text:
        return Report(
            name,
            "",
            body=given.body,
            region_code=given.region_code,
            year=given.year,
            findings=loaded.findings,
        )
    report = read_text(loaded, name, given, indicators, divisions)
    corrected, problems = corrections.apply(path, name, report.figures)
    found = [
        *report.findings,
        *problems,
        *internal_consistency.check(report.text, corrected, name),
    ]
    return replace(report, figures=corrected, findings=tuple(found))


def with_growth_findings(report: Report, last_year: Report) -> Report:
    """The report with findings where its stated growth does not follow from `last_year`."""
    found = internal_consistency.growth(report.figures, last_year.figures, report.name)
    return replace(report, findings=(*report.findings, *found))


def read_text(
    loaded: Loaded,
    name: str,
    given: Heading,
    vocabulary: Sequence[Indicator],
    divisions: CodeList | None = None,
) -> Report:
    """The report in a loaded text; `given` replaces what the text says of body and year."""
    repaired = repair(loaded.text)
    head = overruled(heading(repaired.text, loaded.title, loaded.date, divisions), given)
    tree = sections(repaired.text)
    foreign = _is_foreign(repaired.text)
    report = Report(
        name,
        repaired.text,
        repaired.repairs,
        head.title,
        head.body,
        head.region_code,
        head.year,
        head.date,
        tree,
    )
    read = tuple(_figures(report, repaired, vocabulary))
    problems = [*loaded.findings, *_about_text(report, repaired, read)]
    if foreign:
        read = tuple(replace(figure, status="doubtful") for figure in read)
        problems.append(finding("report-not-chinese", name))
    return replace(report, figures=read, findings=tuple(problems))


def _is_foreign(text: str) -> bool:
    """Whether most letters are not Chinese: another language, or a wrong encoding."""
    letters = sum(c.isalpha() for c in text)
    return letters > 4 * len(HAN.findall(text))


def _figures(report: Report, repaired: Repaired, vocabulary: Sequence[Indicator]) -> list[Figure]:
    places = Places(report.sections)
    text, view = report.text, simplified_by_character(report.text)
    result = []
    for ordinal, found in enumerate(figures.find(text), 1):
        start, end = found.sentence
        section = places.path(found.start)
        label = simplified_by_character(found.label)
        before, above = view[start : found.start], simplified_by_character(section)
        code = (
            "" if found.change else indicators.match(label, before, above, found.unit, vocabulary)
        )
        # a ? from damage splits its sentence: both halves are doubtful
        doubtful = any(start - 1 <= place <= end for place in repaired.doubtful)
        result.append(
            Figure(
                report=report.name,
                ordinal=ordinal,
                code=code,
                label=found.label,
                value=plain(found.number.value),
                unit=found.unit,
                comparator=found.number.comparator,
                sentence=text[start:end].strip(),
                section=section,
                start=found.start,
                end=found.end,
                value_upper="" if found.number.upper is None else plain(found.number.upper),
                body=report.body,
                region_code=report.region_code,
                year=report.year,
                status="doubtful" if doubtful else "read",
            )
        )
    return result


def _about_text(report: Report, repaired: Repaired, read: Sequence[Figure]) -> list[Finding]:
    result = []
    done = Counter(r.rule for r in repaired.repairs if r.proven)
    if done:
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(done.items()))
        result.append(
            finding("report-repaired", report.name, repairs=sum(done.values()), rules=rules)
        )
    if repaired.doubtful:
        places, first = len(repaired.doubtful), repaired.doubtful[0]
        result.append(finding("report-unproven", report.name, places=places, offset=first))
    if not read:
        result.append(finding("report-no-figures", report.name))
    if report.year is None:
        result.append(finding("report-no-year", report.name))
    if not report.body and not report.region_code:
        result.append(finding("report-no-body", report.name))
    return result
