"""What the first lines of a manifest say of which object it is, where they can be read in one way only."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    # group, kind, namespace, name; in UTF-8, as thousands of them are only compared
    Key = tuple[bytes, bytes, bytes, bytes]

# What is a string in any YAML, and an object's name: it begins with a letter and is none of YAML 1.1's words.
_NAME = rb"(?!(?:y|n|yes|no|on|off|true|false|null)\n)[a-z](?:[-a-z0-9.]*[a-z0-9])?"
_KEY = rb"[A-Za-z][-A-Za-z0-9._/]*+"
# A value that ends on its line, whatever the next line is: that is a key again, which goes on with no plain scalar.
_PLAIN = rb"[A-Za-z0-9._/+=~](?:[^\n:#]++|:(?=[^\s])|(?<=[^\s])#)*+"
_VALUE = _PLAIN + rb"|\"[^\"\\\n]*+\"|'[^'\n]*+'|\{[^][{}\"'#\n]*+\}|\[\]"
_LINE = rb" +" + _KEY + rb":(?: (?:" + _VALUE + rb"))?\n"
_HEAD = (
    rb"\napiVersion: (?:([a-z][-a-z0-9.]*)/v[a-z0-9]+|[a-z][-a-z0-9.]*)\n"
    rb"kind: ([A-Z][A-Za-z0-9]*)(?<!List)\nmetadata:\n"
)
_OWN = rb"^  (name|namespace): (" + _NAME + rb")\n"
_ANY_OWN = rb"  name(?:space)?:"
# The last line of a part has lost its end.
_END = rb"(?=[A-Za-z]|\Z)"
# Most begin with their names; others are looked through.
_FRONT = re.compile(
    _HEAD + rb"  name: (" + _NAME + rb")\n(?:  namespace: (" + _NAME + rb")\n)?"
    rb"(?:(?!" + _ANY_OWN + rb")" + _LINE + rb")*+" + _END
)
# Ends of lines to YAML 1.1 beside the line feed, in UTF-8 (5.4).
_BREAKS = rb"\r|\xc2\x85|\xe2\x80[\xa8\xa9]"


def front_key(part: bytes, *, is_plain: bool) -> Key | None:
    """Return the identity that the first lines of a text's part state; None wherever it takes a reader to know.

    They are apiVersion, kind and metadata in that order, and each line of metadata ends what it begins. Whether the
    rest is YAML is not known; if it is, this is the object's identity, for a key that stands there twice is refused.
    is_plain: of the text that it is a part of.
    """
    if b"\n..." in part or not (is_plain or re.search(_BREAKS, part) is None):
        return None  # a second document could begin there
    found = _FRONT.match(part)
    if found is None:
        return _looked_through(part)
    group, kind, name, namespace = found.groups(b"")
    return group, kind, namespace, name


def _looked_through(part: bytes) -> Key | None:
    # Compiled where it is needed, which is rare.
    found = re.match(_HEAD + rb"((?:" + _LINE + rb")*+)" + _END, part + b"\n")
    if found is None:
        return None
    group, kind, lines = found.groups(b"")
    own = dict(re.findall(_OWN, lines, re.MULTILINE))
    if b"name" not in own or len(own) != len(re.findall(rb"^" + _ANY_OWN, lines, re.MULTILINE)):
        return None
    return group, kind, own.get(b"namespace", b""), own[b"name"]
