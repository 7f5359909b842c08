"""One layer with everything that it names, read."""

from __future__ import annotations

from overlay.errors import DocumentError, ManifestError, OverlayError, PatchError, raise_all
from overlay.files.paths import printable, resolve
from overlay.kube.custom import is_definition
from overlay.kube.encrypted import has_metadata
from overlay.kube.objects import parse_objects
from overlay.load.documents import read_layer
from overlay.load.project import DOCUMENTS, check_name
from overlay.model.contents import ReadGenerator, ReadLayer, ReadPatch, ReadValues
from overlay.model.resource import Origin, Resource
from overlay.yaml import decode, read_documents, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal

    from overlay.fetch.pinned import Remotes
    from overlay.files.reader import ProjectFiles
    from overlay.model.location import Location
    from overlay.model.spec import Generator, Layer, Patch, PathRef
    from overlay.yaml import Document

MANIFEST_ENDINGS = (".yaml", ".yml", ".json")


def resolve_ref(folder: str, ref: PathRef, remotes: Remotes) -> str:
    """Return the path that an entry of a document means; what comes from elsewhere is made readable for it.

    Raises PathError, LockError, ArchiveError, LimitError.
    """
    if ref.remote is None:
        return resolve(folder, ref.path, ref.location)
    return remotes.mount(ref.remote)


def load_layer(files: ProjectFiles, path: str, remotes: Remotes) -> ReadLayer:
    """Read a document and every file that it names.

    Raises Problems with all that is wrong in them.
    """
    return _Reader(files, path, remotes).layer()


def load_document(files: ProjectFiles, path: str, _: Remotes) -> ReadLayer:
    """Read a document alone: what it settles, whatever is wrong with the files that it names."""
    layer = read_layer(read_mapping(decode(files.read(path), path), path), path.rpartition("/")[0])
    problem = check_name(layer.kind, layer.name, path, layer.location)
    if problem is not None:
        raise problem
    return ReadLayer(layer=layer)


class _Reader:
    """Reads for one layer; remembers which files, gathers what is wrong."""

    def __init__(self, files: ProjectFiles, path: str, remotes: Remotes) -> None:
        self.files = files
        self.remotes = remotes
        self.path = path
        self.folder = path.rpartition("/")[0]
        self.errors: list[OverlayError] = []
        self.read: dict[str, None] = {}

    def layer(self) -> ReadLayer:
        document = read_mapping(self._text(self.path, None), self.path)
        layer = read_layer(document, self.folder)
        problem = check_name(layer.kind, layer.name, self.path, layer.location)
        if problem is not None:
            self.errors.append(problem)
        spec = layer.spec
        values = [read for ref in spec.values for read in self._values(ref)]
        resources = [resource for ref in spec.resources for resource in self._resources(ref)]
        definitions = [resource for ref in spec.crds for resource in self._definitions(ref)]
        generators = [read for entry in (*spec.config_maps, *spec.secrets) for read in self._generator(entry)]
        patches = [
            read for index, patch in enumerate(spec.patches) for read in self._patch(patch, index, document, layer)
        ]
        raise_all(self.errors)
        return ReadLayer(
            layer=layer,
            values=tuple(values),
            resources=tuple(resources),
            definitions=tuple(definitions),
            generators=tuple(generators),
            patches=tuple(patches),
            inputs=tuple([self.files.input(path) for path in self.read]),
        )

    def _bytes(self, path: str, location: Location | None) -> bytes:
        data = self.files.read(path, location)
        self.read[path] = None
        return data

    def _text(self, path: str, location: Location | None) -> str:
        return decode(self._bytes(path, location), path)

    def _values(self, ref: PathRef) -> Iterable[ReadValues]:
        try:
            path = resolve(self.folder, ref.path, ref.location)
            documents = read_documents(self._text(path, ref.location), path)
            if not documents:
                return
            document = read_mapping(self._text(path, ref.location), path) if len(documents) > 1 else documents[0]
            if not isinstance(document.value, dict):
                raise DocumentError(
                    "values must be a map (key: value)", location=document.location(), hint="Helm values have names"
                )
            if has_metadata(document.value):
                raise _encrypted(path, ref)
            yield ReadValues(value=document.value, file=path, locate=document.location)
        except OverlayError as error:
            self.errors.append(error)

    def _resources(self, ref: PathRef) -> Iterable[Resource]:
        try:
            path = resolve_ref(self.folder, ref, self.remotes)
            if self.files.is_folder(path):
                self._refuse_other_folder(path, ref)
                paths = [p for p in self.files.walk(path, ref.location) if p.endswith(MANIFEST_ENDINGS)]
                if not paths:
                    raise ManifestError(f"{ref.path} holds no manifests (*.yaml, *.yml, *.json)", location=ref.location)
            else:
                paths = [path]
        except OverlayError as error:
            self.errors.append(error)
            return
        for found in paths:
            try:
                for document in read_documents(self._text(found, ref.location), found):
                    for identity, body, place in parse_objects(document.value, document.location):
                        yield Resource(identity, body, Origin("resource", place))
            except OverlayError as error:
                self.errors.append(error)

    def _refuse_other_folder(self, path: str, ref: PathRef) -> None:
        """Say where a folder belongs that is no folder of manifests: kustomize lists all of them as resources."""
        ways = dict.fromkeys(DOCUMENTS, "list it under extends") | {"component.yaml": "list it under components"}
        ways |= {"Chart.yaml": "name it under chart", "kustomization.yaml": "name the manifests beside it one by one"}
        for document, hint in ways.items():
            if self.files.exists(f"{path}/{document}"):
                message = f"{ref.path} holds a {document}, resources are plain manifests"
                raise ManifestError(message, location=ref.location, hint=hint)

    def _definitions(self, ref: PathRef) -> Iterable[Resource]:
        for resource in self._resources(ref):
            if is_definition(resource.body):
                yield resource
            else:
                self.errors.append(
                    ManifestError(
                        f"{resource.id} is no CustomResourceDefinition of apiextensions.k8s.io/v1",
                        location=resource.origin.location,
                        hint="crds only describes kinds; name what is to be applied under resources",
                        object=str(resource.id),
                    )
                )

    def _generator(self, entry: Generator) -> Iterable[ReadGenerator]:
        try:
            files, envs = [], []
            for source in entry.files:
                path = resolve(self.folder, source.source.path, source.source.location)
                files.append((source.key, self._bytes(path, source.source.location)))
            for ref in entry.envs:
                path = resolve(self.folder, ref.path, ref.location)
                envs.append((path, self._bytes(path, ref.location)))
                if b"\nsops_mac=" in envs[-1][1]:
                    raise _encrypted(path, ref)
        except OverlayError as error:
            self.errors.append(error)
            return
        yield ReadGenerator(entry=entry, files=tuple(files), envs=tuple(envs))

    def _patch(self, patch: Patch, index: int, document: Document, layer: Layer) -> Iterable[ReadPatch]:
        try:
            if patch.path is not None:
                yield from self._patch_file(patch, patch.path)
            else:
                yield _inline(patch, index, document, layer)
        except OverlayError as error:
            self.errors.append(error)

    def _patch_file(self, patch: Patch, ref: PathRef) -> Iterable[ReadPatch]:
        path = resolve(self.folder, ref.path, ref.location)
        documents = read_documents(self._text(path, ref.location), path)
        if not documents:
            raise PatchError(f"{path} is empty, a patch is expected", location=ref.location)
        for found in documents:
            if isinstance(found.value, list):
                if patch.target is None:
                    raise PatchError(
                        f"{path} is a JSON patch, which does not name its object",
                        location=patch.location,
                        hint="add target: {kind: …, name: …}",
                    )
            elif not isinstance(found.value, dict):
                raise PatchError("a patch is a map, or a list of JSON patch operations", location=found.location())
            yield ReadPatch(
                kind="json" if isinstance(found.value, list) else "strategic",
                content=found.value,
                target=patch.target,
                expect=patch.expect,
                location=patch.location,
                locate=found.location,
                label=path,
            )


def _inline(patch: Patch, index: int, document: Document, layer: Layer) -> ReadPatch:
    kind: Literal["strategic", "json", "merge"] = "strategic"
    name = "strategicMerge"
    content: Any = patch.strategic_merge or {}
    if patch.json_patch is not None:
        kind, name, content = "json", "jsonPatch", patch.json_patch
    elif patch.merge_patch is not None:
        kind, name, content = "merge", "mergePatch", patch.merge_patch
    prefix = ("spec", "patches", index, name)

    def locate(path: tuple[str | int, ...], *, key: bool = False) -> Location:
        return document.location((*prefix, *path), key=key)

    return ReadPatch(
        kind=kind,
        content=content,
        target=patch.target,
        expect=patch.expect,
        location=patch.location,
        locate=locate,
        label=f"patches[{index}] of {layer.file}",
    )


def _encrypted(path: str, ref: PathRef) -> DocumentError:
    """Refuse what would be used as it is stored."""
    return DocumentError(
        f"{printable(path)} is encrypted by SOPS, and its values would be used as they are stored",
        location=ref.location,
        hint="`overlay render --decrypt` prints the environment with them; what goes to Git has to do without: "
        "ExternalSecret, SealedSecret, or a Secret that SOPS encrypted",
        rule="encrypted",
    )
