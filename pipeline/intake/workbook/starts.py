"""How the files of workbooks begin. Whoever sorts files asks too, so it loads nothing."""

from __future__ import annotations

ZIP = b"PK\x03\x04"  # XLSX, XLSB, ODS
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # XLS, and an XLSX with a password
#: The first record of Excel 2, 3 and 4, and of Excel 5 where it is not in an OLE file.
OLD = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")
