"""How Kubernetes lets objects, labels and annotations be named, and how images are referred to."""

from __future__ import annotations

import re

_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
_LABEL_VALUE = re.compile(rf"(?:{_WORD})?")
_KEY = re.compile(rf"(?:(?=[^/]{{1,253}}/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?{_WORD}")
_NAME = re.compile(_SUBDOMAIN)
# What may hold more than a DNS name: (group, kind); an empty kind means all of the group.
_FREE_NAMES = frozenset(
    (
        ("rbac.authorization.k8s.io", ""),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", ""),
        ("networking.k8s.io", "IPAddress"),
        ("internal.apiserver.k8s.io", ""),
    )
)
# distribution's grammar of references: a host with a dot, a port or more parts after it; lower case otherwise.
_HOST = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_IMAGE = re.compile(
    rf"(?:{_HOST}(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::{_TAG})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z0-9]+)*:[0-9a-fA-F]{{32,}})?"
)


def is_label(key: str, value: str) -> bool:
    """Tell whether a label may be called so and have this value."""
    return is_key(key) and _LABEL_VALUE.fullmatch(value) is not None


def is_key(text: str) -> bool:
    """Tell whether a label or annotation may be called so: `[example.com/]name`."""
    return _KEY.fullmatch(text) is not None


def is_name(text: str, group: str, kind: str) -> bool:
    """Tell whether an object of a kind may be called so; more than the API server asks of every kind is not asked."""
    if _NAME.fullmatch(text) is not None and len(text) <= 253:
        return True
    return (group, "") in _FREE_NAMES or (group, kind) in _FREE_NAMES


def is_tag(text: str) -> bool:
    """Tell whether an image's tag may be called so."""
    return re.fullmatch(_TAG, text) is not None


def is_image(text: str) -> bool:
    """Tell whether a container runtime can read an image's reference."""
    return _IMAGE.fullmatch(text.strip()) is not None
