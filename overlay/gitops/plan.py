"""What publishing would change: decided from what a branch holds, printable before anything is done."""

from __future__ import annotations

import hashlib

from overlay.errors import GitConflict, GitError, raise_all
from overlay.files.paths import printable
from overlay.git.objects import blob_id
from overlay.gitops.hydrator import HYDRATOR, hydrator_text
from overlay.gitops.record import Held, record_value, same_essence
from overlay.model.value import value
from overlay.tree import RECORD, manifests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from overlay.errors import OverlayError
    from overlay.gitops.record import Record
    from overlay.gitops.source import Source
    from overlay.gitops.target import Target
    from overlay.model.build import Build

ATTRIBUTES = ".gitattributes"
# Bytes stay as they are wherever the branch is checked out, and reviews fold what nobody wrote.
_ATTRIBUTES_TEXT = f"*.yaml -text linguist-generated=true\n{RECORD} -text linguist-generated=true\n"
# What describes a publication and is no part of it.
_BESIDE = (HYDRATOR, RECORD)
# GitHub's limits for one file.
_WARN_FILE, _MOST_FILE = 50 * 1024 * 1024, 100 * 1024 * 1024


@value(kw_only=True)
class Wanted:
    """What is to be published of one environment.

    files: texts by name. record: without its revision. content: a digest of all files that say what will run.
    template: of the commit's message, empty for Argo CD's. held: a rollback's hold, and its words and trailers.
    """

    environment: str
    target: Target
    source: Source
    files: dict[str, str]
    record: dict[str, Any]
    content: str
    template: str = ""
    held: Held | None = None
    words: str = ""
    trailers: tuple[tuple[str, str], ...] = ()


@value(kw_only=True)
class Published:
    """What a target holds now.

    tip: the branch's commit, None where there is no branch. files: blobs of the folder's files by name. others: what
    else stands there (folders, links). record: ours, None where nothing was published yet. blocked: a file or a link
    that stands where the folder, or one above it, should be.
    """

    tip: str | None
    files: dict[str, str]
    others: frozenset[str] = frozenset()
    record: Record | None = None
    blocked: str = ""


@value(kw_only=True)
class FileChange:
    """One file: `added`, `changed` or `removed`."""

    name: str
    kind: str


@value(kw_only=True)
class Plan:
    """What happens to one environment.

    action: `create` (first publication), `update`, `hold` and `release` (nothing but the beginning or end of a hold),
    `nothing`, or `held`: it would change, and does not before it is released.
    tip: the commit that it builds on. revision: the new one; for `nothing` and `held` the one that stands. previous:
    the revision and the source's commit that stand now. held: the hold that stands now.
    """

    environment: str
    action: str
    target: Target
    tip: str | None
    revision: int
    source: str
    content: str
    files: tuple[FileChange, ...] = ()
    unchanged: int = 0
    previous: tuple[int, str] | None = None
    held: Held | None = None

    @property
    def acts(self) -> bool:
        return self.action in ("create", "update", "hold", "release")


def wanted(build: Build, source: Source, target: Target, template: str | None = None) -> Wanted:
    """Return what is to be published of a build; template: in the place of the environment's own.

    Raises GitError for a file that Git's hosts refuse (hazard G21).
    """
    objects = manifests(build)
    for name, text in objects.items():
        if _is_larger(text, _MOST_FILE):
            raise GitError(f"{name} is larger than {_MOST_FILE >> 20} MiB, which Git's hosts refuse")
    described = {**objects, ATTRIBUTES: _ATTRIBUTES_TEXT}
    record = record_value(build, described, source)
    return Wanted(
        environment=build.environment,
        target=target,
        source=source,
        files={**described, HYDRATOR: hydrator_text(source, build.environment)},
        record=record,
        content=content_digest(record["files"]),
        template=template or build.settings.publish.message,
    )


def large_files(want: Wanted, plan: Plan) -> list[str]:
    """Return the files about to be written that are larger than Git's hosts like."""
    return [one.name for one in plan.files if _is_larger(want.files.get(one.name, ""), _WARN_FILE)]


def _is_larger(text: str, size: int) -> bool:
    return len(text) > size // 4 and len(text.encode()) > size


def content_digest(files: Mapping[str, str]) -> str:
    """Return one digest for digests of files by name."""
    return "sha256:" + hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()


def touched(want: Wanted, now: Published, form: str) -> dict[str, str]:
    """Return the blobs of files of ours that publishing would change or remove: their content has to be ours."""
    owned = now.record.files if now.record is not None else {}
    return {
        name: blob
        for name, blob in now.files.items()
        if name in owned and (name not in want.files or blob != blob_id(want.files[name].encode(), form))
    }


def plan(
    want: Wanted,
    now: Published,
    contents: Mapping[str, bytes],
    form: str,
    *,
    release: bool = False,
    overwrite_edits: bool = False,
    last_revision: int = 0,
    newer: Callable[[], bool] = lambda: False,
) -> Plan:
    """Decide what happens to an environment.

    contents: bytes of the files that `touched` names. last_revision: one that is known although the branch is gone.
    newer: tells whether what stands there was rendered from a later commit of the source (hazard K30); asked only
    where it matters.
    Raises GitConflict, or Problems, for files that are not ours or that somebody edited.
    """
    record = now.record
    if now.blocked:
        raise GitConflict(
            f"{printable(now.blocked)} on {want.target.branch} is no folder, so nothing can be published below it",
            hint="move it away, or publish to another folder: spec.publish.path",
        )
    if record is not None and record.environment != want.environment:
        raise GitConflict(
            f"{want.target} holds what was published of {record.environment}, not of {want.environment}",
            hint="give each environment its own spec.publish.branch or path",
        )
    files = _changes(want, now, contents, form, overwrite_edits=overwrite_edits)
    moved = [one for one in files if one.name not in _BESIDE]
    common: dict[str, Any] = {
        "environment": want.environment,
        "target": want.target,
        "tip": now.tip,
        "source": want.source.commit,
        "content": want.content,
        "unchanged": len(want.files) - sum(one.kind != "removed" for one in files),
        "previous": (record.revision, record.source) if record is not None else None,
        "held": record.held if record is not None else None,
    }
    if record is None:
        return Plan(action="create", revision=last_revision + 1, files=files, **common)
    same = not moved and same_essence(want.record, record.value)
    stays = record.held is not None and want.held is None and not release
    if same and (stays or record.held == want.held):
        return Plan(action="nothing", revision=record.revision, **common)
    if stays:
        return Plan(action="held", revision=record.revision, files=files, **common)
    if want.held is None and newer():
        raise GitConflict(
            f"{want.target} was published from {record.source[:7]}, which is newer than {want.source.short}",
            hint="publish the newer commit; --allow-rollback goes back to this one",
            environment=want.environment,
        )
    action = "update" if not same else "release" if want.held is None else "hold"
    return Plan(action=action, revision=record.revision + 1, files=files, **common)


def _changes(
    want: Wanted, now: Published, contents: Mapping[str, bytes], form: str, *, overwrite_edits: bool
) -> tuple[FileChange, ...]:
    record = now.record
    owned = record.files if record is not None else {}
    errors: list[OverlayError] = [_foreign(want, RECORD)] if RECORD in now.others else []
    found: list[FileChange] = []
    for name, text in want.files.items():
        if name in now.others:
            errors.append(_foreign(want, name))
        elif name not in now.files:
            found.append(FileChange(name=name, kind="added"))
        elif now.files[name] != blob_id(text.encode(), form):
            if name not in owned and (name != HYDRATOR or record is None):
                errors.append(_foreign(want, name))
            found.append(FileChange(name=name, kind="changed"))
    found += [FileChange(name=name, kind="removed") for name in owned if name in now.files and name not in want.files]
    found.append(FileChange(name=RECORD, kind="changed" if record is not None else "added"))
    if not overwrite_edits:
        errors += [
            GitConflict(
                f"{want.target.file(printable(name))} on {want.target.branch} was edited by somebody else",
                hint="make the change in the source, or throw it away with --overwrite-edits",
                environment=want.environment,
                rule="edited",
            )
            for name in sorted({*contents, *[name for name in owned if name not in now.files]})
            if name not in contents or digest_of(contents[name]) != owned[name]
        ]
    raise_all(errors)
    return tuple(sorted(found, key=lambda one: one.name))


def digest_of(data: bytes) -> str:
    """Return a file's digest as records give it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _foreign(want: Wanted, name: str) -> GitConflict:
    return GitConflict(
        f"{want.target.file(printable(name))} on {want.target.branch} is not ours and would be overwritten",
        hint="move it away, or publish to another folder: spec.publish.path",
        environment=want.environment,
    )


def published_record(want: Wanted, revision: int) -> dict[str, Any]:
    """Return the record of a publication under its revision."""
    held = None if want.held is None else {"revision": want.held.revision, "reason": want.held.reason}
    head = {name: want.record[name] for name in ("apiVersion", "kind", "environment")}
    return {**head, "revision": revision, "held": held, **want.record}
