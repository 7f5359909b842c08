"""What layers name, read: the values that `load` and `chart` hand to the pure steps."""

from __future__ import annotations

from overlay.model.input import Input
from overlay.model.location import Location
from overlay.model.resource import Resource
from overlay.model.spec import Expect, Generator, Layer, Target
from overlay.model.value import field, value
from overlay.model.verify import Signer

# Path inside a value, such as ("spec", "containers", 0), to the place where it is written;
# the nearest parent's place where the path does not exist; those of patches take `key=True` for the place of its key.
TYPE_CHECKING = False  # spares every run the import of typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    Locate = Callable[..., Location]
else:
    Locate = object


@value(kw_only=True)
class ReadPatch:
    """One patch with its content; a `path` with several documents becomes several of these.

    kind: what content is. content: a mapping (strategic, merge) or a list of operations (json).
    target: None means that content names its object (strategic only).
    location: of the entry in `patches`. label: how messages name it, `patches/web.yaml` or `patches[2]`.
    """

    kind: Literal["strategic", "json", "merge"]
    content: Any
    target: Target | None
    expect: Expect
    location: Location
    locate: Locate
    label: str


@value(kw_only=True)
class ReadGenerator:
    """A ConfigMap or Secret entry with its files: (key, bytes) and env files: (file, bytes)."""

    entry: Generator
    files: tuple[tuple[str, bytes], ...] = ()
    envs: tuple[tuple[str, bytes], ...] = ()


@value(kw_only=True)
class ReadValues:
    """One values file, parsed: always a mapping."""

    value: dict[str, Any]
    file: str
    locate: Locate


@value(kw_only=True)
class ReadLayer:
    """A layer and everything that it names, read; shared by all environments that inherit it.

    definitions: CustomResourceDefinitions that only describe, of `crds`; they are no part of the result.
    inputs: the files read for this layer alone, the document itself among them.
    """

    layer: Layer
    values: tuple[ReadValues, ...] = ()
    resources: tuple[Resource, ...] = ()
    definitions: tuple[Resource, ...] = ()
    generators: tuple[ReadGenerator, ...] = ()
    patches: tuple[ReadPatch, ...] = ()
    signers: tuple[Signer, ...] = ()
    inputs: tuple[Input, ...] = ()


@value(kw_only=True)
class ReadEnvironment:
    """An environment as the chain of its layers, in the order in which they act.

    layers: parents first, each layer's components before itself, each layer once; the last is the
    environment's own.
    parents: of each layer, by its document's path, what it extends and what components it has, as such paths.
    """

    name: str
    layers: tuple[ReadLayer, ...]
    parents: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()


@value(kw_only=True)
class ChartSource:
    """The base chart's checked bytes.

    kind: `helm` (files of a chart, paths below the chart's folder) or `manifests` (plain YAML files).
    path: the chart's folder or archive from the project folder. location: where the document names it.
    digest: `sha256:<hex>` over names and bytes, in order; equal for equal content.
    """

    kind: Literal["helm", "manifests"]
    path: str
    location: Location
    files: tuple[tuple[str, bytes], ...]
    digest: str
    inputs: tuple[Input, ...] = ()
