"""Two texts that are nearly the same, taken apart where they differ, between documents."""

from __future__ import annotations

from overlay.model.value import value
from overlay.yaml.directives import may_have_directive
from overlay.yaml.parts import MARK, cut, is_mark, mark_after, part_at, parts_between, start_of

# So many bytes are compared at once at first, then more and more.
_LEAST, _MOST = 512, 1 << 16


@value
class Apart:
    """What two texts share: spans of the old one, of whole parts, that stand in the new one in the same order.

    old, new: the parts that are left over. One of them may stand in both, elsewhere.
    """

    shared: list[tuple[int, int]]
    old: list[bytes]
    new: list[bytes]


def apart(old: bytes, new: bytes) -> Apart:
    """Take two texts in UTF-8 apart; their parts are those of `overlay.yaml.parts.cut`.

    A part that only one of them has is found where it stands alone; of several, what comes before it in the other text
    is left over, too.
    """
    if may_have_directive(old) or may_have_directive(new):
        return Apart([], cut(old).parts, cut(new).parts)
    shared: list[tuple[int, int]] = []
    gone: list[bytes] = []
    came: list[bytes] = []
    left, right = start_of(old), start_of(new)
    while left <= len(old) and right <= len(new):
        end = _end_of_common(old, left, new, right) if (left == 0) == (right == 0) else left
        if end > left:
            shared.append((left, end))
            left, right = end + len(MARK), right + end - left + len(MARK)
            continue
        old_end, new_end = mark_after(old, left), mark_after(new, right)
        is_more = _goes_on(new, new_end, old[left:old_end])
        is_less = not is_more and _goes_on(old, old_end, new[right:new_end])
        if not is_more:
            gone.append(part_at(old, left, old_end))
            left = old_end + len(MARK)
        if not is_less:
            came.append(part_at(new, right, new_end))
            right = new_end + len(MARK)
    gone += parts_between(old, left, len(old))
    came += parts_between(new, right, len(new))
    return Apart(shared, gone, came)


def _end_of_common(old: bytes, left: int, new: bytes, right: int) -> int:
    """Return where the last whole part ends that stands in both texts from two places on."""
    length = _common(old, left, new, right)
    end = left + length
    if end == len(old) and right + length == len(new):
        return end
    at = old.rfind(MARK, left, end)
    # What stands behind it has to be in both, too.
    while at >= 0 and not (at + len(MARK) < end and is_mark(old, at)):
        at = old.rfind(MARK, left, at + len(MARK) - 1)
    return max(at, left)


def _common(old: bytes, left: int, new: bytes, right: int) -> int:
    """Return how many bytes are the same from two places on."""
    most = min(len(old) - left, len(new) - right)
    at, size = 0, _LEAST
    while at < most and old[left + at : left + at + size] == new[right + at : right + at + size]:
        at += size
        size = min(2 * size, _MOST)
    # Ends beyond the texts were cut off in both slices alike only where both end there.
    at, size = min(at, most), min(size, most - at)
    while size > 0:
        half = (size + 1) // 2
        if old[left + at : left + at + half] == new[right + at : right + at + half]:
            at += half
            size -= half
        elif half == 1:
            return at
        else:
            size = half
    return at


def _goes_on(data: bytes, mark: int, part: bytes) -> bool:
    """Tell whether the next part of a text is a given one."""
    begin = mark + len(MARK)
    return (
        data.startswith(part, begin) and data.startswith(MARK, begin + len(part)) and is_mark(data, begin + len(part))
    )
