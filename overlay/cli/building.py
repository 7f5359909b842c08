"""The options of every command that builds environments."""

from __future__ import annotations

from overlay.cli.table import Param
from overlay.model.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHART = "Chart"
_SETS = ("set", "set-string", "set-json", "set-file", "set-literal")


def options_of(args: dict[str, Any]) -> Options:
    """Return what the command line adds to the documents."""
    return Options(
        values=args["values"],
        sets=tuple((kind, item) for kind in _SETS for item in args[kind.replace("-", "_")]),
        kubernetes_version=args["kube_version"],
        api_versions=tuple(part for item in args["api_versions"] for part in item.split(",") if part),
        release_name=args["release_name"],
        namespace=args["namespace"],
        include_crds=args["include_crds"],
        include_tests=args["include_tests"],
        is_upgrade=args["is_upgrade"] or None,
        strict=args["strict"],
        cache=not args["no_cache"],
        validate=not args["no_validate"],
    )


def _set(kind: str, help_text: str) -> Param:
    return Param(
        name=kind.replace("-", "_"),
        flags=(f"--{kind}",),
        kind="list",
        metavar="KEY=VALUE",
        panel=_CHART,
        help=help_text,
    )


BUILDING = (
    Param(
        name="values",
        flags=("-f", "--values"),
        kind="list",
        metavar="FILE",
        panel=_CHART,
        help="A further values file, over those of the environment; - is stdin.",
    ),
    _set("set", "Set a value (Helm's grammar: a.b=1,list[0]=x)."),
    _set("set-string", "Set a value that stays a string."),
    _set("set-json", "Set a value given as JSON."),
    _set("set-file", "Set a value to a file's content."),
    _set("set-literal", "Set a value to exactly this text."),
    Param(
        name="kube_version",
        flags=("--kube-version",),
        metavar="VERSION",
        panel=_CHART,
        help="Kubernetes version to render for, such as 1.34.",
    ),
    Param(
        name="api_versions",
        flags=("-a", "--api-versions"),
        kind="list",
        metavar="GROUP/VERSION",
        panel=_CHART,
        help="A further API that .Capabilities.APIVersions has.",
    ),
    Param(
        name="release_name",
        flags=("--release-name",),
        metavar="NAME",
        panel=_CHART,
        help="What templates see as .Release.Name.",
    ),
    Param(
        name="namespace",
        flags=("-n", "--namespace"),
        metavar="NAME",
        panel=_CHART,
        help="What templates see as .Release.Namespace.",
    ),
    Param(
        name="include_crds",
        flags=("--include-crds", "--no-include-crds"),
        kind="tristate",
        panel=_CHART,
        help="With or without the chart's crds/ folder (with, unless the environment says otherwise).",
    ),
    Param(
        name="include_tests",
        flags=("--include-tests",),
        kind="flag",
        panel=_CHART,
        help="With the chart's test hooks.",
    ),
    Param(
        name="is_upgrade",
        flags=("--is-upgrade",),
        kind="flag",
        panel=_CHART,
        help="Templates see .Release.IsUpgrade.",
    ),
    Param(
        name="no_cache",
        flags=("--no-cache",),
        kind="flag",
        panel=_CHART,
        help="Do not use or keep renderings of earlier runs (for input that is not trusted).",
    ),
    Param(
        name="no_validate",
        flags=("--no-validate",),
        kind="flag",
        panel=_CHART,
        help="Do not check patches and objects against the types of Kubernetes and of custom resources.",
    ),
)
