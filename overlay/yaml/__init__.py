"""Text to values and back, with Kubernetes' meaning of scalars and exact places."""

from overlay.yaml.reader import Document, decode, read_document, read_documents, read_mapping
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
