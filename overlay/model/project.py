"""The project as its overlay.yaml says it."""

from __future__ import annotations

from overlay.model.value import value


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
