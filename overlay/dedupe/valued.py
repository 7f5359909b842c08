"""Values of one chart, a file for each environment: what they are told by, and which chart they are for."""

from __future__ import annotations

import os
import stat

from overlay.dedupe.reading import MAX_SIZE
from overlay.errors import LimitError, ManifestError, OverlayError, PathError
from overlay.merge.same import same
from overlay.model.value import value
from overlay.yaml import decode, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

ENDINGS = (".yaml", ".yml")
CHART_FILE = "Chart.yaml"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@value(kw_only=True)
class Valued:
    """The values of one environment. given: the file or folder as the user named it. file: the values themselves."""

    given: str
    name: str
    file: str
    text: str
    values: dict[str, Any]

    @property
    def lines(self) -> int:
        return self.text.count("\n")


def values_file(given: str) -> str | None:
    """Return the values file that is meant: the path itself, or the only YAML file of a folder; it is no object.

    None for everything else, which is read as manifests.
    """
    if not os.path.isdir(given):
        return given
    names = sorted(os.listdir(given))
    found = [name for name in names if name.endswith(ENDINGS)]
    if len(found) != 1 or any(os.path.isdir(os.path.join(given, name)) for name in names):
        return None
    path = os.path.join(given, found[0])
    try:
        values = read_mapping(decode(_bytes(path), path), path).value
    except OverlayError:
        return None
    is_other = found[0] == CHART_FILE or found[0].startswith("kustomization.")
    return None if is_other or "apiVersion" in values or "kind" in values else path


def read_values(given: str, name: str) -> Valued:
    """Return an environment's values; raises OverlayError."""
    path = values_file(given) or given
    text = decode(_bytes(path), path)
    document = read_mapping(text, path)
    if "sops" in document.value:
        raise ManifestError("the values are encrypted by SOPS", location=document.location(("sops",), key=True))
    if "apiVersion" in document.value and "kind" in document.value:
        hint = "overlay adopt takes folders of manifests, or files of values"
        raise ManifestError("a file of values is expected, found an object", location=document.location(), hint=hint)
    return Valued(given=given, name=name, file=path, text=text, values=document.value)


def chart_of(files: Sequence[str], root: str) -> str:
    """Return the folder of the chart that values are for: around them or beside them, below the project's folder.

    Raises ManifestError.
    """
    top = os.path.realpath(root)
    at = os.path.commonpath([os.path.dirname(os.path.realpath(file)) for file in files])
    while os.path.commonpath([at, top]) == top:
        if os.path.isfile(os.path.join(at, CHART_FILE)):
            return at
        found = [name for name in sorted(os.listdir(at)) if os.path.isfile(os.path.join(at, name, CHART_FILE))]
        if len(found) == 1:
            return os.path.join(at, found[0])
        if found:
            charts = " or of ".join([os.path.relpath(os.path.join(at, one)) for one in found])
            raise ManifestError(
                f"{files[0]} may hold values of {charts}", hint="put the values of a chart into its folder"
            )
        at = os.path.dirname(at)
    raise ManifestError(
        f"{files[0]} holds values, but no chart is there: no {CHART_FILE} around or beside it",
        hint="--into names the environments folder, which stands beside the chart or above it; or render each "
        "environment with `helm template --output-dir`, and adopt that",
    )


def differing(members: Sequence[Valued]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each value that environments have otherwise: its path, and what each has (None: it sets none)."""
    flat = {one.name: dict(_leaves(one.values, ())) for one in members}
    for path in dict.fromkeys([path for each in flat.values() for path in each]):
        found = {name: each.get(path) for name, each in flat.items()}
        first = next(iter(found.values()))
        if not all(same(first, item) for item in found.values()) or any(path not in each for each in flat.values()):
            yield path, found


def _leaves(item: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(item, dict) and item:
        for key, child in item.items():
            yield from _leaves(child, (*path, str(key)))
    elif path:
        yield path, item


def _bytes(path: str) -> bytes:
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        reason = "symlink not allowed" if os.path.islink(path) else os.strerror(error.errno or 0).lower()
        raise PathError(f"{path} cannot be read: {reason}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PathError(f"{path} is no regular file")
        data = file.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise LimitError(f"{path} is larger than {MAX_SIZE} bytes")
    return data
