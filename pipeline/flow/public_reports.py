"""What of a yearly report becomes public: its figures, with nothing personal in their words.

The whole text is searched at once, so that a number that is cut by a line break, or whose word
stands a line above, is found. A figure that is a part of a personal value is none. Where a
figure's sentence, label or headings may name a person or tell of a person's life, and that is not
certain, the figure is held back; all others are published.
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
from pipeline.checks.privacy.unlabelled_numbers import replaced
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
    shown = labels.with_facts(labels.title(text, names, listed)).masked
    return "" if labels.are_personal([shown])[0] else shown


@dataclass(frozen=True, slots=True)
class _Sentence:
    """What is public of a figure's sentence, and where in the report it is (None: not as written);
    `unsure`: where in the report it may hold a name, `doubted`: or a fact about a person.
    """

    public: str
    is_masked: bool
    place: tuple[int, int] | None
    unsure: tuple[tuple[int, int], ...]
    doubted: tuple[tuple[int, int], ...]


class _Page:
    """A report's text, searched, and what was masked or held back of its figures' sentences."""

    def __init__(self, report: Report, listed: KnownPersons) -> None:
        self._report, self._text = report, report.text
        self._found = labels.with_facts(*labels.searched([report.text], listed))
        self._starts = [m.start() for m in _SENTENCE.finditer(report.text) if m[0].strip()]
        self._ends = [end for _, end, _ in self._found.spots]
        self.named = frozenset(
            report.text[start:end] for start, end, instead in self._found.spots if "某" in instead
        )
        self._unnamed = frozenset(report.text[start:end] for start, end in self._found.unsure)
        self._facts = {
            report.text[start:end]: instead
            for start, end, instead in self._found.spots
            if instead.startswith("***") and "@" not in instead and end - start > 1
        }
        self._sentences: dict[tuple[int, int], _Sentence] = {}
        self._short: dict[str, str | None] = {}
        self._headings: dict[str, bool] = {}
        self._masked = set[int]()
        self._unsure, self._doubts = dict[int, str](), dict[int, str]()

    def figures(self, body: str) -> Iterator[Figure]:
        """Those that may be public, with their words masked."""
        for figure in self._report.figures:
            number = bisect_right(self._starts, figure.start)
            sentence = self._sentence(figure)
            label, section = self._label(figure, sentence), self._words(figure.section)
            if sentence.is_masked or self._is_personal(figure):
                self._masked.add(number)
            if sentence.doubted or (section and self._is_doubted(figure.section)):
                self._doubts.setdefault(number, self._fact(sentence))
            elif label is None or section is None or sentence.unsure:
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
        for rule, held in (
            ("report-name-unsure", self._unsure),
            ("report-fact-unsure", self._doubts),
        ):
            for number, shown in sorted(held.items()):
                words = shown or "…"
                yield finding(rule, name, value=shown, sentence=number, words=words)

    def _is_personal(self, figure: Figure) -> bool:
        """Whether the figure's number is a part of something personal."""
        at = bisect_right(self._ends, figure.start)
        return at < len(self._ends) and self._found.spots[at][0] < figure.end

    def _label(self, figure: Figure, sentence: _Sentence) -> str | None:
        """A figure's label without what is personal, a part of a value as well; None where it holds
        what may be a name.
        """
        first, last = sentence.place or (0, 0)
        at = self._text.find(figure.label, first, last) if figure.label else -1
        words = self._words(figure.label)
        if at < 0 or words is None:
            return words
        return self._words(self._found.public(at, at + len(figure.label)))

    def _words(self, text: str) -> str | None:
        """A label or headings without what is personal; None where they hold what may be a name.

        They are made of the text's own words, so what may be a name is known from there.
        """
        if text not in self._short:
            is_doubted = bool(labels.occurrences(text, self._unnamed))
            self._short[text] = None if is_doubted else self._alone(text).masked
        return self._short[text]

    def _alone(self, text: str) -> labels.Searched:
        """A text by itself, searched, with the facts of the report's text masked."""
        told = [(a, b, self._facts[text[a:b]]) for a, b in labels.occurrences(text, self._facts)]
        return labels.with_facts(labels.title(replaced(text, told), self.named))

    def _is_doubted(self, headings: str) -> bool:
        """Whether headings may hold a fact about a person."""
        if headings not in self._headings:
            self._headings[headings] = bool(self._alone(headings).doubted)
        return self._headings[headings]

    def _fact(self, sentence: _Sentence) -> str:
        """What may be a fact about a person in a sentence, with the words around it."""
        return self._found.shown_fact(*sentence.doubted[0]) if sentence.doubted else ""

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
        found = self._found if place else self._alone(words)
        start, end = place or (0, len(found.text))
        shown = screened(found.public(start, end))[0]
        unsure, doubted = (
            tuple((a, b) for a, b in spans if a < end and b > start)
            for spans in (found.unsure, found.doubted)
        )
        if place is None:
            unsure, doubted = (((0, 0),) if spans else () for spans in (unsure, doubted))
        return _Sentence(shown, shown != words, place, unsure, doubted)
