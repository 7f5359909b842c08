"""A file's bytes to text."""

from __future__ import annotations

from overlay.errors import YamlError
from overlay.model.location import Location

_BOM = b"\xef\xbb\xbf"


def checked(data: bytes, file: str) -> bytes:
    """Return a file's bytes without BOM.

    Raises YamlError as `decode` does, and for a NUL, which no YAML holds.
    """
    if not data.isascii():
        decode(data, file)
    data = data.removeprefix(_BOM)
    if b"\0" in data:
        raise YamlError("character U+0000 is not allowed in YAML", location=_place(data[: data.index(b"\0")], file))
    return data


def decode(data: bytes, file: str) -> str:
    """Return the text of a file's bytes (UTF-8, with or without BOM).

    Raises YamlError with the place of the first byte that is no UTF-8.
    """
    data = data.removeprefix(_BOM)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise YamlError("the file is UTF-16 or UTF-32", location=Location(file), hint="save it as UTF-8") from None
        raise YamlError(
            f"byte 0x{data[error.start]:02x} is no UTF-8 text", location=_place(data[: error.start], file)
        ) from None


def _place(before: bytes, file: str) -> Location:
    """Return the place behind some bytes."""
    return Location(file, before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
