"""What a command line, or a caller from Python, adds to what the documents say."""

from __future__ import annotations

from overlay.model.value import value


@value(kw_only=True)
class Options:
    """Overrides of one run; None and empty mean "as the documents say".

    values: files, from the working folder. sets: (kind, expression), kind one of set, set-string, set-json,
    set-file, set-literal. strict: warnings are errors. cache: renderings of earlier runs may be used.
    validate: patches and results are checked against the types of Kubernetes and of custom resources.
    """

    values: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    kubernetes_version: str | None = None
    api_versions: tuple[str, ...] = ()
    release_name: str | None = None
    namespace: str | None = None
    include_crds: bool | None = None
    include_tests: bool = False
    is_upgrade: bool | None = None
    strict: bool = False
    cache: bool = True
    validate: bool = True
