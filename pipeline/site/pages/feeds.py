"""The Atom feed of releases (RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import Request, Response
from pipeline.site.pages import history
from pipeline.site.pages.views import XML, guarded, of_kind

_FEED_MOST = 30


@guarded
async def feed(edition: Edition, request: Request) -> Response:
    """`/feed.atom`: the releases, with counts of records added, changed, removed, withdrawn."""
    address = edition.address(request)
    title = edition.release.metadata[edition.lang]["title"]
    entries = "\n".join(_entries(edition, address))
    feed_address = address + edition.link("/feed.atom")
    body = (
        f'{XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{edition.language.html}">\n'
        f"<title>{escape(title)}</title>\n<id>{escape(feed_address)}</id>\n"
        f'<link rel="self" href={quoteattr(feed_address)}/>\n'
        f"<link href={quoteattr(address + edition.link('/'))}/>\n"
        f"<updated>{edition.release.today}T00:00:00Z</updated>\n"
        f"<author><name>{escape(edition.words['publisher']['name'])}</name></author>\n"
        f"{entries}\n</feed>\n"
    )
    return of_kind(body, "application/atom+xml")


def _entries(edition: Edition, address: str) -> Iterator[str]:
    phrase = edition.language.phrase
    for release in edition.past[:_FEED_MOST]:
        changes = [
            f"{edition.title(table)}: "
            + ", ".join(f"{edition.language.word(verb)} {n}" for verb, n in sorted(counts.items()))
            for table, counts in history.of_release(release).items()
        ]
        link = f"{address}{edition.link('/releases')}#{release.id}"
        yield (
            f"<entry><title>{escape(phrase('Release %(id)s', id=release.id))}</title>"
            f"<id>{escape(link)}</id><link href={quoteattr(link)}/>"
            f"<updated>{release.today}T00:00:00Z</updated>"
            f"<summary>{escape('; '.join(changes))}</summary></entry>"
        )
