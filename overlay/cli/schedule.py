"""`overlay schedule kubernetes`: a CronJob that applies what is published, with the rights that takes and no more."""

from __future__ import annotations

import sys

from overlay.cli.cluster_options import ALLOW_DELETE, MAX_PRUNE, REACHING
from overlay.cli.printing import print_document
from overlay.cli.publishing_options import REMOTE
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.cluster.cronjob import Job
    from overlay.gitops.target import Target
    from overlay.model.build import Build
    from overlay.model.finding import Finding
    from overlay.model.resource import ObjectId


def kubernetes(args: dict[str, Any]) -> int:
    """Print the manifests; nothing is applied."""
    from overlay.cli.exits import report  # noqa: PLC0415
    from overlay.cli.publishing import build_environments  # noqa: PLC0415
    from overlay.cluster.cronjob import manifests  # noqa: PLC0415
    from overlay.cluster.rights import rights_of  # noqa: PLC0415
    from overlay.errors import raise_all  # noqa: PLC0415
    from overlay.yaml import write_documents  # noqa: PLC0415

    name = args["environment"]
    if not args["image"]:
        raise UsageError("which image does the job run?", hint="say --image; it holds overlay and git")
    (builds, errors, findings) = build_environments({**args, "no_cache": False}, [name])
    raise_all(errors)
    (build,) = builds
    cluster = build.settings.cluster
    if cluster is None:
        raise UsageError(f"{name} names no cluster", hint="set spec.cluster.context in it", environment=name)
    job = _job(args, build)
    rights = rights_of(
        build.objects, environment=name, namespace=build.settings.namespace,
        deletes=frozenset(args["allow_delete"]), knows_cluster=bool(cluster.uid), lookup=_lookup(args, build),
    )  # fmt: skip
    made = manifests(job, rights)
    if args["output"] == "json":
        print_document({"apiVersion": "v1", "kind": "List", "items": made}, "json")
    else:
        sys.stdout.write(write_documents(made))
    report((), [*findings, *([] if cluster.uid else [_not_pinned(name)])], args)
    return EXIT_OK


def _job(args: dict[str, Any], build: Build) -> Job:
    from overlay.cli.fetching import seconds  # noqa: PLC0415
    from overlay.cluster.cronjob import Job  # noqa: PLC0415
    from overlay.git.url import protocols, shown_url  # noqa: PLC0415

    url, target = _published(args, build)
    is_ssh = protocols(url) == ("ssh",)
    shown = url if is_ssh else shown_url(url)
    if protocols(url) == ("file",):
        raise UsageError(
            f"{shown} is a place on this machine, which no pod reaches", hint="name the repository's URL: --repository"
        )
    if is_ssh and not args["git_secret"]:
        raise UsageError(
            f"{shown} takes a key", hint="name the Secret that holds ssh-privatekey and known_hosts: --git-secret"
        )
    arguments = ["sync", build.environment, "--from-git", "--scheduled", "--repository", shown]
    arguments += ["--branch", target.branch, *(["--path", target.path] if target.path else [])]
    arguments += ["--context", "in-cluster", "--deadline", args["deadline"]]
    arguments += ["--max-prune", args["max_prune"]] if args["max_prune"] else []
    arguments += [part for kind in args["allow_delete"] for part in ("--allow-delete", kind)]
    return Job(
        environment=build.environment, namespace=build.settings.namespace, image=args["image"],
        arguments=tuple(arguments), every=round(seconds(args["every"])), deadline=round(seconds(args["deadline"])),
        secret=args["git_secret"] or "", is_ssh=is_ssh,
    )  # fmt: skip


def _published(args: dict[str, Any], build: Build) -> tuple[str, Target]:
    """Return the repository's URL and the place in it to which the environment is published."""
    from overlay.cli.publishing import Publishing  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.gitops.target import target_of  # noqa: PLC0415

    with Publishing({**args, "timeout": "5m"}, find_root(args["project"])) as publishing:
        branch = (publishing.repository.branch() or "").removeprefix("refs/heads/")
        target = target_of(build.settings.publish, branch)
        return args["repository"] or publishing.remote(target.repository).url, target


def _lookup(args: dict[str, Any], build: Build) -> Callable[[ObjectId], tuple[str, bool]]:
    """Return what asks the environment's cluster about kinds that no CustomResourceDefinition here declares."""

    def lookup(identity: ObjectId) -> tuple[str, bool]:
        from overlay.cli.clusters import reach  # noqa: PLC0415

        client = reach(args, build.settings.cluster)
        try:
            served = client.kinds().find(identity.group, identity.version, identity.kind)
        finally:
            client.close()
        if served is None:
            raise UsageError(
                f"the cluster does not know {identity.group}/{identity.version} {identity.kind}", object=str(identity),
                hint="install its CustomResourceDefinition first, or add it to the environment",
            )  # fmt: skip
        return served.plural, served.is_namespaced

    return lookup


def _not_pinned(name: str) -> Finding:
    from overlay.model.finding import Finding  # noqa: PLC0415

    return Finding(
        "cluster-not-pinned",
        "no spec.cluster.uid says which cluster the job may change: in one where it never was, it stops",
        hint=f"pin it, or make the first run by hand: overlay sync {name} --first-contact",
        environment=name,
    )


KUBERNETES = Command(
    path=("schedule", "kubernetes"),
    help="""Print a CronJob that applies what is published of an environment, and a ServiceAccount with just the rights
for that: computed from the environment's own objects, by namespace and kind.

Nothing is applied: look at it, and `kubectl apply -f` it, or keep it in Git. When the environment gets objects of
another kind, or outside namespaces, print it again.

Examples:

  overlay schedule kubernetes prod --image registry.example/overlay:1.4 --git-secret prod-git | kubectl apply -f -

  overlay schedule kubernetes prod --image registry.example/overlay:1.4 --every 1h --max-prune 5""",
    run=kubernetes,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        Param(name="image", flags=("--image",), metavar="IMAGE", help="The image to run, with overlay and git in it."),
        Param(
            name="every",
            flags=("--every",),
            metavar="DURATION",
            default="10m",
            help="Time between runs, an even part of an hour or a day.",
        ),
        Param(
            name="deadline",
            flags=("--deadline",),
            metavar="DURATION",
            default="15m",
            help="The longest that one run may take; what is due meanwhile is skipped.",
        ),
        Param(
            name="repository",
            flags=("--repository",),
            metavar="URL",
            help="The repository as the job reaches it (the remote's URL).",
        ),
        Param(
            name="git_secret",
            flags=("--git-secret",),
            metavar="NAME",
            help="The Secret with the Git login: username and password, or ssh-privatekey and known_hosts.",
        ),
        ALLOW_DELETE,
        MAX_PRUNE,
        output("yaml", "json"),
        *REACHING,
        REMOTE,
        *COMMON,
    ),
)
