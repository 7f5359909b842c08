"""What the targets of one remote hold now: their newest commits fetched, their folders and records read."""

from __future__ import annotations

from overlay.errors import GitError
from overlay.files.paths import printable
from overlay.gitops.hydrator import HYDRATOR
from overlay.gitops.plan import Published, touched
from overlay.gitops.record import read_record
from overlay.gitops.target import Target
from overlay.model.value import replace
from overlay.tree import RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from overlay.errors import OverlayError
    from overlay.git.remote import Remote
    from overlay.gitops.plan import Wanted
    from overlay.gitops.record import Record
    from overlay.gitops.store import Store


def read_published(
    store: Store,
    remote: Remote,
    tips: Mapping[str, str],
    targets: Sequence[Target],
    wrong: dict[Target, OverlayError] | None = None,
) -> dict[Target, Published]:
    """Return what each target holds; tips: commits of branches, all of them fetched.

    wrong: takes, where it is given, those whose record is none. Raises GitError.
    """
    found: dict[Target, Published] = {}
    for target in targets:
        tip = tips.get(target.branch)
        entries = store.folder_entries(tip, target.path) if tip is not None else []
        found[target] = Published(
            tip=tip,
            files={one.name: one.oid for one in entries if one.is_file},
            others=frozenset(one.name for one in entries if not one.is_file),
            blocked=store.obstacle(tip, target.path) if tip is not None and not entries else "",
        )
    store.prefetch([one.files[RECORD] for one in found.values() if RECORD in one.files], remote)
    for target, one in found.items():
        if RECORD in one.files:
            data = store.blob(one.files[RECORD], remote)
            try:
                found[target] = replace(one, record=read_record(data, printable(f"{remote.shown} {target}")))
            except GitError as error:
                if wrong is None:
                    raise
                wrong[target] = error
    return found


def read_elsewhere(
    store: Store, remote: Remote, wants: Sequence[Wanted], published: Mapping[Target, Published]
) -> dict[str, tuple[Target, Record]]:
    """Return, by environment, where those stand that are not where they are wanted: another folder of the same branch.

    Only of first publications to a branch that is there; the one with the highest revision, where there are several.
    """
    new = [want for want in wants if published[want.target].tip is not None and published[want.target].record is None]
    tips = {want.target.branch: published[want.target].tip or "" for want in new}
    places = [
        Target(repository=new[0].target.repository, branch=branch, path=path.rpartition("/")[0])
        for branch, tip in tips.items()
        for path in store.find_files(tip, RECORD)
    ]
    blobs: dict[Target, str] = {}
    for place in places:
        for one in store.folder_entries(tips[place.branch], place.path):
            if one.name == RECORD and one.is_file:
                blobs[place] = one.oid
    store.prefetch(blobs.values(), remote)
    branches = {want.environment: want.target.branch for want in new}
    found: dict[str, tuple[Target, Record]] = {}
    for place, blob in blobs.items():
        try:
            record = read_record(store.blob(blob, remote), "")
        except GitError:
            continue  # somebody else's file of that name
        known = found.get(record.environment)
        if branches.get(record.environment) == place.branch and (known is None or known[1].revision < record.revision):
            found[record.environment] = (place, record)
    return found


def read_touched(
    store: Store, remote: Remote, pairs: Sequence[tuple[Wanted, Published]]
) -> dict[str, dict[str, bytes]]:
    """Return, by environment, the content of files of ours that publishing would change or remove."""
    names = {want.environment: touched(want, now, store.form) for want, now in pairs}
    blobs = [blob for blobs in names.values() for blob in blobs.values()]
    # The commit's description changes with anything else, and git sends differences to what was there before.
    beside = [now.files[HYDRATOR] for want, now in pairs if names[want.environment] and HYDRATOR in now.files]
    store.prefetch([*blobs, *beside], remote)
    return {
        environment: {name: store.blob(blob, remote) for name, blob in blobs.items()}
        for environment, blobs in names.items()
    }
