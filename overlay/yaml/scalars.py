"""What a plain scalar means: the rules of sigs.k8s.io/yaml (go-yaml v2), which Kubernetes and Helm read with."""

from __future__ import annotations

import re

from overlay.yaml.limits import MAX_DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NULLS = ("", "~", "null", "Null", "NULL")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(NULLS),
}
_NOT_JSON = frozenset(
    (".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF")
)
_NUMBER_START = frozenset("0123456789+-.")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INT = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")


class NotJson(ValueError):  # says what it is
    """A number that JSON cannot hold, or one that is absurdly long."""


def resolve_plain(text: str) -> Any:
    """Return the value of a plain (unquoted) scalar.

    Raises NotJson for NaN, infinities and numbers of more than MAX_DIGITS digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if text in _NOT_JSON:
        raise NotJson(f"{text} is not a number that JSON can hold")
    plain = text.replace("_", "") if "_" in text else text
    match = _INT.fullmatch(plain)
    if match:
        if len(plain) > MAX_DIGITS:
            raise NotJson(f"a number of {len(plain)} digits is longer than the limit of {MAX_DIGITS}")
        sign, digits = match.groups()
        if len(digits) > 1 and digits[0] == "0":
            base = {"x": 16, "o": 8, "b": 2}.get(digits[1].lower(), 8)
            number = int(digits[2:] if base != 8 or digits[1] in "oO" else digits, base)
        else:
            number = int(digits)
        return -number if sign == "-" else number
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        if value in (float("inf"), float("-inf")):
            raise NotJson(f"{text} is not a number that JSON can hold")
        return value
    return text
