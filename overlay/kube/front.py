"""What the first lines of a manifest say of which object it is, where they can be read in one way only."""

from __future__ import annotations

import re

from overlay.model.resource import ObjectId, split_api_version

# What is a string in any YAML, and an object's name: it begins with a letter and is none of YAML 1.1's words.
_NAME = r"(?!(?:y|n|yes|no|on|off|true|false|null)\n)[a-z](?:[-a-z0-9.]*[a-z0-9])?"
_BREAKS = r"\n\r\x85\u2028\u2029"
_KEY = r"[A-Za-z][-A-Za-z0-9._/]*"
# A value that ends on its line, whatever the next line is: that is a key again, which goes on with no plain scalar.
_PLAIN = rf"[A-Za-z0-9._/+=~](?:[^{_BREAKS}:#]|:(?=[^\s])|(?<=[^\s])#)*"
_VALUE = rf'{_PLAIN}|"[^"\\{_BREAKS}]*"|\'[^\'{_BREAKS}]*\'|\{{[^][{{}}"\'#{_BREAKS}]*\}}|\[\]'
_LINE = rf" +{_KEY}:(?: (?:{_VALUE}))?\n"
_GROUP = r"([a-z][-a-z0-9.]*(?:/v[a-z0-9]+)?)"
_FRONT = re.compile(
    rf"(?:---\n)?apiVersion: {_GROUP}\nkind: ([A-Z][A-Za-z0-9]*)\nmetadata:\n((?:{_LINE})+)(?=[A-Za-z]|\Z)"
)
_OWN = re.compile(rf"^  (name|namespace): ({_NAME})\n", re.MULTILINE)
_ANY_OWN = re.compile(r"^  (?:name|namespace):", re.MULTILINE)


def front_id(text: str) -> ObjectId | None:
    """Return the identity that a document's first lines state; None wherever it takes a reader to know.

    They are apiVersion, kind and metadata in that order, and each line of metadata ends what it begins. Whether the
    rest is YAML is not known; if it is, this is the object's identity, for a key that stands there twice is refused.
    """
    if "..." in text or "---" in text.removeprefix("---"):
        return None  # a second document could begin there
    found = _FRONT.match(text)
    if found is None or found[2].endswith("List"):
        return None
    own = dict(_OWN.findall(found[3]))
    if "name" not in own or len(own) != len(_ANY_OWN.findall(found[3])):
        return None
    group, version = split_api_version(found[1])
    return ObjectId(group, version, found[2], own.get("namespace", ""), own["name"])
