"""A pdf with a text layer, as print programs write it: one text object a line, no font inside."""

from __future__ import annotations

from collections.abc import Sequence

_CMAP = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /U def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
100 beginbfrange
%s
endbfrange endcmap end end"""


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """`pages` of lines as a pdf."""
    blocks = b"\n".join(b"<%02X00> <%02XFF> <%02X00>" % (h, h, h) for h in range(256))
    kids = " ".join(f"{6 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        b"<</Type/Font/Subtype/Type0/BaseFont/U/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/U/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 1000>>",
        _stream(_CMAP % blocks),
    ]
    for n, lines in enumerate(pages):
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents {7 + 2 * n} 0 R>>"
        objects += [page.encode(), _stream("\n".join(map(_line, range(99), lines)).encode())]
    return _file(objects)


def _line(number: int, text: str) -> str:
    return f"BT /F 12 Tf 72 {780 - 18 * number} Td <{text.encode('utf-16-be').hex().upper()}> Tj ET"


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>\nstream\n%s\nendstream" % (len(data), data)


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        len(out),
    )
    return out + head + end
