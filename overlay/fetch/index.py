"""The index.yaml of a Helm repository."""

from __future__ import annotations

from overlay.errors import FetchError, OverlayError, YamlError
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.yaml import decode, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_INDEX = 64 * 1024 * 1024


@value(kw_only=True)
class Offer:
    """One version of a chart that a repository offers. digest: `sha256:<hex>`, empty where the index has none."""

    name: str
    version: str
    urls: tuple[str, ...]
    digest: str = ""
    app_version: str = ""
    description: str = ""
    deprecated: bool = False


def read_index(data: bytes, shown: str) -> Mapping[str, tuple[Offer, ...]]:
    """Return the offers of each chart, in the index's order; what Helm would pass over is passed over.

    Raises FetchError.
    """
    entries = _parse(data, shown).get("entries")
    if not isinstance(entries, dict):
        raise FetchError(f"the index of {shown} has no entries: this is no Helm repository")
    return {
        name: tuple([offer for item in found if (offer := _offer(name, item)) is not None])
        for name, found in entries.items()
        if isinstance(found, list)
    }


def _parse(data: bytes, shown: str) -> dict[str, Any]:
    if data[:1] == b"{":
        import json  # noqa: PLC0415  # some repositories write JSON, which is read fifty times faster

        try:
            found = json.loads(data)
            if isinstance(found, dict):
                return found
        except (ValueError, RecursionError):
            pass
    try:
        return read_mapping(decode(data, "index.yaml"), "index.yaml").value  # type: ignore[no-any-return]
    except YamlError as error:
        raise FetchError(f"the index of {shown} is not YAML: {error.message}") from None
    except OverlayError as error:
        raise FetchError(f"the index of {shown} cannot be read: {error.message}") from None


def _offer(name: str, item: Any) -> Offer | None:
    if not isinstance(item, dict) or not isinstance(item.get("version"), str):
        return None
    urls = item.get("urls")
    if item.get("name", name) != name or item.get("removed") is True or not isinstance(urls, list):
        return None
    digest = item.get("digest")
    text = digest.removeprefix("sha256:").lower() if isinstance(digest, str) else ""
    return Offer(
        name=name,
        version=item["version"],
        urls=tuple([url for url in urls if isinstance(url, str)]),
        digest=f"sha256:{text}" if text else "",
        app_version=str(item.get("appVersion") or ""),
        description=printable(str(item.get("description") or ""))[:200],
        deprecated=item.get("deprecated") is True,
    )
