"""What the first lines of a manifest say of which object it is, where they can be read in one way only."""

from __future__ import annotations

import re

from overlay.yaml.parts import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    # group, kind, name, namespace; in UTF-8, as thousands of them are only compared
    Key = tuple[bytes, bytes, bytes, bytes]

# What is a string in any YAML, and an object's name: it begins with a letter and is none of YAML 1.1's words.
_NAME = rb"(?!(?:y|n|yes|no|on|off|true|false|null)(?:\n|\Z))[a-z](?:[-a-z0-9.]*[a-z0-9])?(?=\n|\Z)"
_KEY = rb"[A-Za-z][-A-Za-z0-9._/]*+"
# A value that ends on its line, whatever the next line is: that is a key again, which goes on with no plain scalar.
_PLAIN = rb"[A-Za-z0-9._/+=~](?>(?:[^\n:#]++|:(?=[^\s])|(?<=[^\s])#)*)"
_VALUE = _PLAIN + rb"|\"[^\"\\\n]*+\"|'[^'\n]*+'|\{[^][{}\"'#\n]*+\}|\[\]"
_LINE = rb"\n +" + _KEY + rb":(?: (?:" + _VALUE + rb"))?(?=\n|\Z)"
_HEAD = (
    rb"\n---\napiVersion: (?:([a-z][-a-z0-9.]*)/v[a-z0-9]+|[a-z][-a-z0-9.]*)\n"
    rb"kind: (?!CustomResourceDefinition\n)([A-Z][A-Za-z0-9]*)(?<!List)\nmetadata:"
)
_OWN = rb"\n  (name|namespace): (" + _NAME + rb")"
_ANY_OWN = rb"\n  name(?:space)?:"
_END = rb"(?=\n[A-Za-z]|\n---|\n?\Z)"
# Most begin with their names; others are looked through.
_FRONT = re.compile(
    _HEAD + rb"\n  name: (" + _NAME + rb")(?:\n  namespace: (" + _NAME + rb"))?"
    rb"(?>(?:(?!" + _ANY_OWN + rb")" + _LINE + rb")*)" + _END
)
# Ends of lines to YAML 1.1 beside the line feed, in UTF-8 (5.4).
_BREAKS = rb"\r|\xc2\x85|\xe2\x80[\xa8\xa9]"
_STOP = b"\n..."


def front_key(part: bytes) -> Key | None:
    """Return the identity that the first lines of a text's part state; None wherever it takes a reader to know.

    They are apiVersion, kind and metadata in that order, and each line of metadata ends what it begins. Whether the
    rest is YAML is not known; if it is, this is the object's identity, for a key that stands there twice is refused.
    What describes the fields of others, a CustomResourceDefinition, is for a reader, too.
    """
    if _STOP in part or re.search(_BREAKS, part) is not None:
        return None  # a second document could begin there
    found = _FRONT.match(MARK + part)
    return found.groups(b"") if found is not None else _looked_through(MARK + part)  # type: ignore[return-value]


def front_keys(data: bytes, start: int, end: int) -> list[Key] | None:
    """Return the identities of all parts behind the `---` between two places; None where one takes a reader to know.

    Only line feeds may end lines in the text.
    """
    if data.find(_STOP, start, end) >= 0:
        return None
    found: list[Key] = _FRONT.findall(data, start, end)
    return found if len(found) == data.count(MARK, start, end) else None


def _looked_through(part: bytes) -> Key | None:
    # Compiled where it is needed, which is rare.
    # Where the first key stands, all keys of metadata do.
    found = re.match(_HEAD + rb"(?=\n  [^ ])((?>(?:" + _LINE + rb")*))" + _END, part)
    if found is None:
        return None
    group, kind, lines = found.groups(b"")
    own = dict(re.findall(_OWN, lines))
    if b"name" not in own or len(own) != len(re.findall(_ANY_OWN, lines)):
        return None
    return group, kind, own[b"name"], own.get(b"namespace", b"")
