"""PyYAML's binding of libyaml, loaded without the pure-Python half of PyYAML.

`import yaml` compiles the expressions of a scanner, resolver, constructor and emitter that we never
use: 30 ms, two thirds of what a whole render may take. The binding needs only the small modules
(nodes, events, tokens, error) and the names of the exceptions that it raises, so we give it those
and load it in 3 ms. Only in a process of our own; where it fails, the ordinary import is used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType

from overlay import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# module of PyYAML: the only name that the binding takes from it
_EXCEPTIONS = {
    "reader": "ReaderError",
    "scanner": "ScannerError",
    "parser": "ParserError",
    "composer": "ComposerError",
    "constructor": "ConstructorError",
    "emitter": "EmitterError",
    "serializer": "SerializerError",
    "representer": "RepresenterError",
}


def _load_lean() -> Any:
    spec = PathFinder.find_spec("yaml")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("PyYAML is not installed")
    package = ModuleType("yaml")
    package.__path__ = spec.submodule_search_locations
    sys.modules["yaml"] = package
    try:
        for name in ("error", "nodes", "events", "tokens"):
            setattr(package, name, import_module(f"yaml.{name}"))
        for name, exception in _EXCEPTIONS.items():
            module = ModuleType(f"yaml.{name}")
            base = package.error.YAMLError if name == "reader" else package.error.MarkedYAMLError
            body = {"__init__": _reader_error} if name == "reader" else {}
            setattr(module, exception, type(exception, (base,), body))
            setattr(package, name, module)
            sys.modules[module.__name__] = module
        return import_module("yaml._yaml"), package
    except BaseException:
        for name in [name for name in sys.modules if name == "yaml" or name.startswith("yaml.")]:
            del sys.modules[name]
        raise


def _reader_error(self: Any, name: str, position: int, character: Any, encoding: str, reason: str) -> None:
    self.name, self.position, self.character, self.encoding, self.reason = (name, position, character, encoding, reason)


def _load() -> Any:
    if process.is_ours and "yaml" not in sys.modules:
        try:
            return _load_lean()
        except (ImportError, AttributeError):
            pass
    package = import_module("yaml")
    return import_module("yaml._yaml"), package


_binding, _package = _load()
CParser: Any = _binding.CParser
ScalarNode: Any = _package.nodes.ScalarNode
SequenceNode: Any = _package.nodes.SequenceNode
MappingNode: Any = _package.nodes.MappingNode
AliasEvent: Any = _package.events.AliasEvent
CollectionStartEvent: Any = _package.events.CollectionStartEvent
CollectionEndEvent: Any = _package.events.CollectionEndEvent
NodeEvent: Any = _package.events.NodeEvent
DocumentStartEvent: Any = _package.events.DocumentStartEvent
StreamEndEvent: Any = _package.events.StreamEndEvent
YAMLError: Any = _package.error.YAMLError
