"""Helm's own repositories.yaml: the repositories that `helm repo add` and `overlay repo add` know."""

from __future__ import annotations

import os

from overlay.errors import FetchError, OverlayError
from overlay.fetch.connection import Trust
from overlay.fetch.credentials import Credential
from overlay.fetch.folders import cache_folder, config_folder
from overlay.files.atomic import write_atomic
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.yaml import decode, read_document, write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_CONFIG = 4 * 1024 * 1024


@value(kw_only=True)
class Known:
    """One entry. Its password is in `credential`, whose repr tells nothing."""

    name: str
    url: str
    credential: Credential | None = None
    trust: Trust | None = None
    insecure: bool = False


class Repositories:
    """The file as it is; fields of it that are not ours to know are kept."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.path = env.get("HELM_REPOSITORY_CONFIG") or os.path.join(config_folder("helm", env), "repositories.yaml")
        self.cache = env.get("HELM_REPOSITORY_CACHE") or os.path.join(cache_folder("helm", env), "repository")
        self._document = self._read()

    def all(self) -> tuple[Known, ...]:
        """Return all entries, in the file's order."""
        return tuple([read_entry(entry) for entry in self._entries() if isinstance(entry, dict) and entry.get("name")])

    def by_name(self, name: str) -> Known | None:
        return next((one for one in self.all() if one.name == name), None)

    def by_url(self, url: str) -> Known | None:
        """Return the entry of a repository's URL, for its credentials and certificates."""
        wanted = url.rstrip("/")
        return next((one for one in self.all() if one.url.rstrip("/") == wanted), None)

    def add(self, name: str, fields: Mapping[str, Any]) -> None:
        """Add an entry, or put it in the place of the one of this name; the file is private, it may hold passwords."""
        entry = {"name": name, **fields}
        entries = self._entries()
        places = [at for at, found in enumerate(entries) if isinstance(found, dict) and found.get("name") == name]
        self._write([*entries[: places[0]], entry, *entries[places[0] + 1 :]] if places else [*entries, entry])

    def remove(self, name: str) -> None:
        self._write([one for one in self._entries() if not (isinstance(one, dict) and one.get("name") == name)])
        for ending in ("index.yaml", "charts.txt"):
            try:
                os.unlink(os.path.join(self.cache, f"{name}-{ending}"))
            except OSError:
                pass

    def index_path(self, name: str) -> str:
        """Return where Helm keeps a repository's index."""
        return os.path.join(self.cache, f"{name}-index.yaml")

    def keep_index(self, name: str, data: bytes, charts: list[str]) -> None:
        """Keep an index, and the names in it, where Helm looks for them.

        Raises FetchError.
        """
        try:
            os.makedirs(self.cache, exist_ok=True)
            write_atomic(self.index_path(name), data)
            write_atomic(os.path.join(self.cache, f"{name}-charts.txt"), "".join(f"{one}\n" for one in charts).encode())
        except OSError as error:
            raise _unwritable(self.cache, error) from None

    def _entries(self) -> list[Any]:
        found = self._document.get("repositories")
        return found if isinstance(found, list) else []

    def _read(self) -> dict[str, Any]:
        try:
            with open(self.path, "rb") as file:
                data = file.read(MAX_CONFIG)
        except FileNotFoundError:
            return {}
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise FetchError(f"{printable(self.path)} cannot be read: {reason}") from None
        try:
            found = read_document(decode(data, self.path), self.path).value if data.strip() else {}
        except OverlayError as error:
            raise FetchError(
                f"{printable(self.path)} cannot be read: {error.message}", location=error.location
            ) from None
        if not isinstance(found, dict):
            raise FetchError(f"{printable(self.path)} is no list of Helm repositories")
        return found

    def _write(self, entries: list[Any]) -> None:
        document = {"apiVersion": "", "generated": "0001-01-01T00:00:00Z", **self._document, "repositories": entries}
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            # Whoever keeps it elsewhere and links to it goes on to do so.
            write_atomic(os.path.realpath(self.path), write_document(document).encode(), mode=0o600)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self._document = document


def read_entry(entry: Mapping[str, Any]) -> Known:
    def text(name: str) -> str:
        found = entry.get(name)
        return found if isinstance(found, str) else ""

    certificates = Trust(
        ca_file=text("caFile") or None, cert_file=text("certFile") or None, key_file=text("keyFile") or None
    )
    return Known(
        name=text("name"),
        url=text("url"),
        credential=Credential(user=text("username"), password=text("password")) if text("username") else None,
        trust=certificates if certificates != Trust() else None,
        insecure=entry.get("insecure_skip_tls_verify") is True,
    )


def _unwritable(path: str, error: OSError) -> FetchError:
    return FetchError(f"{printable(path)} cannot be written: {os.strerror(error.errno or 0).lower()}")
