"""Our documents as values: base.yaml, environment.yaml and component.yaml, which have one shape.

Field names in comments are those of the document; every value that can be wrong on its own carries
the location where it stands, so that a later step can point there.
"""

from __future__ import annotations

from overlay.model.cluster import Cluster
from overlay.model.location import Location
from overlay.model.publish import Publish
from overlay.model.remote import Request
from overlay.model.value import field, value
from overlay.model.verify import SignedBy

TYPE_CHECKING = False  # spares every run the import of typing
if TYPE_CHECKING:
    from typing import Any

API_VERSION = "overlay.dev/v1"
KINDS = ("Base", "Environment", "Component")


@value
class PathRef:
    """A path as the document spells it; resolved against the document's folder.

    remote: set where the document names something from elsewhere; path is then only what listings show.
    """

    path: str
    location: Location
    remote: Request | None = None


@value
class Chart:
    """`chart`: a local path, or one of a Helm repository, a registry, a Git repository, an archive; exactly one.

    path: a local path; beside `git` the folder in that repository.
    """

    location: Location
    path: str | None = None
    repository: str | None = None
    name: str | None = None
    version: str | None = None
    oci: str | None = None
    git: str | None = None
    ref: str | None = None
    url: str | None = None
    digest: str | None = None

    @property
    def local(self) -> str | None:
        """The path of a local chart."""
        return None if self.git else self.path

    @property
    def label(self) -> str:
        """How listings name it."""
        return self.name or self.oci or self.git or self.url or self.path or ""


@value
class Release:
    """`release`: what templates see as .Release; None where the document is silent."""

    name: str | None = None
    namespace: str | None = None
    revision: int | None = None
    is_upgrade: bool | None = None  # isUpgrade


@value(kw_only=True)
class Target:
    """`target`: which objects; empty fields match everything, filled ones must all match.

    group, version, kind, name, namespace are regular expressions anchored at both ends;
    the selectors follow Kubernetes' full grammar (`a=b,c!=d,e in (x,y),f,!g`).
    """

    location: Location
    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    label_selector: str = ""  # labelSelector
    annotation_selector: str = ""  # annotationSelector


@value
class Expect:
    """`expect`: how many objects a patch must match; most is None for "no upper bound"."""

    least: int = 1
    most: int | None = 1

    def accepts(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"{self.least}+"
        return str(self.least) if self.least == self.most else f"{self.least}..{self.most}"


@value(kw_only=True)
class Patch:
    """One entry of `patches`; exactly one of path, strategic_merge, json_patch, merge_patch is set.

    location: of the entry; content_location: of the inline patch's value (equal to location for `path`).
    """

    location: Location
    content_location: Location
    target: Target | None = None
    expect: Expect = Expect()
    path: PathRef | None = None
    strategic_merge: dict[str, Any] | None = None  # strategicMerge
    json_patch: list[Any] | None = None  # jsonPatch
    merge_patch: dict[str, Any] | None = None  # mergePatch


@value(kw_only=True)
class FieldSpec:
    """A place in objects, in kustomize's form: path parts split by `/`, `[]` after a part walks a list.

    create: make the field where it is missing.
    """

    path: str
    group: str = ""
    version: str = ""
    kind: str = ""
    create: bool = False


@value(kw_only=True)
class NameReference:
    """Fields that hold the name of an object of this group, version and kind (empty: any)."""

    kind: str
    group: str = ""
    version: str = ""
    fields: tuple[FieldSpec, ...] = ()  # fieldSpecs


@value(kw_only=True)
class FieldSpecs:
    """`fieldSpecs`: further places, beside the built-in tables, that transforms look at."""

    namespace: tuple[FieldSpec, ...] = ()
    labels: tuple[FieldSpec, ...] = ()
    annotations: tuple[FieldSpec, ...] = ()
    images: tuple[FieldSpec, ...] = ()
    replicas: tuple[FieldSpec, ...] = ()
    name_reference: tuple[NameReference, ...] = ()  # nameReference


@value(kw_only=True)
class Labels:
    """One entry of `labels`, with kustomize's meaning: metadata only unless told otherwise."""

    location: Location
    pairs: dict[str, str]
    include_selectors: bool = False  # includeSelectors
    include_templates: bool = False  # includeTemplates
    fields: tuple[FieldSpec, ...] = ()


@value(kw_only=True)
class Image:
    """One entry of `images`; name is the image without tag and digest."""

    location: Location
    name: str
    new_name: str | None = None  # newName
    new_tag: str | None = None  # newTag
    digest: str | None = None


@value(kw_only=True)
class Replicas:
    """One entry of `replicas`."""

    location: Location
    name: str
    count: int


@value(kw_only=True)
class FieldOptions:
    """`options` of a replacement's source or target: a part of a text, between delimiters.

    index: which part; at a target, below 0 puts the value in front, past the end puts it behind.
    create: make the field where it is missing; replace: the words in the field's text whose place the value takes,
    wherever they stand (both targets only).
    """

    delimiter: str = ""
    index: int = 0
    create: bool = False
    replace: str = ""


@value(kw_only=True)
class ReplacementTarget:
    """One entry of a replacement's `targets`: fields of every object that `select` means and no `reject` does."""

    location: Location
    select: Target
    reject: tuple[Target, ...] = ()
    field_paths: tuple[PathRef, ...] = ()  # fieldPaths; dotted paths, not files
    options: FieldOptions = FieldOptions()


@value(kw_only=True)
class Replacement:
    """One entry of `replacements`; exactly one of source, literal and fact is set.

    source: the one object whose field at `field_path` is used. literal: `sourceValue`.
    fact: `name`, `namespace`, `releaseName`, `kubernetesVersion` or `cluster` of the environment.
    """

    location: Location
    source: Target | None = None
    field_path: PathRef
    source_options: FieldOptions = FieldOptions()
    literal: str | None = None  # sourceValue
    fact: str | None = None
    targets: tuple[ReplacementTarget, ...] = ()


@value(kw_only=True)
class Guard:
    """One entry of `protect` or `allow`: fields, as dotted paths, of the objects that the target means (None: all)."""

    location: Location
    target: Target | None
    fields: tuple[PathRef, ...]


@value(kw_only=True)
class SortOptions:
    """`sortOptions`: `apply` (by kind, so that what others need comes first), kustomize's `fifo` or `legacy`."""

    order: str = "apply"
    order_first: tuple[str, ...] | None = None  # legacySortOptions.orderFirst
    order_last: tuple[str, ...] | None = None  # legacySortOptions.orderLast


@value(kw_only=True)
class GeneratorOptions:
    """`options` of a generated ConfigMap or Secret."""

    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    immutable: bool = False
    disable_name_suffix_hash: bool = False  # disableNameSuffixHash


@value(kw_only=True)
class FileSource:
    """One entry of `files`: `path` or `key=path`; the key defaults to the file's name."""

    key: str
    source: PathRef


@value(kw_only=True)
class Generator:
    """One entry of `configMaps` (kind ConfigMap) or `secrets` (kind Secret).

    behavior: `create`, or `merge`/`replace` for one that an earlier layer generates.
    type: a Secret's type; empty for ConfigMaps.
    """

    location: Location
    kind: str
    name: str
    namespace: str = ""
    behavior: str = "create"
    literals: dict[str, str] = field(default_factory=dict)
    files: tuple[FileSource, ...] = ()
    envs: tuple[PathRef, ...] = ()
    type: str = ""
    options: GeneratorOptions = GeneratorOptions()


@value(kw_only=True)
class Spec:
    """What Base, Environment and Component share."""

    extends: tuple[PathRef, ...] = ()
    components: tuple[PathRef, ...] = ()
    chart: Chart | None = None
    release: Release = Release()
    kubernetes_version: str | None = None  # kubernetesVersion
    api_versions: tuple[str, ...] = ()  # apiVersions
    include_crds: bool | None = None  # includeCRDs
    values: tuple[PathRef, ...] = ()
    resources: tuple[PathRef, ...] = ()
    crds: tuple[PathRef, ...] = ()
    config_maps: tuple[Generator, ...] = ()  # configMaps
    secrets: tuple[Generator, ...] = ()
    patches: tuple[Patch, ...] = ()
    namespace: str | None = None
    name_prefix: str = ""  # namePrefix
    name_suffix: str = ""  # nameSuffix
    labels: tuple[Labels, ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)
    replicas: tuple[Replicas, ...] = ()
    images: tuple[Image, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    protect: tuple[Guard, ...] = ()
    allow: tuple[Guard, ...] = ()
    sort_options: SortOptions | None = None  # sortOptions
    build_metadata: tuple[str, ...] = ()  # buildMetadata
    publish: Publish = Publish()
    cluster: Cluster | None = None
    signed_by: tuple[SignedBy, ...] = ()  # verify.signedBy
    field_specs: FieldSpecs = FieldSpecs()  # fieldSpecs
    # Where single fields stand, by the document's dotted name ("namespace", "release.name", "annotations", …).
    locations: dict[str, Location] = field(default_factory=dict)


@value(kw_only=True)
class Layer:
    """One document of kind Base, Environment or Component.

    folder: its folder from the project folder, posix separators, "" for the project folder itself.
    file: the document's own path from the project folder.
    """

    kind: str
    name: str
    folder: str
    file: str
    location: Location
    spec: Spec
