"""Files that are no data in the format that their name says: archives, web pages, pictures, pointers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from promptwire.errors import DataError

__all__ = ["refuse_other_kinds", "refuse_packed"]

_UNPACK: Final = "unpack it, and name the file that was in it"
_KINDS: Final = (
    (b"\x1f\x8b", "is compressed with gzip", _UNPACK),
    (b"BZh91AY&SY", "is compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "is compressed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive", _UNPACK),
    (b"PK\x03\x04", "is a zip archive or an Excel workbook", f"{_UNPACK}; the name of a workbook ends in .xlsx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel workbook of the old form", "save it as .xlsx or as CSV"),
    (b"PAR1\x15", "is a Parquet file", "let its name end in .parquet, or write `format: parquet` under `data`"),
    (b"ARROW1\x00\x00", "is an Arrow file", "let its name end in .arrow, or write `format: arrow` under `data`"),
    (b"%PDF-", "is a PDF", "export its table as CSV"),
    (b"SQLite format 3\x00", "is an SQLite database", "export its table as CSV"),
    (b"version https://git-lfs", "is a pointer of Git LFS, not the data", "fetch the data: git lfs pull"),
)
_HEAD: Final = 64
_PAGES: Final = (b"<!doctype html", b"<html")


def refuse_other_kinds(head: bytes, path: Path) -> None:
    """Raise DataError when the first bytes of the file say that it is no text, or a web page."""
    for mark, kind, hint in _KINDS:
        if head.startswith(mark):
            raise DataError(f"the file {kind}", where=str(path), hint=hint)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_PAGES):
        hint = "download the file itself: a site may show a page in its place"
        raise DataError("the file is a web page, not data", where=str(path), hint=hint)


def refuse_packed(path: Path) -> None:
    """Raise DataError for a file whose name says nothing, when its first bytes say what it is. A missing file is no error."""
    try:
        with path.open("rb") as file:
            refuse_other_kinds(file.read(_HEAD), path)
    except OSError:
        return
