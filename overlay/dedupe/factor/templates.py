"""Manifests as templates of a chart: scalars become values, every other character stays."""

from __future__ import annotations

import json
import re

from overlay.errors import DocumentError
from overlay.yaml.edit import Change
from overlay.yaml.libyaml import ScalarNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Path = tuple[str | int, ...]

TYPES = {str: "string", int: "integer", bool: "boolean"}
_DRAFT = "http://json-schema.org/draft-07/schema#"
_WORD = re.compile(r"[A-Za-z0-9]+")
# What Go's `quote` and YAML's double quotes write alike.
_PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")


def is_sayable(item: Any) -> bool:
    """Tell whether a template can write a scalar just as it was."""
    return type(item) in (int, bool) or (type(item) is str and bool(_PLAIN.match(item)))


def template(text: str, fields: Mapping[Path, tuple[str, Any]], file: str) -> str:
    """Return a manifest in which fields take values of a chart: by path, the value's name and what it is now.

    Raises DocumentError where a field is not written as one scalar of its own, or the text is a template already.
    """
    if "{{" in text:
        raise DocumentError(f"{file} holds {{{{ already")
    found: list[tuple[int, int, str]] = []
    change = Change(text, file)
    for path, (name, item) in fields.items():
        node, _, at = change.walk(path)
        if at < len(path) or not isinstance(node, ScalarNode) or node.style in ("|", ">") or not node.value:
            raise change.refused(node, "is not written as one scalar of its own")
        written = f"{{{{ .Values.{name} | quote }}}}" if isinstance(item, str) else f"{{{{ .Values.{name} }}}}"
        if type(item) is int:
            # Helm reads numbers as floats, and would write a million as 1e+06.
            written = f"{{{{ int64 .Values.{name} }}}}"
        found.append((node.start_mark.index, node.end_mark.index, written))
    for start, end, written in sorted(found, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def schema(values: Mapping[str, tuple[Any, str]]) -> str:
    """Return the JSON schema of values: by name, one that it has and what it is about."""
    lines = [
        f"    {json.dumps(name)}: {json.dumps({'type': TYPES[type(item)], 'description': about}, ensure_ascii=False)}"
        for name, (item, about) in values.items()
    ]
    head = f'{{\n  "$schema": "{_DRAFT}",\n  "type": "object",\n  "additionalProperties": false,\n  "properties": {{\n'
    return head + ",\n".join(lines) + "\n  }\n}\n"


def names_for(fields: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Return a name for each value, the shortest that no other can be taken for.

    fields: the name of the object, and the path of its field.
    """
    wishes = []
    for owner, path in fields:
        words = list(path)
        wishes.append([_camel(each) for each in (words[-1:], words[-2:], [owner, *words[-1:]], [owner, *words[-2:]])])
        wishes[-1].append(_camel([owner, *words]))
    found: list[str] = []
    for at, mine in enumerate(wishes):
        others = {wish for other, each in enumerate(wishes) if other != at for wish in each}
        name = next((wish for wish in mine if wish not in others and wish not in found), mine[-1])
        number = 2
        while name in found:
            name, number = f"{mine[-1]}{number}", number + 1
        found.append(name)
    return found


def _camel(parts: Sequence[str]) -> str:
    words = [word for part in parts for word in _WORD.findall(part)]
    words = [word.lower() if word.isupper() else word for word in words] or ["value"]
    name = words[0][0].lower() + words[0][1:] + "".join([word[0].upper() + word[1:] for word in words[1:]])
    return name if name[0].isalpha() else f"v{name}"
