"""Remote inputs as values: what documents ask for, and what overlay.lock says it is."""

from __future__ import annotations

import re

from overlay.model.location import Location
from overlay.model.value import value

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def input_name(address: str) -> str:
    """Return a name made from the last part of a path or URL."""
    name = address.partition("?")[0].rstrip("/").rpartition("/")[2]
    for ending in (".git", ".tgz", ".tar.gz"):
        name = name.removesuffix(ending)
    return _UNSAFE.sub("-", name).strip("-.")[:100] or "input"


@value(kw_only=True)
class Request:
    """What a document or a Chart.yaml asks for, in its own words.

    name: the chart's name, where it is known, or one made from the address.
    fields: sorted pairs; `repository` and `version`, `oci` and `version` or `digest`, `git`, `ref` and `path`,
    or `url` and `digest`. location: where it is asked for.
    preferred: the version that Helm's Chart.lock names; taken when it is resolved for the first time.
    """

    name: str
    fields: tuple[tuple[str, str], ...]
    location: Location
    preferred: str = ""

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        return self.name, self.fields

    def get(self, field: str) -> str:
        return dict(self.fields).get(field, "")

    @property
    def source(self) -> str:
        """Where it is to be found, as the document says."""
        return self.get("repository") or self.get("oci") or self.get("git") or self.get("url")


@value(kw_only=True)
class Pin:
    """One entry of overlay.lock.

    version: what the request resolved to (a chart's version, a commit). source: where it came from.
    digest, size: of its content, `sha256:<hex>` and bytes.
    """

    name: str
    request: Request
    version: str
    source: str
    digest: str
    size: int

    @property
    def label(self) -> str:
        """How messages name it, and its files: a label in angle brackets, for it is no file of the project."""
        if self.request.get("git"):
            # The whole path, for one commit may be used for several folders.
            return f"<{self.request.get('path').strip('/').replace('/', ':') or self.name} {self.version[:12]}>"
        return f"<{self.name} {self.version[:40] or self.digest[7:19]}>"

    @property
    def vendored(self) -> str:
        """Its path below the project folder once it is vendored."""
        ending = ".tgz" if "git" not in dict(self.request.fields) else ".tar"
        return f"vendor/{self.name}-{self.digest.removeprefix('sha256:')[:16]}{ending}"
