"""The project as its overlay.yaml says it."""

from __future__ import annotations

from overlay.model.policy import Policy
from overlay.model.value import value


@value(kw_only=True)
class FieldRule:
    """A field, of objects of a kind and with a name like a pattern; empty means any."""

    path: str
    kind: str = ""
    name: str = ""


@value(kw_only=True)
class Project:
    """`overlay.yaml`, or its defaults where there is none.

    root: absolute path of the project folder; environments: folder of the environments below it.
    """

    root: str
    name: str | None = None
    environments: str = "environments"
    kubernetes_version: str | None = None  # kubernetesVersion
    strict: bool = False
    unknown_kinds: str = "warn"  # validate.unknownKinds
    # What its bundles say of it: pairs of title, description, url, source and others that are set.
    bundle: tuple[tuple[str, str], ...] = ()
    # What comparisons leave out, and whose values they hide.
    ignored: tuple[FieldRule, ...] = ()
    masked: tuple[FieldRule, ...] = ()
    policy: Policy = Policy()
