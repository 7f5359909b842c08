"""What an environment's own source can set by itself: an image, the chart's version, a value of the chart."""

from __future__ import annotations

import re

from overlay.errors import UsageError
from overlay.files.paths import printable
from overlay.kube.dotted import BadPath, format_path, parse_path
from overlay.kube.names import is_tag
from overlay.load.fields import DIGEST
from overlay.model.value import value
from overlay.yaml import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,254}")
_VERSION = re.compile(r"[A-Za-z0-9^~<>=*][A-Za-z0-9._+^~<>=*|, /-]{0,99}")
# The field of `chart` that says which version it is, in the order in which they are looked for.
VERSION_FIELDS = ("version", "ref", "digest")


@value(kw_only=True)
class Setting:
    """One thing that is set.

    kind: `image`, `chart` or `value`. name: the image's, the chart's, or the value's key as people write it.
    content: of an image newName, newTag and digest, of a chart its version's fields, else the value itself.
    path: a value's key.
    """

    kind: str
    name: str
    content: Any
    path: tuple[str | int, ...] = ()

    @property
    def label(self) -> str:
        """What messages call it: `image shop/web`, `chart shop`, `web.port`."""
        return self.name if self.kind == "value" else f"{self.kind} {self.name}"

    @property
    def text(self) -> str:
        """What it is set to, on one line."""
        return content_text(self.kind, self.content)


@value(kw_only=True)
class Move:
    """A setting that changes. before: what was set (by the source itself or above it) until now; None for nothing."""

    setting: Setting
    before: str | None

    def __str__(self) -> str:
        was = "not set" if self.before is None else self.before
        return f"{self.setting.label}: {was} → {self.setting.text}"


def content_text(kind: str, content: Any) -> str:
    """Return what something is set to as one line."""
    if kind == "image":
        tag, digest = content.get("newTag"), content.get("digest")
        name, colon = content.get("newName", ""), ":" if tag and content.get("newName") else ""
        return f"{name}{colon}{tag or ''}{f'@{digest}' if digest else ''}"
    if kind == "chart":
        return next((str(content[name]) for name in VERSION_FIELDS if content.get(name)), "")
    import json  # noqa: PLC0415

    return json.dumps(content, ensure_ascii=False)


def image_setting(text: str) -> Setting:
    """Return what `--image name=tag`, `name@sha256:…` or `name=tag@sha256:…` asks for.

    Raises UsageError.
    """
    rest, at, digest = text.partition("@")
    name, equals, tag = rest.partition("=")
    hint = "write --image shop/web=2.4.2 or --image shop/web@sha256:…"
    if not (at or equals) and not text.endswith(":") and is_tag(name.rpartition(":")[2]) and ":" in name:
        hint = f"write --image {'='.join(printable(name).rsplit(':', 1))}"
    if not (at or equals) or not _NAME.fullmatch(name):
        raise UsageError(f"--image {printable(text)!r} names no image and tag", hint=hint)
    if equals and not is_tag(tag):
        raise UsageError(f"{printable(tag)!r} is no tag of an image", hint=hint)
    if at and not DIGEST.fullmatch(digest):
        raise UsageError(f"{printable(digest)!r} is no digest: it needs sha256: and 64 digits", hint=hint)
    found = {**({"newTag": tag} if equals else {}), **({"digest": digest} if at else {})}
    return Setting(kind="image", name=name, content=found)


def value_key(text: str) -> tuple[str | int, ...]:
    """Return the key that a dotted path means.

    Raises UsageError.
    """
    try:
        parts = parse_path(text)
    except BadPath as error:
        raise UsageError(f"{printable(text)!r} {error}", hint="write --value web.port=8080") from None
    found = [part for part in parts if isinstance(part, (str, int))]
    if len(found) < len(parts) or not found or not isinstance(found[0], str) or "*" in found:
        raise UsageError(f"{printable(text)!r} is no key of a value", hint="write --value web.port=8080")
    return tuple(found)


def value_setting(text: str, current: Any) -> Setting:
    """Return what `--value key=value` asks for: YAML, but a string stays one. current: the value until now.

    Raises UsageError, YamlError.
    """
    key, equals, written = text.partition("=")
    if not equals:
        raise UsageError(f"--value {printable(text)!r} has no value", hint="write --value web.port=8080")
    path = value_key(key)
    documents = read_documents(written, f"<--value {printable(key)}>")
    found = documents[0].value if documents else None
    if len(documents) > 1 or (isinstance(current, str) and not isinstance(found, str)) or not written:
        found = written
    return Setting(kind="value", name=format_path(path), content=found, path=path)


def check_version(text: str) -> str:
    """Return the version of a chart as the command line names it.

    Raises UsageError.
    """
    if not _VERSION.fullmatch(text):
        raise UsageError(f"{printable(text)!r} is no version of a chart", hint="write --chart 1.4.0")
    return text
