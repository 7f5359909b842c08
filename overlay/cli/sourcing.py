"""What `overlay pin` and `overlay promote` share: a change of the source, its rendered effect, and where it goes."""

from __future__ import annotations

import os

from overlay.cli.sourcing_output import Result, effect_text, print_result, say
from overlay.errors import EXIT_OK, GitConflict, GitError, OverlayError, Problems, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from overlay.git.repository import Repository
    from overlay.inspect.session import Session, Workshop
    from overlay.source.commit import Committed
    from overlay.source.draft import Draft
    from overlay.source.promote import Standing
    from overlay.source.setting import Move

LOCK = "overlay.lock"


class Source:
    """One environment's own source: as committed where a commit is to be made of it, else as it is on disk."""

    def __init__(self, args: dict[str, Any], workshop: Workshop, name: str) -> None:
        from overlay.inspect.session import Session  # noqa: PLC0415
        from overlay.load.project import find_layer  # noqa: PLC0415
        from overlay.source.draft import Draft  # noqa: PLC0415
        from overlay.source.place import own_values_files  # noqa: PLC0415

        self.args = args
        self.workshop = workshop
        self.name = name
        self.repository = _repository(args, workshop.project.root)
        self.commit = ""
        self.read = self._reader()
        self.draft = Draft(self.read)
        self.document = find_layer(workshop.project, workshop.files, name)
        if self.draft.before(self.document) is None:
            raise GitConflict(f"{self.document} is not committed yet", hint="commit it; --no-commit only writes it")
        # A run that was killed may have left the wanted files: what was before is what is committed.
        known = (self.document, *own_values_files(self.draft, self.document), LOCK)
        self.base = {
            path: data
            for path in known
            if (data := self.draft.before(path)) is not None and data != self._on_disk(path)
        }
        self.session = Session(workshop, name, workshop.edited(self.base) if self.base else None)

    def standing(self) -> Standing:
        """Return what the environment is set to now."""
        from overlay.source.promote import Standing  # noqa: PLC0415

        prepared = self.session.prepared
        values = self.session.values().effective if prepared.request is not None else {}
        return Standing(environment=prepared.environment, chart=prepared.settled.chart, values=values)

    def heirs(self) -> tuple[str, ...]:
        """Return the other environments that extend this one: what changes here changes there."""
        from overlay.load.project import list_environments  # noqa: PLC0415

        found = []
        for name in list_environments(self.workshop.project, self.workshop.files):
            try:
                layers = self.workshop.run.loader.load(name).layers
            except OverlayError:
                continue  # what is wrong there is not the matter here
            if name != self.name and any(layer.layer.file == self.document for layer in layers):
                found.append(name)
        return tuple(found)

    def after(self) -> Session:
        """Return the environment as the draft makes it; errors name files, whose lines are not written yet."""
        from overlay.inspect.session import Session  # noqa: PLC0415
        from overlay.model.location import Location  # noqa: PLC0415

        changes = self.draft.changes
        try:
            found = Session(self.workshop, self.name, self.workshop.edited({**self.base, **changes}))
            _ = found.build
        except OverlayError as error:
            errors = error.of(self.name).each()
            for one in errors:
                if one.location is not None and one.location.file in changes:
                    one.location = Location(one.location.file)
            raise Problems(errors) if len(errors) > 1 else errors[0] from None
        return found

    def _reader(self) -> Callable[[str], bytes | None]:
        if self.repository is None:
            return self._on_disk
        from overlay.source.commit import current_commit, read_commit  # noqa: PLC0415

        self.commit = current_commit(self.repository)
        return read_commit(self.repository, self.commit)

    def _on_disk(self, path: str) -> bytes | None:
        return self.workshop.files.read(path) if self.workshop.files.exists(path) else None


def carry_out(
    args: dict[str, Any], source: Source, moves: tuple[Move, ...], edit: Callable[[Draft], None], origin: str | None
) -> int:
    """Make the change, show what it renders, and write, commit or propose it.

    edit: makes the change in any draft. origin: the environment that the settings come from.
    """
    edit(source.draft)
    if any(move.setting.kind == "chart" for move in moves) and source.draft.changes:
        _lock(args, source)
    changes = source.draft.changes
    if not changes:
        print_result(Result(environment=source.name, origin=origin, moves=(), files=(), effect=()), args)
        done = (
            f"has all that moves from {origin} already: nothing to do"
            if origin
            else "is set so already: nothing to change"
        )
        say(args, f"{source.name} {done}")
        return EXIT_OK
    from overlay.diff.effect import field_changes  # noqa: PLC0415
    from overlay.kube.types import load_types  # noqa: PLC0415

    before, after = source.session.build, source.after().build
    types = load_types(after.settings.kubernetes_version)
    masked = (*before.settings.masked, *after.settings.masked)
    effect = tuple(field_changes(before.objects, after.objects, types, masked))
    result = Result(
        environment=source.name, origin=origin, moves=moves, files=tuple(changes), effect=effect,
        heirs=source.heirs(), dry_run=bool(args["dry_run"]),
    )  # fmt: skip
    if args["dry_run"]:
        print_result(result, args)
        say(args, "nothing is written (--dry-run)")
        return EXIT_OK
    if source.repository is None:
        _write(source, changes)
        print_result(result, args)
        say(args, f"wrote {', '.join(changes)}")
        return EXIT_OK
    from overlay.model.value import replace  # noqa: PLC0415
    from overlay.source.message import commit_message  # noqa: PLC0415

    message = commit_message(source.name, origin, moves, args["message"])
    if args["pull_request"]:
        from overlay.cli.proposing import propose  # noqa: PLC0415

        name = args["branch"] or (
            f"overlay/promote-{origin}-to-{source.name}" if origin else f"overlay/pin-{source.name}"
        )
        onto = _onto(source, changes, edit)
        if args["output"] == "text":
            print_result(result, args)  # what is proposed, before what became of it
        committed, proposed = propose(args, source.repository, name, onto, message, effect_text(result))
        if args["output"] != "text":
            print_result(replace(result, committed=committed, proposed=proposed), args)
        return EXIT_OK
    committed = _commit(args, source, changes, edit, message)
    print_result(replace(result, committed=committed), args)
    where = f"on {committed.branch}" if committed.branch else "on a detached HEAD: keep it with `git switch -c NAME`"
    say(args, f"{'committed' if committed.is_new else 'nothing new;'} {committed.commit[:12]} {where}")
    return EXIT_OK


def _repository(args: dict[str, Any], root: str) -> Repository | None:
    """Return the repository to commit to, None where nothing is to be committed."""
    if args["no_commit"] and (args["branch"] or args["message"] or args["pull_request"]):
        raise UsageError("--no-commit excludes --branch, --message and --pull-request: they are about commits")
    if args["no_commit"] or args["dry_run"]:
        return None
    from overlay.cli.fetching import seconds  # noqa: PLC0415
    from overlay.git.repository import Repository  # noqa: PLC0415

    try:
        return Repository(root, os.environ, seconds=seconds(args["timeout"]))
    except GitError as error:
        if "is in no Git repository" in error.message:
            error.hint = f"--no-commit writes the file only, or {error.hint}"
        raise


def _lock(args: dict[str, Any], source: Source) -> None:
    """Pin the chart's new version in overlay.lock."""
    draft = source.draft
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.cli.fetching import make_resolver  # noqa: PLC0415
    from overlay.fetch.lockfile import read_lock, write_lock  # noqa: PLC0415
    from overlay.remote.lock import lock  # noqa: PLC0415

    old = draft.before(LOCK)
    pins = read_lock(old) if old is not None else ()
    project = source.workshop.project
    found = lock(pins, project, cache_folder(), lambda: make_resolver(args), {**source.base, **draft.changes})
    if found or old is not None:
        draft.write(LOCK, write_lock(found))


def _write(source: Source, changes: Mapping[str, bytes]) -> None:
    from overlay.source.commit import write_file  # noqa: PLC0415

    for path, data in changes.items():
        write_file(os.path.join(source.workshop.project.root, path), data, path)


def _commit(
    args: dict[str, Any], source: Source, changes: Mapping[str, bytes], edit: Callable[[Draft], None], message: str
) -> Committed:
    from overlay.source.commit import commit_here, commit_on  # noqa: PLC0415

    repository = source.repository
    assert repository is not None  # noqa: S101  # the caller wrote the files otherwise
    if not args["branch"]:
        return commit_here(repository, source.commit, changes, message)
    return commit_on(repository, args["branch"], _onto(source, changes, edit), message, None)


def _onto(
    source: Source, changes: Mapping[str, bytes], edit: Callable[[Draft], None]
) -> Callable[[str], Mapping[str, bytes]]:
    """Return what makes the same change on another commit; files that are changed here and not committed stop it."""
    from overlay.source.commit import read_commit, refuse_changed  # noqa: PLC0415
    from overlay.source.draft import Draft  # noqa: PLC0415

    repository = source.repository
    assert repository is not None  # noqa: S101
    refuse_changed(repository, source.commit, changes, resume=False)

    def onto(base: str) -> Mapping[str, bytes]:
        draft = Draft(read_commit(repository, base))
        if draft.before(source.document) is None:
            raise GitConflict(
                f"{source.document} is not in {base[:12]}, where that branch is",
                hint="name another one with --branch, or delete it",
            )
        edit(draft)
        if LOCK in changes:
            draft.write(LOCK, changes[LOCK])
        return draft.changes

    return onto
