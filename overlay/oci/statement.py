"""in-toto statements: what is said of an artifact, in an envelope (DSSE) that is signed as a whole."""

from __future__ import annotations

import json

from overlay.errors import SignatureError
from overlay.model.value import value
from overlay.oci.manifest import write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAYLOAD_TYPE = "application/vnd.in-toto+json"
TYPE = "https://in-toto.io/Statement/v1"
# What a plain signature says of an artifact: nothing but that it was signed.
SIGNED = "https://sigstore.dev/cosign/sign/v1"
_TYPES = (TYPE, "https://in-toto.io/Statement/v0.1")
_MAX_SUBJECTS = 1_024


@value(kw_only=True)
class Statement:
    """What is said of some artifacts. subjects: their digests, `sha256:<hex>`."""

    predicate_type: str
    subjects: tuple[str, ...]
    predicate: Any


def write_statement(digest: str, predicate_type: str, predicate: Any, *, name: str = "") -> bytes:
    """Return a statement of one artifact."""
    algorithm, _, text = digest.partition(":")
    subject = {**({"name": name} if name else {}), "digest": {algorithm: text}}
    return write_json({"_type": TYPE, "subject": [subject], "predicateType": predicate_type, "predicate": predicate})


def read_statement(data: bytes) -> Statement:
    """Return a statement.

    Raises SignatureError.
    """
    try:
        found = json.loads(data)
        kind, predicate_type, subjects = found["_type"], found["predicateType"], found["subject"]
        if kind not in _TYPES or not isinstance(predicate_type, str) or len(subjects) > _MAX_SUBJECTS:
            raise ValueError
        digests = [f"sha256:{digest}" for one in subjects if isinstance(digest := one["digest"].get("sha256"), str)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise SignatureError("it says nothing of an artifact: its payload is no in-toto statement") from None
    return Statement(predicate_type=predicate_type, subjects=tuple(digests), predicate=found.get("predicate"))


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that an envelope's signature is of.

    >>> pre_authentication("a", b"bc")
    b'DSSEv1 1 a 2 bc'
    """
    return b"DSSEv1 %d %s %d %s" % (len(payload_type.encode()), payload_type.encode(), len(payload), payload)
