"""overlay.metadata of a published tree: what unattended runs need to know, and what is ours there."""

from __future__ import annotations

import json

from overlay.errors import GitError
from overlay.git.url import shown_url
from overlay.kube.dotted import parse_path
from overlay.model.project import FieldRule
from overlay.model.value import value
from overlay.tree import RECORD, RECORD_KIND, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.gitops.source import Source
    from overlay.model.build import Build

# What makes two publications different; the commit that was rendered, tools and unread bytes of inputs do not.
_ESSENCE = ("environment", "chart", "notes", "files")
# Of revisions; trailers of commits have no larger number either.
_TOO_MANY = 10**9


@value(kw_only=True)
class Held:
    """An environment that was rolled back, and stays so until it is released."""

    revision: int
    reason: str


@value(kw_only=True)
class Record:
    """A record as it was read.

    source: the commit that was rendered. branch: where that stood, empty for a detached head. files: digests of what is
    ours by name. masked: fields whose values are hidden. value: all of it.
    """

    environment: str
    revision: int
    source: str
    branch: str
    files: dict[str, str]
    held: Held | None
    masked: tuple[FieldRule, ...]
    value: dict[str, Any]


def record_value(build: Build, files: dict[str, str], source: Source) -> dict[str, Any]:
    """Return the record of what is about to be published; the revision is added when it is known."""
    found = record(build, files)
    publish = build.settings.publish
    found["settings"]["publish"] = {
        "repository": shown_url(publish.repository) or None,
        "branch": publish.branch or None,
        "path": publish.path or ".",
    }
    found["source"] = {
        "repository": source.url or None,
        "commit": source.commit,
        "branch": source.branch or None,
        "dirty": list(source.dirty),
    }
    return found


def read_record(data: bytes, shown: str) -> Record:
    """Return the record of a published tree; shown: where it stands.

    Raises GitError for what is no record of ours: removing files by it could remove anything.
    """
    try:
        found = json.loads(data)
        held, source, chart = found["held"], found["source"], found["chart"]
        read = Record(
            environment=_text(found["environment"]),
            revision=_number(found["revision"]),
            source=_text(source["commit"]),
            branch=_text(source["branch"] or ""),
            files={_text(name): _text(digest) for name, digest in found["files"].items()},
            held=None if held is None else Held(revision=_number(held["revision"]), reason=_text(held["reason"])),
            masked=_masked(found["settings"]),
            value=found,
        )
        # What a rollback uses of it, and writes again.
        for text in (found["apiVersion"], found["settings"]["kubernetesVersion"], source["repository"] or ""):
            _text(text)
        for name in ("name", "version", "appVersion") if chart is not None else ():
            _text(chart[name] or "")
        json.dumps(found, ensure_ascii=False).encode()  # no half characters
        fits = found["kind"] == RECORD_KIND and all(_plain(name) for name in read.files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise GitError(
            f"{shown}/{RECORD} is no record of overlay, so what is ours there is not known",
            hint="put back the file of an earlier commit, or publish elsewhere",
        )
    return read


def masked_fields(settings: dict[str, Any]) -> tuple[FieldRule, ...]:
    """Return the fields whose values are hidden, as a record's settings say.

    Raises TypeError, ValueError, AttributeError for what somebody wrote.
    """
    found = []
    for each in settings.get("mask") or ():
        path, kind, name = [_text(each.get(part) or "") for part in ("path", "kind", "name")]
        parse_path(path)
        found.append(FieldRule(path=path, kind=kind, name=name))
    return tuple(found)


def _masked(settings: dict[str, Any]) -> tuple[FieldRule, ...]:
    """Return the fields whose values are hidden; none where somebody wrote what is none, which who applies it refuses.

    Whoever may write there sees the values, too.
    """
    try:
        return masked_fields(settings)
    except (TypeError, ValueError, AttributeError):
        return ()


def same_essence(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two records are of the same output."""
    settings = [{name: item for name, item in each["settings"].items() if name != "publish"} for each in (one, other)]
    return settings[0] == settings[1] and all(one.get(name) == other.get(name) for name in _ESSENCE)


def _text(item: Any) -> str:
    if not isinstance(item, str):
        raise TypeError
    return item


def _number(item: Any) -> int:
    if type(item) is not int or not 0 < item < _TOO_MANY:
        raise ValueError
    return item


def _plain(name: str) -> bool:
    return name not in (".", "..", RECORD) and "/" not in name and "\\" not in name and name.isprintable()
