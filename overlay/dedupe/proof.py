"""Compare what the adopted environments build to with what was there: object by object, field by field."""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.merge.same import same
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from overlay.dedupe.member import Member
    from overlay.model.build import Build


@value(kw_only=True)
class Wrong:
    """One object that does not come back; its identity, or what the build itself says."""

    environment: str
    key: tuple[str, str, str, str] | None
    reason: str


def compare(member: Member, built: Build | OverlayError) -> list[Wrong]:
    """Return what an environment's build has not, has too much, or has otherwise."""
    if isinstance(built, OverlayError):
        return [Wrong(environment=member.name, key=None, reason=one.message) for one in built.each()]
    found = {one.id.key: one.body for one in built.objects}
    wrong = []
    for piece in member.pieces:
        body = found.pop(piece.id.key, None)
        if body is None or not same(body, piece.body):
            reason = "is missing" if body is None else "differs"
            wrong.append(Wrong(environment=member.name, key=piece.id.key, reason=f"{piece.id} {reason}"))
    wrong += [Wrong(environment=member.name, key=key, reason=f"{key[1]}/{key[3]} is new") for key in found]
    return wrong


def prove(members: Mapping[str, Member], built: Mapping[str, Build | OverlayError]) -> list[Wrong]:
    """Return everything that is not as it was; `members` by the name under which each was built."""
    return [one for name, member in members.items() for one in compare(member, built[name])]
