"""What the first lines of a manifest say of which object it is, where they can be read in one way only."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    # group, kind, namespace, name
    Key = tuple[str, str, str, str]

# What is a string in any YAML, and an object's name: it begins with a letter and is none of YAML 1.1's words.
_NAME = r"[a-z](?:[-a-z0-9.]*[a-z0-9])?"
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_BREAKS = r"\n\r\x85\u2028\u2029"
_KEY = r"[A-Za-z][-A-Za-z0-9._/]*"
# A value that ends on its line, whatever the next line is: that is a key again, which goes on with no plain scalar.
_PLAIN = rf"[A-Za-z0-9._/+=~](?:[^{_BREAKS}:#]|:(?=[^\s])|(?<=[^\s])#)*"
_VALUE = rf'{_PLAIN}|"[^"\\{_BREAKS}]*"|\'[^\'{_BREAKS}]*\'|\{{[^][{{}}"\'#{_BREAKS}]*\}}|\[\]'
_LINE = rf" +{_KEY}:(?: (?:{_VALUE}))?\n"
_GROUP = r"([a-z][-a-z0-9.]*(?:/v[a-z0-9]+)?)"
_FRONT = re.compile(
    rf"(?:---\n)?apiVersion: {_GROUP}\nkind: ([A-Z][A-Za-z0-9]*)\nmetadata:\n"
    # Most begin with their names; others are looked through.
    rf"(?:  name: ({_NAME})\n(?:  namespace: ({_NAME})\n)?)?((?:{_LINE})*)(?=[A-Za-z]|\Z)"
)
_OWN = re.compile(rf"^  (name|namespace): ({_NAME})\n", re.MULTILINE)
_ANY_OWN = re.compile(r"^  (?:name|namespace):", re.MULTILINE)


def front_key(text: str) -> Key | None:
    """Return the identity that a document's first lines state; None wherever it takes a reader to know.

    They are apiVersion, kind and metadata in that order, and each line of metadata ends what it begins. Whether the
    rest is YAML is not known; if it is, this is the object's identity, for a key that stands there twice is refused.
    """
    if "..." in text or text.find("---", 3) >= 0:
        return None  # a second document could begin there
    found = _FRONT.match(text)
    if found is None:
        return None
    version, kind, name, namespace, rest = found.groups()
    if kind.endswith("List"):
        return None
    if "  name:" in rest or "  namespace:" in rest:
        own = dict(_OWN.findall(rest))
        if len(own) != len(_ANY_OWN.findall(rest)) or (name and "name" in own) or (namespace and "namespace" in own):
            return None
        name, namespace = name or own.get("name"), namespace or own.get("namespace")
    if not name or name in _WORDS or namespace in _WORDS:
        return None
    return version.rpartition("/")[0], kind, namespace or "", name
