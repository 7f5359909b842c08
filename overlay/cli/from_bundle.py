"""`overlay sync ENV --bundle REF`: a cluster gets exactly what a bundle holds; nothing is rendered."""

from __future__ import annotations

from overlay.errors import ClusterConflict, FetchError, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.clusters import Live, Wish
    from overlay.cli.from_git import Published
    from overlay.cli.show_bundle import Opened
    from overlay.cluster.record import AppliedBundle
    from overlay.model.cluster import ClusterSettings

_EXCLUDED = ("from_git", "scheduled", "no_git", "git_only", "plan", "message", "repository", "branch", "path")


def apply_bundle(args: dict[str, Any]) -> int:
    """Open the bundle, check whose it is, look at clusters, ask, apply."""
    from overlay.cli.applying import apply_looked, looked_at  # noqa: PLC0415
    from overlay.cli.clusters import look  # noqa: PLC0415
    from overlay.cli.show_bundle import open_bundle  # noqa: PLC0415
    from overlay.cli.together import together  # noqa: PLC0415

    _refuse_other_ways(args)
    with open_bundle(args, args["bundle"]) as bundle:
        applied = _tell_digest(args, bundle)
        names = list(dict.fromkeys(args["environments"])) or list(bundle.contents.records)
        wishes = wishes_of(args, bundle, names)
    rendered = next(iter(wishes.values())).source

    def look_at(name: str) -> Live | OverlayError:
        try:
            live = look(args, wishes[name].wish)
        except OverlayError as error:
            return error.of(name)
        refused = _refuse_other_bundle(args, live, applied)
        if refused is None:
            return live
        live.client.close()
        return refused

    looked = looked_at(dict(zip(names, together(look_at, names), strict=True)))

    def stamp(live: Live) -> tuple[int, str, str]:
        current = live.record.current
        if current is None:
            return 1, applied.digest, rendered
        is_there = live.plan.is_idle and (current.commit, current.status) == (applied.digest, "deployed")
        return current.revision + (not is_there), applied.digest, rendered

    return apply_looked(args, looked, stamp)


def wishes_of(args: dict[str, Any], bundle: Opened, names: list[str]) -> dict[str, Published]:
    """Return what an opened bundle holds of some environments, after it was checked whose it is.

    Raises what `apply_bundle` raises for a bundle.
    """
    from overlay.cli.from_git import Published  # noqa: PLC0415
    from overlay.cli.show_bundle import files_in  # noqa: PLC0415

    owns = _documented(args, bundle, names)
    files = files_in(bundle, names)
    applied = _applied(bundle)
    source = bundle.contents.config.get("source")
    commit = source.get("revision") if isinstance(source, dict) else None
    return {
        name: Published(
            wish=_wish(name, files[name], applied, owns.get(name)), revision=0, commit=applied.digest,
            source=commit if isinstance(commit, str) else "",
        )
        for name in names
    }  # fmt: skip


def _applied(bundle: Opened) -> AppliedBundle:
    from overlay.cluster.record import AppliedBundle  # noqa: PLC0415

    contents = bundle.contents
    return AppliedBundle(
        name=contents.name, version=contents.version, digest=bundle.manifest.digest, place=bundle.source.shown
    )


def _refuse_other_ways(args: dict[str, Any]) -> None:
    for name in _EXCLUDED:
        if args[name]:
            raise UsageError(f"--bundle and --{name.replace('_', '-')} exclude each other: a bundle says all of it")
    if args["all"] == bool(args["environments"]):
        text = "--all and names of environments exclude each other" if args["all"] else "which environment?"
        raise UsageError(text, hint=f"name one or more, or say --all; `overlay show {args['bundle']}` shows them")


def _tell_digest(args: dict[str, Any], bundle: Opened) -> AppliedBundle:
    """Say which content a reference means: a tag, a range or a name may mean other content tomorrow."""
    from overlay.cli.cluster_output import bundle_value  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415

    found, digest = _applied(bundle), bundle.manifest.digest
    event(args, "bundle", "", reference=args["bundle"], bundle=bundle_value(found))
    if args["output"] == "text" and not args["bundle"].endswith(f"@{digest}"):
        say(args, f"{args['bundle']} is {found.name} {found.version}, {digest}")
    return found


def _documented(args: dict[str, Any], bundle: Opened, names: list[str]) -> dict[str, ClusterSettings | None]:
    """Return what documents say of the clusters of a bundle's environments, where the project is here.

    Raises UsageError for a bundle of another project, or one that nothing vouches for; SignatureError for one that is
    not signed as it must be.
    """
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.load.graph import Loader, effective  # noqa: PLC0415
    from overlay.load.project import list_environments, load_project  # noqa: PLC0415
    from overlay.oci.trust import check_signed  # noqa: PLC0415

    _check_keys(args, bundle)
    try:
        find_root(args["project"])
    except UsageError:
        # No source is needed; but then no document says who must have signed, and a tag may mean anything tomorrow.
        reference = args["bundle"]
        if reference.startswith("oci://") and "@" not in reference and not args["key"]:
            content = f"{bundle.source.shown}@{bundle.manifest.digest}"
            raise UsageError(
                f"nothing here says who must have signed {reference}",
                hint=f"name the content, {content}, or say --key, or run it in the project",
            ) from None
        return {}
    project, files = load_project(args["project"])
    contents = bundle.contents
    if project.name and project.name != contents.name:
        raise UsageError(
            f"{args['bundle']} is a bundle of {contents.name}, this project is {project.name}",
            hint="name one of this project, or run it in a folder without a project",
        )
    known = {*list_environments(project, files)} & {*contents.records}
    loader = Loader(project, files, Remotes(files, cache_folder()))
    settled = {name: effective(loader.load(name), project) for name in sorted(known)}
    for name in [name for name in names if name in settled]:
        check_signed(bundle.source, bundle.manifest.digest, settled[name].signers, environment=name)
    return {name: one.cluster for name, one in settled.items()}


def _check_keys(args: dict[str, Any], bundle: Opened) -> None:
    if args["key"]:
        from overlay.cli.signing import signers  # noqa: PLC0415
        from overlay.oci.trust import check_signed  # noqa: PLC0415

        by_key = signers({**args, "policy": None, "identity": None, "issuer": None, "trusted_root": None})
        check_signed(bundle.source, bundle.manifest.digest, by_key)


def _wish(name: str, files: dict[str, bytes], bundle: AppliedBundle, own: ClusterSettings | None) -> Wish:
    import json  # noqa: PLC0415

    from overlay.cli.record_wish import Written, wish_of_record  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415
    from overlay.tree import RECORD  # noqa: PLC0415

    record = json.loads(files[RECORD])
    if record.get("environment") != name:
        raise FetchError(f"the folder {name} of {bundle} holds what was rendered of another environment")
    again = f"overlay package {name}"
    written = Written(name=name, record=record, texts=files, shown=f"{bundle}", again=again)
    return replace(wish_of_record(written, own), bundle=bundle)


def _refuse_other_bundle(args: dict[str, Any], live: Live, bundle: AppliedBundle) -> ClusterConflict | None:
    """Return why a bundle does not go over what the cluster has: another project's, or a newer version."""
    current = live.record.current
    there = current.bundle if current is not None else None
    if there is None:
        return None
    name, context = live.wish.name, live.client.access.context
    if there.name != bundle.name:
        return ClusterConflict(
            f"{name} in {context} is of the bundle {there}: {bundle} is another project's", environment=name,
            hint="each project needs a namespace of its own, or other names of environments",
        )  # fmt: skip
    if not args["allow_rollback"] and bundle.is_older(there):
        return ClusterConflict(
            f"{context} has the newer bundle {there} of {name}", environment=name,
            hint="--allow-rollback goes back",
        )  # fmt: skip
    return None
