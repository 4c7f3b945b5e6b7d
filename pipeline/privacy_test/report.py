"""The result of a trial as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from pipeline.base.words import Lang, say
from pipeline.privacy_test.judging import Fate, Outcome
from pipeline.privacy_test.trial import Trial

FATES: dict[bool, tuple[Fate, ...]] = {
    False: ("leaked", "masked", "held", "other"),
    True: ("kept", "masked", "held", "other"),
}
MOST_EXAMPLES = 20
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Score:
    """How many of `of` plants that reached a decision came out right."""

    right: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1; 1 where there were none."""
        return self.right / self.of if self.of else 1.0


def scores(trial: Trial) -> dict[str, Score]:
    """`personal`: values that are not public; `harmless`: texts that are public as they were.

    What is not public for another reason shows nothing, and does not count.
    """
    judged = [each for each in trial.outcomes if each.fate != "other"]
    personal = [each for each in judged if not each.plant.value.is_harmless]
    harmless = [each for each in judged if each.plant.value.is_harmless]
    return {
        "personal": Score(sum(each.fate != "leaked" for each in personal), len(personal)),
        "harmless": Score(sum(each.fate == "kept" for each in harmless), len(harmless)),
    }


def text(trial: Trial, lang: Lang) -> str:
    """Tables by kind, disguise and place, the score, and examples of what went wrong."""
    personal = [each for each in trial.outcomes if not each.plant.value.is_harmless]
    harmless = [each for each in trial.outcomes if each.plant.value.is_harmless]
    parts = [
        say("privacy-test-head", lang, values=len(trial.outcomes), rounds=trial.rounds, seed=trial.seed),
        _table("kind", personal, False, lang),
        _table("disguise", personal, False, lang),
        _table("place", personal, False, lang),
        _table("harmless", harmless, True, lang),
        *_examples(trial, lang),
        "\n".join(_remarks(trial, lang)),
    ]  # fmt: skip
    return "\n\n".join(filter(None, parts))


def _group(by: str, outcome: Outcome) -> str:
    plant = outcome.plant
    if by == "disguise":
        return plant.value.disguise
    return plant.spot.place if by == "place" else plant.value.kind


def _counted(
    by: str, outcomes: Iterable[Outcome], fates: Sequence[Fate]
) -> dict[str, dict[str, int]]:
    """Group → planted, and how many had each fate."""
    counts = Counter((_group(by, each), each.fate) for each in outcomes)
    groups = sorted({group for group, _ in counts})
    found = dict[str, dict[str, int]]()
    for group in groups:
        row = {str(fate): counts[group, fate] for fate in fates}
        found[group] = {"planted": sum(row.values()), **row}
    return found


def _table(by: str, outcomes: Sequence[Outcome], is_harmless: bool, lang: Lang) -> str:
    if not outcomes:
        return ""
    counted = _counted(by, outcomes, FATES[is_harmless])
    columns = ("planted", *FATES[is_harmless])
    total = [str(sum(row[name] for row in counted.values())) for name in columns]
    lines = [
        [say(f"privacy-test-by-{by}", lang), *(say(f"privacy-test-{name}", lang) for name in columns)],
        *([_title(group, lang), *(str(row[name]) for name in columns)] for group, row in counted.items()),
        [say("column-total", lang), *total],
    ]  # fmt: skip
    return "\n".join(_aligned(lines))


def _title(group: str, lang: Lang) -> str:
    """The name of a kind, disguise or place for people."""
    try:
        return say(f"privacy-test-of-{group}", lang)
    except KeyError:
        return group


def _aligned(lines: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for first, *rest in lines:
        numbers = (" " * (w - cell_len(n)) + n for n, w in zip(rest, widths[1:], strict=True))
        yield _GAP.join([first + " " * (widths[0] - cell_len(first)), *numbers])


def _examples(trial: Trial, lang: Lang) -> list[str]:
    """Leaks, then harmless texts that were masked: where, and what was planted."""
    wrong = {
        "leaks": trial.leaks,
        "masked-harmless": [e for e in trial.outcomes if e.plant.value.is_harmless and e.fate == "masked"],
    }  # fmt: skip
    return [
        "\n".join([say(f"privacy-test-{name}", lang), *(_line(e, lang) for e in some[:MOST_EXAMPLES])])
        for name, some in wrong.items()
        if some
    ]  # fmt: skip


def _line(outcome: Outcome, lang: Lang) -> str:
    spot, value = outcome.plant.spot, outcome.plant.value
    place = " › ".join(filter(None, (spot.file, spot.sheet)))
    return say(
        "privacy-test-example",
        lang,
        place=place,
        row=spot.row or "-",
        column=spot.column or _title(spot.place, lang),
        kind=_title(value.kind, lang),
        disguise=_title(value.disguise, lang),
        text=repr(value.text)[1:-1],
        where=outcome.where or "-",
    )


def _remarks(trial: Trial, lang: Lang) -> Iterable[str]:
    score = scores(trial)
    personal, harmless = score["personal"], score["harmless"]
    yield say("privacy-test-score", lang, personal=f"{personal.share:.1%}", safe=personal.right, values=personal.of, harmless=f"{harmless.share:.1%}", kept=harmless.right, texts=harmless.of)  # fmt: skip
    if trial.closed:
        yield say("privacy-test-closed", lang, count=len(trial.closed), files="、".join(trial.closed) if lang == "zh" else ", ".join(trial.closed))  # fmt: skip
    if len(trial.outcomes) < trial.asked:
        yield say("privacy-test-fewer", lang, asked=trial.asked, planted=len(trial.outcomes), chance=trial.chance)  # fmt: skip


def as_json(trial: Trial) -> str:
    """The same for a program. Keys stay within a version; every value is made up."""
    score = scores(trial)
    personal = [each for each in trial.outcomes if not each.plant.value.is_harmless]
    harmless = [each for each in trial.outcomes if each.plant.value.is_harmless]
    content = {
        "format": "gongshi-privacy-test",
        "version": 1,
        "seed": trial.seed,
        "asked": trial.asked,
        "planted": len(trial.outcomes),
        "rounds": trial.rounds,
        "score": {name: {"right": s.right, "of": s.of, "share": round(s.share, 4)} for name, s in score.items()},
        "kinds": _counted("kind", personal, FATES[False]),
        "disguises": _counted("disguise", personal, FATES[False]),
        "places": _counted("place", personal, FATES[False]),
        "harmless": _counted("harmless", harmless, FATES[True]),
        "closed": list(trial.closed),
        "plants": [_plant(each) for each in trial.outcomes],
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=2)


def _plant(outcome: Outcome) -> dict[str, Any]:
    spot, value = outcome.plant.spot, outcome.plant.value
    return {
        "fate": outcome.fate,
        "kind": value.kind,
        "disguise": value.disguise,
        "harmless": value.is_harmless,
        "place": spot.place,
        "file": spot.file,
        "sheet": spot.sheet,
        "row": spot.row or None,
        "column": spot.column,
        "text": value.text,
        "value": value.shown,
        "where": outcome.where,
        "found": outcome.found,
        "reasons": list(outcome.reasons),
    }
