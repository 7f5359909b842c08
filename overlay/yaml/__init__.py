"""Text to values and back, with Kubernetes' meaning of scalars and exact places."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.yaml.decoding import decode
    from overlay.yaml.reader import Document, read_document, read_documents, read_mapping
    from overlay.yaml.writer import write_document, write_documents

__all__ = [
    "Document",
    "decode",
    "read_document",
    "read_documents",
    "read_mapping",
    "write_document",
    "write_documents",
]


def __getattr__(name: str) -> object:
    # Imported on first use: who reads writes nothing, and who finds two files alike does neither.
    if name not in __all__:
        raise AttributeError(name)
    from importlib import import_module  # noqa: PLC0415

    home = {"decode": "decoding", "write_document": "writer", "write_documents": "writer"}.get(name, "reader")
    found: object = getattr(import_module(f"overlay.yaml.{home}"), name)
    globals()[name] = found  # it is asked for no second time
    return found
