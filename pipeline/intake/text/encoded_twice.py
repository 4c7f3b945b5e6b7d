"""Codecs for UTF-8 text that a program read in another encoding and saved again.

`utf-8-as-gb18030` and `utf-8-as-cp1252`, to be named in sources.yaml. What that program could not
read is lost: U+FFFD stands for it.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PREFIX = "utf-8-as-"
CODECS = (f"{_PREFIX}gb18030", f"{_PREFIX}cp1252")


def _as_read(text: str, encoding: str) -> bytes:
    """The bytes that gave `text` when they were read in `encoding`; ? for those that were lost."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return b"".join(_byte_of(character, encoding) for character in text)


def _byte_of(character: str, encoding: str) -> bytes:
    # Programs give bytes that cp1252 does not define as the control characters of Latin-1.
    other = "latin-1" if encoding == "cp1252" else encoding
    return character.encode(encoding, "ignore") or character.encode(other, "replace")


class _Decoder(codecs.IncrementalDecoder):
    read_as = ""

    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors)
        self.reset()

    def reset(self) -> None:
        self._saved = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._meant = codecs.getincrementaldecoder("utf-8")("replace")

    def decode(self, data: Buffer, final: bool = False, /) -> str:
        text = self._saved.decode(bytes(data), final).replace("\ufffd", "")
        return self._meant.decode(_as_read(text, self.read_as), final)


def _codec(name: str) -> codecs.CodecInfo | None:
    name = name.replace("_", "-")
    if name not in CODECS:
        return None

    class Decoder(_Decoder):
        read_as = name.removeprefix(_PREFIX)

    def decode(data: Buffer, errors: str = "strict", /) -> tuple[str, int]:
        return Decoder(errors).decode(data, True), len(bytes(data))

    def encode(text: str, errors: str = "strict", /) -> tuple[bytes, int]:
        raise UnicodeEncodeError(name, text, 0, len(text), "this codec only reads")

    return codecs.CodecInfo(encode, decode, incrementaldecoder=Decoder, name=name)


codecs.register(_codec)
