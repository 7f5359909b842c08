"""What only a look at all environments together shows: files that nobody reads, and what is said more than once."""

from __future__ import annotations

import posixpath

from overlay.dedupe.duplicates import find_duplicates
from overlay.errors import OverlayError
from overlay.load.project import DOCUMENTS
from overlay.model.finding import Finding
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.files.reader import ProjectFiles
    from overlay.layering.prepared import Prepared
    from overlay.model.contents import ReadEnvironment, ReadLayer, ReadPatch
    from overlay.run import Run

_ENDINGS = (".yaml", ".yml", ".json")
# A shorter block is soon written again; what shares it costs as much.
LEAST_BLOCK = 10
_MOST_BLOCKS = 20


def of_all(run: Run, names: Sequence[str]) -> list[Finding]:
    """Return the findings of a project's environments together; none where one of them cannot be read."""
    prepared = [run.prepare(name) for name in names]
    whole = [one for one in prepared if not isinstance(one, OverlayError)]
    if len(whole) < len(prepared) or not whole:
        return []
    return [
        *_dead_files(run.files, run.project.environments, whole),
        *_patches_everywhere([one.environment for one in whole]),
        *_blocks(run.files, whole),
    ]


def _dead_files(files: ProjectFiles, top: str, whole: Sequence[Prepared]) -> Iterator[Finding]:
    read = _read(whole)
    charts = {one.chart.path for one in whole if one.chart is not None}
    folders = {posixpath.dirname(layer.layer.file) for one in whole for layer in one.environment.layers}
    for path in files.walk(top):
        if path in read or not path.endswith(_ENDINGS) or any(path.startswith(f"{chart}/") for chart in charts):
            continue
        folder, _, name = path.rpartition("/")
        if name in DOCUMENTS:
            kind = DOCUMENTS[name].lower()
            yield _dead(
                path, f"no environment uses this {kind}", "remove its folder, or extend or list it where it is meant"
            )
        elif any(f"{folder}/".startswith(f"{used}/") for used in folders):
            yield _dead(path, "no environment reads this file", "remove it, or name it where it is meant")


def _read(whole: Sequence[Prepared]) -> set[str]:
    """Return the paths of all files that the environments' layers read."""
    return {
        entry.path
        for one in whole
        for entry in (*one.environment.inputs, *[each for layer in one.environment.layers for each in layer.inputs])
    }


def _dead(path: str, message: str, hint: str) -> Finding:
    return Finding("dead-file", message, Location(path, 1, 1), hint)


def _patches_everywhere(environments: Sequence[ReadEnvironment]) -> Iterator[Finding]:
    """Find patches that every environment of one base says in its own words."""
    children: dict[str, dict[str, ReadLayer]] = {}
    for environment in environments:
        layer = environment.layers[-1]
        for parent in environment.parents.get(layer.layer.file, ((), ()))[0]:
            children.setdefault(parent, {})[environment.name] = layer
    for parent, layers in children.items():
        if len(layers) < 2:
            continue
        said: dict[object, list[ReadPatch]] = {}
        for layer in layers.values():
            for key, patch in {_said(patch): patch for patch in layer.patches}.items():
                said.setdefault(key, []).append(patch)
        for patches in said.values():
            if len(patches) == len(layers):
                yield Finding(
                    "patch-in-every-environment",
                    f"all {len(layers)} environments that extend {posixpath.dirname(parent)} have this patch",
                    patches[0].location,
                    f"move it to {parent}; `overlay factor --write` does that, and proves that every environment stays",
                    related=tuple([("the same", patch.location) for patch in patches[1:4]]),
                )


def _said(patch: ReadPatch) -> object:
    """Return what a patch says, whatever the words around it."""
    from overlay.yaml import write_document  # noqa: PLC0415

    target = patch.target
    fields = (
        None
        if target is None
        else (
            target.group,
            target.version,
            target.kind,
            target.name,
            target.namespace,
            target.label_selector,
            target.annotation_selector,
        )
    )
    return (patch.kind, fields, str(patch.expect), write_document(patch.content))


def _blocks(files: ProjectFiles, whole: Sequence[Prepared]) -> Iterator[Finding]:
    """Find blocks, documents and files that several files of the environments repeat."""
    paths = [path for path in sorted(_read(whole)) if path.endswith(_ENDINGS) and not path.startswith("<")]
    report = find_duplicates((path, files.read(path)) for path in paths)
    shown = 0
    for one in report.duplicates:
        if one.lines < LEAST_BLOCK or len({place.file for place in one.places}) < 2:
            continue
        shown += 1
        if shown > _MOST_BLOCKS:
            return
        what = f"this {one.what}, {one.lines} lines," if one.what != "file" else f"this file of {one.lines} lines"
        yield Finding(
            "duplicate-block",
            f"{what} stands in {len(one.places)} places",
            one.places[0],
            "say it once, in what these places extend or in a component",
            severity="info",
            related=tuple([("the same", place) for place in one.places[1:4]]),
        )
