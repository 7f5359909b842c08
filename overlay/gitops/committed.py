"""What is published, to be applied from there: found on branches, and every file as it was published."""

from __future__ import annotations

from overlay.errors import GitConflict, GitError, OverlayError, UsageError
from overlay.files.paths import printable
from overlay.gitops.history import History
from overlay.gitops.plan import digest_of
from overlay.gitops.reading import read_published
from overlay.gitops.record import read_record
from overlay.gitops.target import Target
from overlay.model.value import value
from overlay.tree import RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from overlay.git.remote import Remote
    from overlay.gitops.record import Record
    from overlay.gitops.store import Store


@value(kw_only=True)
class Committed:
    """One environment as the newest commit of its branch has it; texts: bytes of our files by name."""

    target: Target
    commit: str
    record: Record
    texts: Mapping[str, bytes]


def read_committed(
    store: Store, remote: Remote, targets: Mapping[str, Target], *, accept_rewritten: bool
) -> dict[str, Committed | OverlayError]:
    """Return what stands at the target of each environment, or what is wrong there; one request lists all branches.

    Raises OverlayError for what concerns all.
    """
    branches = list(dict.fromkeys([target.branch for target in targets.values()]))
    tips, wrong = store.fetch(remote, remote.listing(*branches), accept_rewritten=accept_rewritten)
    good = {name: target for name, target in targets.items() if target.branch not in wrong}
    found: dict[str, Committed | OverlayError] = {
        name: wrong[target.branch].of(name) for name, target in targets.items() if target.branch in wrong
    }
    none: dict[Target, OverlayError] = {}
    published = read_published(store, remote, tips, list(good.values()), none)
    blobs = []
    for one in published.values():
        blobs += [oid for file, oid in one.files.items() if one.record is not None and file in one.record.files]
    store.prefetch(blobs, remote)
    for name, target in good.items():
        one = published[target]
        if target in none:
            found[name] = none[target].of(name)
        elif one.record is None or one.tip is None:
            found[name] = UsageError(
                f"nothing is published of {name} at {target} of {remote.shown}", environment=name,
                hint=f"`overlay sync {name}` publishes it",
            )  # fmt: skip
        elif one.record.environment != name:
            found[name] = GitConflict(
                f"{target} of {remote.shown} is what is published of {printable(one.record.environment)}",
                environment=name, hint="--branch and --path say where to look",
            )  # fmt: skip
        else:
            texts = {file: store.blob(one.files[file], remote) for file in one.record.files if file in one.files}
            found[name] = _whole(Committed(target=target, commit=one.tip, record=one.record, texts=texts))
    return {name: found[name] for name in targets}


def read_earlier(store: Store, remote: Remote, newest: Committed, number: int) -> Committed:
    """Return an earlier revision of what stands on a branch; store: one for the past.

    Raises UsageError for one that there is not, GitError where it is not what its record says.
    """
    target = newest.target
    store.fetch(remote, {target.branch: newest.commit}, accept_rewritten=True)
    history = History(store, remote, target, newest.record.environment, newest.commit)
    content = history.content(history.find(number))
    texts = {file: data for file, data in content.files.items() if file in content.record.files}
    return Committed(target=target, commit=content.revision.commit, record=content.record, texts=texts)


def _whole(one: Committed) -> Committed | GitConflict:
    """Refuse files that are not what the record says; whoever may write a branch may have written them."""
    for file, digest in sorted(one.record.files.items()):
        if file not in one.texts or digest_of(one.texts[file]) != digest:
            name = one.record.environment
            return GitConflict(
                f"{one.target.file(file)} of {one.target.branch} is not as it was published", environment=name,
                hint=f"look who changed it; `overlay sync {name}` publishes it again",
            )  # fmt: skip
    return one


def find_targets(
    store: Store, remote: Remote, pattern: str, *, accept_rewritten: bool
) -> tuple[dict[str, Target], dict[str, OverlayError]]:
    """Return every environment that is published on branches whose names match, wherever its folder is.

    Returns also what is wrong, by environment, or by its place where that is not known: it stops no other one. Raises
    UsageError where there is nothing.
    """
    tips, wrong = store.fetch(remote, remote.like(pattern), accept_rewritten=accept_rewritten)
    errors: dict[str, OverlayError] = dict(wrong)
    found: dict[str, Target] = {}
    for branch, commit in sorted(tips.items()):
        for path in store.find_files(commit, RECORD):
            target = Target(repository=remote.url, branch=branch, path=path.rpartition("/")[0])
            entry = next(one for one in store.folder_entries(commit, target.path) if one.name == RECORD)
            try:
                name = read_record(store.blob(entry.oid, remote), printable(f"{remote.shown} {target}")).environment
            except GitError as error:
                errors[str(target)] = error
                continue
            if name in found:
                errors[name] = GitConflict(
                    f"{printable(name)} is published twice on {remote.shown}: at {found[name]} and at {target}",
                    hint="remove the one that is left from before",
                )
            else:
                found[name] = target
    if not found and not errors:
        raise UsageError(f"nothing is published on {remote.shown} on branches like {pattern!r}")
    return {name: target for name, target in found.items() if name not in errors}, errors
