"""UTF-8 that a program read in another encoding and saved again: read back, or lost visibly."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.text import encoded_twice

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=60)


def as_latin(text: str) -> bytes:
    """What a program makes of it that takes each byte for a character of Western Europe."""
    read = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text.encode())
    return read.encode()


@given(TEXTS)
def test_what_was_read_as_latin_comes_back_whole(text: str) -> None:
    assert as_latin(text).decode("utf-8-as-cp1252") == text


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=40))
def test_what_was_read_as_gbk_comes_back_but_for_lost_characters(text: str) -> None:
    read = text.encode().decode("gb18030", "replace")
    restored = read.encode().decode("utf-8-as-gb18030")
    assert restored == text if "\ufffd" not in read else "\ufffd" in restored


@pytest.mark.parametrize("name", encoded_twice.CODECS)
@given(data=st.binary(max_size=80), cut=st.integers(0, 80))
def test_the_text_is_the_same_wherever_blocks_are_cut(name: str, data: bytes, cut: int) -> None:
    decoder = codecs.getincrementaldecoder(name)("replace")
    parts = decoder.decode(data[:cut]) + decoder.decode(data[cut:], True)
    assert parts == data.decode(name, "replace")


def test_no_text_is_written_in_such_an_encoding() -> None:
    with pytest.raises(UnicodeEncodeError):
        "公示".encode("utf-8-as-gb18030")
