"""Reading yearly reports: speed, how cost grows, precision and recall on reports of our own."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline.reports.figures.indicators import load
from pipeline.reports.read import read_report
from tests.support import damage, marked

ROOT = Path(__file__).parent.parent

VOCABULARY = load(ROOT / "datapackage" / "codes" / "indicators.csv")
PROVINCE = 1_000  # reports
SIZES = (12_500, 25_000, 50_000, 100_000)  # bytes of one report
STYLES = ("county", "city", "bureau")


def run() -> dict[str, Any]:
    """Seconds for reports of growing size, clean and damaged; for a province; precision, recall."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        seconds(work, sample(1_000, damaged=True))  # tables of characters are loaded once
        return {
            "seconds_by_bytes": {size: seconds(work, sample(size)) for size in SIZES},
            "seconds_by_bytes_damaged": {
                size: seconds(work, sample(size, damaged=True)) for size in SIZES
            },
            "province": province(work),
            **accuracy(work),
        }


def sample(size: int, *, damaged: bool = False) -> str:
    """A made-up report of about `size` bytes in UTF-8."""
    lines = [line for style in STYLES for line in _plain(style).split("\n")]
    if damaged:
        lines = [damage.glossed(damage.traditional(line), line) for line in lines]
    parts, total, at = [], 0, 0
    while total < size:
        parts.append(lines[at % len(lines)])
        total += len(parts[-1].encode()) + 1
        at += 1
    return "\n".join(parts)


def _plain(style: str) -> str:
    return marked.unmarked((marked.FOLDER / f"{style}.txt").read_text("utf-8"))[0]


def seconds(work: Path, text: str) -> float:
    """How long one report takes, the best of three."""
    file = work / "report.txt"
    file.write_text(text, "utf-8")
    times = []
    for _ in range(3):
        began = time.perf_counter()
        read_report(file, name=file.name, indicators=VOCABULARY)
        times.append(time.perf_counter() - began)
    return round(min(times), 4)


def province(work: Path) -> dict[str, float]:
    """A thousand reports of three lengths: cost should grow in step with length."""
    rows: dict[str, float] = {}
    for part, size in (("short", 4_000), ("middle", 8_000), ("long", 16_000)):
        text, count = sample(size), PROVINCE // 3 + (part == "short")
        file = work / f"{part}.txt"
        file.write_text(text, "utf-8")
        began = time.perf_counter()
        for number in range(count):
            read_report(file, name=f"{number}.txt", indicators=VOCABULARY)
        spent = time.perf_counter() - began
        rows[f"{part}_seconds"] = round(spent, 2)
        rows[f"{part}_microseconds_per_byte"] = round(spent / count / len(text.encode()) * 1e6, 3)
    rows["seconds"] = round(sum(v for k, v in rows.items() if k.endswith("_seconds")), 2)
    return rows


def accuracy(work: Path) -> dict[str, Any]:
    """Precision and recall of value, unit, comparator and phrase, by report and over all."""
    by_report, correct, read, expected = {}, 0, 0, 0
    for file in sorted(marked.FOLDER.iterdir()):
        source, figures = marked.unmarked(file.read_text("utf-8"))
        (work / file.name).write_text(source, "utf-8")
        report = read_report(work / file.name, name=file.name, indicators=VOCABULARY)
        right, _, _ = marked.score(figures, report.figures)
        by_report[file.stem] = {
            "figures": len(figures),
            "precision": round(right / max(len(report.figures), 1), 4),
            "recall": round(right / max(len(figures), 1), 4),
        }
        correct, read = correct + right, read + len(report.figures)
        expected += len(figures)
    return {"precision": correct / read, "recall": correct / expected, "reports": by_report}


if __name__ == "__main__":
    for key, value in run().items():
        print(key, value)
