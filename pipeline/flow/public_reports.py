"""What of a yearly report becomes public: its figures, with nothing personal in their words.

The whole text is searched at once, so that a number that is cut by a line break, or whose word
stands a line above, is found. A figure that is a part of a personal value is none. Where a
figure's sentence, label or headings may name a person, and that is not certain, the figure is held
back; all others are published.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.base.model import Figure, Finding
from pipeline.base.patterns import lazy
from pipeline.checks.privacy import labels
from pipeline.checks.privacy.known_persons import NOBODY, KnownPersons
from pipeline.checks.privacy.screen import screened
from pipeline.reports.documents.text import finding
from pipeline.reports.read import Report

_SENTENCE = lazy(r"[^。！？!?\n]+")


def public(report: Report, listed: KnownPersons = NOBODY) -> Report:
    """`report` with what may be public of it, and findings for what was masked or held back;
    `listed` persons are masked.

    Its text and sections, which are not published, stay.
    """
    page = _Page(report, listed)
    title, body = (_alone(each, page.named, listed) for each in (report.title, report.body))
    figures = tuple(page.figures(body))
    found = [*report.findings, *page.findings()]
    if report.body and not body:
        found.append(finding("report-body-unsure", report.name, body=report.body))
    return replace(report, title=title, body=body, figures=figures, findings=tuple(found))


def _alone(text: str, names: frozenset[str], listed: KnownPersons) -> str:
    """A title or a body without what is personal, `names` among it; "" where it may be a name
    itself.
    """
    shown = labels.title(text, names, listed).masked
    return "" if labels.are_personal([shown])[0] else shown


@dataclass(frozen=True, slots=True)
class _Sentence:
    """What is public of a figure's sentence; `unsure`: where in the report it may hold a name."""

    public: str
    is_masked: bool
    unsure: tuple[tuple[int, int], ...]


class _Page:
    """A report's text, searched, and what was masked or held back of its figures' sentences."""

    def __init__(self, report: Report, listed: KnownPersons) -> None:
        self._report, self._text = report, report.text
        (self._found,) = labels.searched([report.text], listed)
        self._starts = [m.start() for m in _SENTENCE.finditer(report.text) if m[0].strip()]
        self._ends = [end for _, end, _ in self._found.spots]
        self.named = frozenset(
            report.text[start:end] for start, end, instead in self._found.spots if "某" in instead
        )
        self._doubted = frozenset(report.text[start:end] for start, end in self._found.unsure)
        self._sentences: dict[tuple[int, int], _Sentence] = {}
        self._short: dict[str, str | None] = {}
        self._masked, self._unsure = set[int](), dict[int, str]()

    def figures(self, body: str) -> Iterator[Figure]:
        """Those that may be public, with their words masked."""
        for figure in self._report.figures:
            number = bisect_right(self._starts, figure.start)
            sentence = self._sentence(figure)
            label, section = self._words(figure.label), self._words(figure.section)
            if sentence.is_masked or self._is_personal(figure):
                self._masked.add(number)
            if label is None or section is None or sentence.unsure:
                at = next(iter(sentence.unsure), None)
                self._unsure.setdefault(number, self._found.shown(*at) if at else "")
            elif not self._is_personal(figure):
                yield replace(
                    figure, sentence=sentence.public, label=label, section=section, body=body
                )

    def findings(self) -> Iterator[Finding]:
        """What was masked and what was held back, by sentence; counted from 1, blank lines not."""
        name = self._report.name
        for number in sorted(self._masked):
            yield finding("report-personal", name, sentence=number)
        for number, shown in sorted(self._unsure.items()):
            words = shown or "…"
            yield finding("report-name-unsure", name, value=shown, sentence=number, words=words)

    def _is_personal(self, figure: Figure) -> bool:
        """Whether the figure's number is a part of something personal."""
        at = bisect_right(self._ends, figure.start)
        return at < len(self._ends) and self._found.spots[at][0] < figure.end

    def _words(self, text: str) -> str | None:
        """A label or headings without what is personal; None where they hold what may be a name.

        They are made of the text's own words, so what may be a name is known from there.
        """
        if text not in self._short:
            is_doubted = bool(labels.occurrences(text, self._doubted))
            self._short[text] = None if is_doubted else labels.title(text, self.named).masked
        return self._short[text]

    def _sentence(self, figure: Figure) -> _Sentence:
        words = figure.sentence
        start = self._text.find(words, max(0, figure.end - len(words)))
        place = start, start + len(words)
        if start < 0:  # it is not as the text has it
            return self._judged(words, None)
        if place not in self._sentences:
            self._sentences[place] = self._judged(words, place)
        return self._sentences[place]

    def _judged(self, words: str, place: tuple[int, int] | None) -> _Sentence:
        found = self._found
        if place is None:
            found = labels.title(words, self.named)
        start, end = place or (0, len(found.text))
        shown = screened(found.public(start, end))[0]
        unsure = tuple((a, b) for a, b in found.unsure if a < end and b > start)
        return _Sentence(shown, shown != words, unsure if place else ((0, 0),) if unsure else ())
