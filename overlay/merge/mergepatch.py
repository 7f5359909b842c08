"""JSON merge patch (RFC 7396): maps merge, null deletes, everything else replaces."""

from __future__ import annotations

from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Return the target with a patch merged into it: the target itself when nothing changes."""
    # RFC 7396, section 2: a patch that is no object replaces the target, whatever it is.
    if not isinstance(patch, dict):
        return target if same(target, patch) else patch
    before = target if isinstance(target, dict) else {}
    result = before
    for name, item in patch.items():
        if item is None:
            if name in result:
                result = dict(result) if result is before else result
                del result[name]
            continue
        old = result.get(name)
        new = merge_patch(old, item)
        if new is not old:
            result = dict(result) if result is before else result
            result[name] = new
    return result
