"""The site in a real browser: three people's paths, by keyboard alone, on a phone, for everyone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

RECORD = "/disclosure/penalty_filings/r000000000000014"
KINDS = [
    *(
        "/",
        "/disclosure",
        "/disclosure/penalty_filings",
        "/disclosure/penalty_filings?_all=on",
        RECORD,
    ),
    *("/search?q=食品", "/dictionary", "/dictionary/penalty_filings", "/quality", "/rules"),
    *("/rules/rule-1", "/withdrawals", "/releases", "/reports", "/reports/2024年度报告", "/about"),
    *("/disclosure/penalties_by_type", "/disclosure/late_filings", "/disclosure?sql=select+1"),
    *("/nosuch", "/disclosure/penalty_filings/w0123456789abcdef"),
    "/disclosure/penalty_filings?_search=食品&fine_yuan__gte=100",
    *("/party/91411503MA44T80003", "/authority/信阳市平桥区市场监督管理局"),
]
COLOURS = {
    "resultTypes": ["violations"],  # as Axe asks for by itself: what is in order is not described
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1440, "height": 900}


@contextmanager
def opened(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    """A page that fails the test on a message in the console or a request to elsewhere."""
    context = browser.new_context(base_url=address, locale="zh-CN", **options)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if "status of 4" not in m.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(address) else None)
    try:
        yield page
    finally:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("lang", ["", "/en"])
def test_axe_finds_nothing_wrong_on_any_kind_of_page_light_or_dark(
    browser: Any, address: str, lang: str
) -> None:
    wrong = []
    with opened(browser, address, viewport=DESK, color_scheme="light") as page:
        for path in KINDS:
            page.emulate_media(color_scheme="light")
            page.goto(lang + path)
            found = Axe().run(page).response["violations"]
            page.emulate_media(color_scheme="dark")  # which changes colours and nothing else
            found += Axe().run(page, options=COLOURS).response["violations"]
            wrong += [(path, v["id"], v["nodes"][0]["html"][:120]) for v in found]
    assert wrong == []


def test_axe_finds_nothing_wrong_on_a_phone(browser: Any, address: str) -> None:
    wrong = []
    with opened(browser, address, viewport=PHONE) as page:
        for path in KINDS[:7]:
            page.goto(path)
            found = Axe().run(page).response["violations"]
            wrong += [(path, v["id"], v["nodes"][0]["html"][:120]) for v in found]
    assert wrong == []


@pytest.mark.parametrize("lang", ["", "/en"])
def test_no_page_scrolls_sideways_at_any_width(browser: Any, address: str, lang: str) -> None:
    wide = []
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    with opened(browser, address) as page:
        for path in KINDS:
            page.goto(lang + path)
            for width in (360, 768, 1440, 2560):
                page.set_viewport_size({"width": width, "height": 800})
                if page.evaluate(over) > 0:
                    wide.append((path, width))
    assert wide == []


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def viewport(request: pytest.FixtureRequest) -> dict[str, int]:
    """A phone's width and a desk's."""
    size: dict[str, int] = request.param
    return size


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    """Each language of the site."""
    return str(request.param)


def home(lang: str) -> str:
    return "/" if lang == "zh" else "/en/"


def test_a_citizen_finds_a_company_and_reports_an_error(
    browser: Any, address: str, viewport: dict[str, int], lang: str
) -> None:
    search, penalty, report, other, otherwise = {
        "zh": ("搜索", "处罚", "这条记录有误？", "English", "Penalty"),
        "en": ("Search", "Penalty", "Report an error in this record", "中文", "处罚"),
    }[lang]
    with opened(browser, address, viewport=viewport) as page:
        page.goto(home(lang))
        page.get_by_role("searchbox").fill("信阳某某食品有限公司2")
        page.get_by_role("button", name=search).click()
        page.locator("#penalty_filings").wait_for()
        page.locator(".hits ol a").first.click()
        page.get_by_role("heading", name=penalty, exact=True).wait_for()
        to = page.get_by_role("link", name=report).get_attribute("href")
        assert to.startswith("mailto:")
        assert "penalty_filings" in to
        page.get_by_role("link", name=other).click()
        page.get_by_role("heading", name=otherwise, exact=True).wait_for()


def test_a_journalist_narrows_down_sorts_and_downloads(
    browser: Any, address: str, viewport: dict[str, int], lang: str
) -> None:
    with opened(browser, address, viewport=viewport, accept_downloads=True) as page:
        page.goto(f"{home(lang)}disclosure/penalty_filings")
        page.locator(".filters summary").click()
        page.locator("[name=fine_yuan__gte]").fill("50000")
        page.locator("#f-authority_name").select_option(index=1)
        page.locator(".filters button").click()
        page.locator(".chips").wait_for()
        if viewport is PHONE:
            page.locator(".sorts summary").click()
            page.locator(".sorts a[href$='_sort_desc=fine_yuan']").click()
            page.wait_for_url("**_sort_desc=fine_yuan**")
        else:
            page.locator("thead th.number a").click()
            page.wait_for_url("**_sort_desc=fine_yuan**")
            assert page.locator("thead th.number").get_attribute("aria-sort") == "descending"
        shown = int("".join(c for c in page.locator(".total").inner_text() if c.isdigit()))
        with page.expect_download() as download:
            page.locator(".downloads a").first.click()
        lines = download.value.path().read_text("utf-8-sig").splitlines()
        assert len(lines) == shown + 1


def test_a_lawyer_reads_what_is_in_force_and_runs_sql(
    browser: Any, address: str, viewport: dict[str, int], lang: str
) -> None:
    with opened(browser, address, viewport=viewport) as page:
        page.goto(f"{home(lang)}disclosure/documents_in_force?today=2025-01-01")
        assert page.locator("tbody tr").count() > 0
        page.locator(".sql-shown summary").click()
        page.locator(".sql-shown a").click()
        page.locator("#sql").fill(
            "select status, count(*) as n from normative_documents group by 1"
        )
        page.locator("form.sql button").click()
        page.wait_for_url("**/disclosure?sql=select**")
        assert page.locator("tbody tr").count() > 1


def test_everything_is_reached_by_keyboard(browser: Any, address: str) -> None:
    with opened(browser, address, viewport=DESK) as page:
        page.goto("/disclosure/penalty_filings")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.goto("/disclosure/penalty_filings")
        wanted = page.locator("main a:visible, main button:visible, main summary:visible").count()
        met = set()
        for _ in range(wanted + 60):
            page.keyboard.press("Tab")
            met.add(page.evaluate("document.activeElement.outerHTML.slice(0, 300)"))
            seen = "e => e === document.body || getComputedStyle(e).outlineStyle !== 'none'"
            assert page.evaluate(f"({seen})(document.activeElement)")
        for part in ("_sort", "next", "xlsx", 'name="_search"', "r000000000000"):
            assert any(part in html for html in met), part


def test_a_filter_works_by_keyboard_alone(browser: Any, address: str) -> None:
    with opened(browser, address, viewport=DESK) as page:
        page.goto("/disclosure/certificates")
        page.locator("#search").focus()
        page.keyboard.type("示例1")
        page.keyboard.press("Enter")
        page.locator(".chips").wait_for()
        page.locator(".chips a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/disclosure/certificates")


def test_hostile_values_run_nothing(browser: Any, address: str) -> None:
    with opened(browser, address, viewport=DESK) as page:
        for number in range(6):
            page.goto(f"/disclosure/penalty_filings/r{number:015x}")
        page.goto("/disclosure/penalty_filings?_all=on&_sort=record_id")
        page.goto("/search?q=%3Cscript%3Ealert(1)%3C/script%3E")


def test_a_record_prints_without_what_paper_cannot_do(browser: Any, address: str) -> None:
    with opened(browser, address, viewport=DESK) as page:
        page.goto(RECORD)
        page.emulate_media(media="print")
        assert not page.locator("header nav").is_visible()
        assert page.locator("h1").is_visible()
        assert page.locator(".facts").first.is_visible()
