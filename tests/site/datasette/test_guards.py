"""Hostile SQL, hostile addresses and hostile values: a plain answer, and nobody else waits."""

from __future__ import annotations

import asyncio
import http.client
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
import pytest

from pipeline.site.datasette.guards import Slot, TooBusy, secure
from tests.site.conftest import served
from tests.support.site_sample import make_release

pytestmark = pytest.mark.slow  # it asks what takes as long as it may

ENDLESS = "with recursive c(x) as (select 1 union all select x+1 from c) select count(*) from c"
HOSTILE_SQL = [
    ENDLESS,
    "select count(*) from penalty_filings a, penalty_filings b, penalty_filings c, penalty_filings d",
    "select hex(zeroblob(900000000))",
    "select randomblob(900000000)",
    "select load_extension('x')",
    "select fts3_tokenizer('simple')",
    "select fts3_tokenizer('simple', x'4141414141414141')",
    "select * from pragma_database_list",
    "pragma database_list",
    "attach database '/etc/passwd' as p",
    "delete from penalty_filings",
    "select 1; drop table penalty_filings",
    "vacuum into '/tmp/x'",
    "select readfile('/etc/passwd')",
    "select * from nosuch",
    "select",
    f"select group_concat(x, 'yyyyyyyyyyyyyyyy') from ({ENDLESS.replace('count(*)', 'x')})",
    f"select '{'a' * 62_000}'",
    "select " + "(" * 3000 + "1" + ")" * 3000,
]
RECORD = "/disclosure/penalty_filings/r000000000000014"


@pytest.mark.parametrize("sql", HOSTILE_SQL, ids=range(len(HOSTILE_SQL)))
def test_hostile_sql_gets_a_plain_refusal(web: httpx.Client, sql: str) -> None:
    for path in ("/disclosure", "/en/disclosure", "/disclosure.json"):
        answer = web.get(path, params={"sql": sql}, timeout=10)
        assert answer.status_code in (400, 414), sql[:60]
        assert "Traceback" not in answer.text
        assert "/site-packages/" not in answer.text


def test_a_wide_printf_makes_no_megabytes(web: httpx.Client) -> None:
    answer = web.get("/disclosure.json", params={"sql": "select printf('%.*c', 900000000, 'x')"})
    assert len(answer.content) < 2000


def test_a_result_that_is_too_large_is_refused(web: httpx.Client) -> None:
    sql = (
        "with recursive c(x) as (select 1 union all select x+1 from c limit 900) "
        "select replace(hex(x), '3', printf('%.*c', 300000, 'x')) from c where hex(x) like '%3%'"
    )
    answer = web.get("/disclosure.json", params={"sql": sql})
    assert answer.status_code == 400
    assert "太大" in answer.json()["error"]


def test_sql_that_only_reads_works(web: httpx.Client) -> None:
    sql = "select authority_name, count(*) as n from penalty_filings where fine_yuan > :low group by 1"
    rows = web.get("/disclosure.json", params={"sql": sql, "low": "1000", "_shape": "array"}).json()
    assert rows
    assert rows[0]["n"] > 0


def test_parameters_of_sql_get_fields_of_their_own(web: httpx.Client) -> None:
    html = web.get(
        "/disclosure", params={"sql": "select * from authorities where level = :level"}
    ).text
    assert 'name="level"' in html


def raw_get(address: str, path: str) -> tuple[int, bytes, str | None]:
    """A request whose address no client library has tidied."""
    where = urlsplit(address)
    with closing(
        http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    ) as connection:
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("location")


@pytest.mark.parametrize(
    "path",
    [
        *("//example.com/", "//example.com/%2e%2e", "/\\example.com/", "/%5Cexample.com/"),
        *("/disclosure/%00", "/disclosure/penalty_filings/%00", "/static/../../metadata.yml"),
        *("/" + "a" * 10_000, "/static/%2e%2e/site.py", "/disclosure/%FF%FE", "/en//example.com/"),
        *(
            "/disclosure/penalty_filings/~ZZ",
            "/disclosure/~2F~2F",
            "/en/en/en",
            "/disclosure/.json",
        ),
    ],
)
def test_hostile_addresses_get_a_plain_answer_and_lead_nowhere(address: str, path: str) -> None:
    status, body, location = raw_get(address, path)
    assert status in (301, 302, 400, 404, 414)
    assert location is None or (location.startswith("/") and not location.startswith(("//", "/\\")))
    assert b"Traceback" not in body


@pytest.mark.parametrize(
    "query",
    [
        *("_sort=nosuch", "_size=-1", "_size=99999", "_next=%00", "_next=x,y,z", "_facet=nosuch"),
        *(
            "nosuch=1",
            "_col=nosuch",
            "_search_nosuch=x",
            "_where=1)+or+(1",
            "_through={",
            "_shape=x",
        ),
        *("fine_yuan__gte=x", "fine_yuan__in=[", "_facet_array={", "_fts_table=sqlite_master"),
    ],
)
def test_nonsense_in_a_query_is_a_plain_page_never_a_500(web: httpx.Client, query: str) -> None:
    for ending in ("", ".json", ".csv"):
        answer = web.get(f"/disclosure/penalty_filings{ending}?{query}", follow_redirects=True)
        assert answer.status_code in (200, 400, 404), f"{ending}?{query}: {answer.status_code}"


def test_only_reading_methods_are_answered(web: httpx.Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert web.request(method, "/disclosure").status_code == 405


def test_visitors_sql_waits_in_a_short_queue_and_then_gets_429(address: str) -> None:
    async def many() -> list[int]:
        query = urlencode({"sql": ENDLESS})
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            asked = [client.get(f"/disclosure.json?{query}&n={n}") for n in range(14)]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    statuses = asyncio.run(many())
    assert 429 in statuses
    assert 400 in statuses
    assert set(statuses) <= {400, 429}


def test_other_visitors_are_served_at_once_while_sql_runs(address: str) -> None:
    async def attacked() -> int:
        """How many queries ran to their end while fifteen records were asked for."""
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
            query = urlencode({"sql": ENDLESS})
            ended = 0

            async def attack() -> None:
                nonlocal ended
                while True:
                    answer = await client.get(f"/disclosure?{query}")
                    ended += answer.status_code == 400

            attackers = [asyncio.create_task(attack()) for _ in range(8)]
            await asyncio.sleep(0.3)
            for _ in range(15):
                answer = await client.get(RECORD)
                assert answer.status_code == 200
            running, so_far = sum(not attacker.done() for attacker in attackers), ended
            for attacker in attackers:
                attacker.cancel()
            await asyncio.gather(*attackers, return_exceptions=True)
            assert running == len(attackers)
            return so_far

    assert asyncio.run(attacked()) < 15, "each record waited for a query"


def test_a_slot_lets_few_in_and_turns_away_who_finds_the_queue_full() -> None:
    async def crowd() -> list[str]:
        slot = Slot(1, 2, 0.2)
        said: list[str] = []

        async def one() -> None:
            try:
                async with slot.acquired():
                    await asyncio.sleep(0.05)
                    said.append("served")
            except TooBusy:
                said.append("busy")

        await asyncio.gather(*(one() for _ in range(6)))
        return said

    said = asyncio.run(crowd())
    assert said.count("served") >= 2
    assert said.count("busy") >= 1


def test_a_guarded_connection_reads_but_neither_writes_nor_attaches() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("create table t (a)")
        secure(db, {"value_characters": 1000, "sql_characters": 1000})
        assert db.execute("select count(*), upper('x') from t").fetchone() == (0, "X")
        for sql in ("insert into t values (1)", "attach ':memory:' as x", "create table u (a)"):
            with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
                db.execute(sql)


def test_hostile_values_are_shown_as_text_on_every_kind_of_page(web: httpx.Client) -> None:
    pages = [
        "/disclosure/penalty_filings?_all=on&_sort=record_id",
        "/search?q=script",
        "/search?q=alert",
    ]
    pages += [f"/disclosure/penalty_filings/r{number:015x}" for number in range(6)]
    pages += [
        "/disclosure?sql=select+*+from+penalty_filings+order+by+record_id+limit+6",
        "/search?q=<b>",
    ]
    for path in pages:
        html = web.get(path).text
        assert "<script>alert" not in html, path
        assert 'href="javascript:' not in html, path
        assert "<b>" not in html, path


def test_security_headers_are_on_every_answer(web: httpx.Client) -> None:
    for path in ("/", "/nosuch", "/static/site.css", "/disclosure.json?sql=select+1", "/-/health"):
        headers = web.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in headers


def test_a_megabyte_in_a_cell_is_shown_cut_in_tables_and_whole_on_its_record(
    tmp_path: Path,
) -> None:
    release = make_release(tmp_path / "public", rows={"penalty_filings": 12})
    with closing(sqlite3.connect(release / "disclosure.db")) as db:
        db.execute(
            "update penalty_filings set violation_facts = ?, remarks = ? where record_id = ?",
            ["长" * 1_000_000, "<b>" * 300_000, "r000000000000003"],
        )
        db.commit()
    table = "/disclosure/penalty_filings"
    with served(tmp_path / "public") as address, httpx.Client(base_url=address, timeout=30) as web:
        every = web.get(f"{table}?_all=on")
        assert every.status_code == 200
        assert len(every.content) < 500_000
        whole = web.get(f"{table}/r000000000000003")
        assert whole.text.count("长") >= 1_000_000
        assert "<b>" not in whole.text
        assert web.get(f"{table}.json?_shape=array").status_code == 200
        assert len(web.get(f"{table}.csv?_stream=on").content) > 3_000_000
        assert web.get(f"{table}.xlsx").status_code == 200


def test_blanks_and_comments_before_sql_do_not_hold_the_site_up(web: httpx.Client) -> None:
    for text in (
        f"/**/{' ' * 55_000}x",
        "/**/" * 14_000 + "x",
        "/**/ " * 3_000 + "x",
        "-- a\n" * 3_000 + "x",
    ):
        address = f"/disclosure?sql={quote_plus(text, '/*')}"
        assert web.get(address, timeout=10).status_code == 400  # backtracking takes minutes
