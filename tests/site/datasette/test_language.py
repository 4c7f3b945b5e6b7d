"""Every visible phrase of the site stands in one catalogue, complete in both languages."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import datasette
import pytest
from babel.messages.pofile import read_po

from pipeline.contract.catalog import load
from pipeline.site.datasette.language import Language, phrases, read_catalogue
from pipeline.site.datasette.values import Field, Values, mark_hits
from tests.support.phrases import SITE, marked

CATALOGUE = (SITE / "words" / "zh.po").read_text("utf-8")
TEMPLATES = sorted((SITE / "templates").glob("*.html"))
# Names that are the same in every language, and file kinds.
NAMES = {"API", "Atom", "CSV", "Data", "DCAT", "Excel", "JSON", "KB", "MB", "OpenAPI", "Package"}
NAMES |= {"manifest", "json", "sig", "public", "key", "pem"}
NAMES |= {"Power", "Python", "Query", "R", "SQL", "XLSX", "B", "curl", "pandas", "English", "中文"}


def test_every_phrase_has_its_chinese() -> None:
    assert sorted(set(marked()) - set(phrases("zh"))) == []


def test_no_phrase_is_kept_that_nothing_says_any_more() -> None:
    assert sorted(set(phrases("zh")) - set(marked())) == []


def test_the_catalogue_is_read_as_gettext_reads_it() -> None:
    read = read_po(io.BytesIO(CATALOGUE.encode()))
    known = {
        (m.id if isinstance(m.id, str) else m.id[0]): (
            m.string if isinstance(m.string, str) else m.string[0]
        )
        for m in read
        if m.id
    }
    assert read_catalogue(CATALOGUE) == known
    assert not [message for message in read if message.fuzzy and message.id]


def test_a_translation_has_the_same_places_to_fill_in() -> None:
    for english, chinese in phrases("zh").items():
        assert set(re.findall(r"%\(\w+\)s", english)) == set(re.findall(r"%\(\w+\)s", chinese)), (
            english
        )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_holds_a_word_outside_the_catalogue(path: Path) -> None:
    text = path.read_text("utf-8")
    text = re.sub(r"\{% block kind %\}.*?\{% endblock %\}|<code.*?</code>", " ", text)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.S)
    said = re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', text)
    text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", " ", text, flags=re.S)
    text = re.sub(r"<textarea.*?</textarea>", " ", text, flags=re.S)
    said.append(re.sub(r"<[^>]*>", " ", text))
    words = re.findall(r"[A-Za-z]+|[\u4e00-\u9fff]+", re.sub(r"&\w+;", " ", " ".join(said)))
    assert sorted(set(words) - NAMES) == []


def test_upstream_templates_are_those_that_ours_were_made_beside() -> None:
    """Ours replace them all; when they change, look at what is new, then renew this hash."""
    folder = Path(datasette.__file__).parent / "templates"
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.html")):
        digest.update(path.name.encode() + path.read_bytes())
    assert datasette.__version__ == "0.65.5"
    assert digest.hexdigest()[:16] == "ae77c539e48c6fc6"


@pytest.mark.parametrize(
    ("lang", "value", "said"),
    [
        ("zh", "2024-03-05", "2024年3月5日"),
        ("en", "2024-03-05", "5 Mar 2024"),
        ("zh", "2024-03", "2024年3月"),
        ("en", "2024-03", "Mar 2024"),
        ("zh", "2099-12-31", "长期"),
        ("en", "2099-12-31", "Long-term"),
        ("zh", "not a date", "not a date"),
        ("en", "2024-99-05", "2024-99-05"),
    ],
)
def test_dates_are_said_as_each_language_writes_them(lang: str, value: str, said: str) -> None:
    assert Language(lang).date(value) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5000, "5,000"),
        (1234567.5, "1,234,567.50"),
        ("0.07", "0.07"),
        ("x", "x"),
        (float("nan"), "nan"),
    ],
)
def test_money_shows_cents_only_where_there_are_some(value: object, said: str) -> None:
    assert Language("zh").money(value) == said


def test_one_and_many_are_told_apart_in_english_only() -> None:
    for number, english in ((1, "1 row"), (2, "2 rows"), (0, "0 rows")):
        assert Language("en").count("%(number)s row", "%(number)s rows", number) == english
        assert Language("zh").count("%(number)s row", "%(number)s rows", number) == f"{number} 行"


def values(lang: str = "zh") -> Values:
    return Values(Language(lang), {"kinds": {"a": "甲"}})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "html"),
    [
        (Field("x", "X", kind="money"), 5000, "5,000"),
        (Field("x", "X", codes="kinds"), "a", "甲"),
        (Field("x", "X", codes="kinds", separator=";"), "a;b", "甲、b"),
        (Field("x", "X"), "<script>", "&lt;script&gt;"),
        (Field("x", "X", kind="url"), "javascript:alert(1)", "javascript:alert(1)"),
        (Field("status", "X", codes="states"), "有效", '<span class="state good">有效</span>'),
        (
            Field("x", "X", kind="date"),
            "2024-03-05",
            '<time datetime="2024-03-05">2024年3月5日</time>',
        ),
    ],
)
def test_a_value_is_shown_by_its_kind(field: Field, value: object, html: str) -> None:
    assert values().cell(field, value) == html


def test_only_web_addresses_become_links() -> None:
    shown = values().cell(Field("x", "X", kind="url"), 'https://example.org/"><b>')
    assert "<b>" not in shown
    assert values().cell(Field("x", "X", kind="url"), "https://example.org/").startswith("<a ")


def test_long_text_is_folded_and_whole() -> None:
    shown = values().cell(Field("x", "X"), "长" * 500)
    assert shown.count("长") == 500
    assert "<details" in shown


def test_chinese_on_an_english_page_says_so() -> None:
    assert values("en").cell(Field("x", "X"), "食品") == '<span lang="zh-CN">食品</span>'


def test_hits_are_marked_in_their_context() -> None:
    shown = mark_hits("前" * 100 + "食品<b>" + "后" * 200, ["食品"])
    assert "<mark>食品</mark>&lt;b&gt;" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_no_page_names_a_dataset_that_departments_send() -> None:
    """What the site says of one dataset comes from the contract or the settings, never from here."""
    sent = {
        name
        for name, dataset in load(SITE.parents[1] / "datapackage").datasets.items()
        if not dataset.produced and name != "authorities"  # the register, which has its own pages
    }
    code = "\n".join(
        path.read_text("utf-8") for path in [*SITE.glob("*.py"), *SITE.glob("templates/*.html")]
    )
    assert sorted(name for name in sent if re.search(rf"\b{name}\b", code)) == []
