"""A group of folders becomes a base and small environments, handed on only when these build to the same objects."""

from __future__ import annotations

from overlay.dedupe.across import find_common
from overlay.dedupe.draft import Drafter
from overlay.dedupe.fixes import fixed_of
from overlay.dedupe.layers import Titles, Writer
from overlay.dedupe.member import LeftOut
from overlay.dedupe.proof import prove
from overlay.dedupe.targets import Unclear
from overlay.errors import OverlayError
from overlay.kube.custom import CustomKinds
from overlay.kube.types import load_types
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from overlay.dedupe.across import Common
    from overlay.dedupe.fixes import Fix
    from overlay.dedupe.member import Member
    from overlay.dedupe.shared import Draft, Key
    from overlay.kube.types import Types
    from overlay.model.build import Build

    # (texts by path below the environments folder, names of environments) → what each builds to
    Builder = Callable[[Mapping[str, str], Iterable[str]], Mapping[str, Build | OverlayError]]

MOST_ROUNDS = 12


@value(kw_only=True)
class Adoption:
    """One group, proved: its files below the environments folder, and how they came to be.

    titles: of its documents. before, after: lines. places: the file of each shared object, by `id`.
    """

    group: str
    members: tuple[Member, ...]
    titles: Titles
    files: dict[str, str]
    places: dict[int, str]
    draft: Draft

    @property
    def before(self) -> int:
        return sum(member.lines for member in self.members)

    @property
    def after(self) -> int:
        return sum(text.count("\n") for text in self.files.values())

    def lines_of(self, title: str) -> int:
        """Return the lines of one environment's, or the base's, own files."""
        return sum(text.count("\n") for path, text in self.files.items() if path.startswith(f"{title}/"))


def adopt_group(
    group: str,
    members: Sequence[Member],
    titles: Titles,
    builder: Builder,
    *,
    kubernetes_version: str,
    fixes: Sequence[Fix] = (),
) -> Adoption | LeftOut:
    """Return a proved adoption of a group, or why there is none.

    fixes: what the user says about which objects are the same one; raises OverlayError where it names none.
    What cannot be shared exactly, or would take more lines shared than apart, stays whole in each environment.
    """
    fixed = fixed_of(fixes, members, titles.environments) if fixes else None
    drafter = Drafter(members, titles.environments, _types(members, kubernetes_version), fixed)
    excluded: frozenset[Key] = frozenset()
    plain = False
    reason = "no base gives its environments back"
    for _ in range(MOST_ROUNDS):
        try:
            draft = drafter.draft(excluded, plain=plain)
            bad = frozenset([one.key for part in draft.parts.values() for one in part.unfit])
            writer = Writer(drafter.members, titles)
            files = writer.write(draft) if not bad else {}
        except Unclear as error:
            reason = str(error)
            excluded |= frozenset([one.key for one in draft.shared if one.first.id in error.meant])
            continue
        except OverlayError as error:
            reason = error.message
            excluded |= _renamed(drafter)
            continue
        bad |= _dearer(draft, writer) if not bad else frozenset()
        if bad - excluded:
            excluded |= bad
            continue
        if not draft.shared:
            return LeftOut(folder=group, reason="its environments share nothing that would be shorter in a base")
        named = {titles.environments[member.name]: member for member in drafter.members}
        wrong = prove(named, builder(files, named))
        if not wrong:
            members = drafter.members
            return Adoption(
                group=group, members=tuple(members), titles=titles, files=files, places=writer.places, draft=draft
            )
        reason = wrong[0].reason
        guilty = _guilty(draft, {(one.environment, one.key) for one in wrong}) - excluded
        if guilty:
            excluded |= guilty
        elif not plain:
            plain = True
        else:
            excluded |= _renamed(drafter) or _all(drafter)
    return LeftOut(folder=group, reason=reason)


def share_where_shorter(
    adopted: Sequence[Adoption],
    builder: Builder,
    is_free: Callable[[str, Mapping[str, str]], bool],
    progress: Callable[[str], None],
) -> tuple[list[Adoption], list[Common], list[LeftOut]]:
    """Share what groups have in common, and leave out those that get no shorter even so, with the reason."""
    left_out: list[LeftOut] = []
    while True:
        shared, common = share_common(adopted, builder, is_free, progress)
        grown = [one for one in shared if one.after >= one.before]
        if not grown:
            return shared, common, left_out
        for one in grown:
            reason = (
                f"{one.group} would not get shorter ({one.before} lines, then {one.after}); named alone, it is adopted"
            )
            left_out += [LeftOut(folder=member.folder, reason=reason) for member in one.members]
        bases = {one.titles.base for one in grown}
        adopted = [one for one in adopted if one.titles.base not in bases]


def share_common(
    adopted: Sequence[Adoption],
    builder: Builder,
    is_free: Callable[[str, Mapping[str, str]], bool],
    progress: Callable[[str], None],
) -> tuple[list[Adoption], list[Common]]:
    """Return the groups with what many of their bases hold in components of all, and these; each proved again."""
    components = find_common(adopted, is_free)
    result: list[Adoption] = []
    kept: dict[int, list[int]] = {}
    for at, one in enumerate(adopted):
        progress(f"what groups share, {at + 1} of {len(adopted)}: {one.group}")
        mine = [(number, common) for number, common in enumerate(components) if at in common.objects]
        shared = _with_common(one, {common.name: common.objects[at] for _, common in mine}) if mine else one
        files = {path: text for _, common in mine for path, text in common.files.items()} | shared.files
        named = {one.titles.environments[member.name]: member for member in one.members}
        if mine and prove(named, builder(files, named)):
            result.append(one)
            continue
        result.append(shared)
        for number, _ in mine:
            kept.setdefault(number, []).append(at)
    return result, [replace(components[number], groups=tuple(groups)) for number, groups in sorted(kept.items())]


def _with_common(one: Adoption, elsewhere: dict[str, tuple[int, ...]]) -> Adoption:
    writer = Writer(one.members, one.titles, elsewhere)
    return replace(one, files=writer.write(one.draft), places=writer.places)


def _types(members: Sequence[Member], version: str) -> Types:
    types = load_types(version)
    bodies = [piece.body for one in members for piece in one.pieces if piece.id.kind == "CustomResourceDefinition"]
    return types.with_custom(CustomKinds(bodies, types.metadata, list).type) if bodies else types


def _all(drafter: Drafter) -> frozenset[Key]:
    from overlay.dedupe.shared import key_of  # noqa: PLC0415

    return frozenset([key_of(slot) for slot in drafter.slots])


def _renamed(drafter: Drafter) -> frozenset[Key]:
    """Return the objects that environments call differently."""
    from overlay.dedupe.shared import key_of  # noqa: PLC0415

    return frozenset([key_of(slot) for slot in drafter.slots if len({one.id.name for one in slot.pieces.values()}) > 1])


def _dearer(draft: Draft, writer: Writer) -> frozenset[Key]:
    """Return the objects that take more lines shared and patched than written once in each environment."""
    found = []
    for one in draft.shared:
        apart = sum((piece.text or "").count("\n") or 10 for piece in one.pieces)
        if writer.lines[id(one)] >= apart:
            found.append(one.key)
    return frozenset(found)


def _guilty(draft: Draft, wrong: set[tuple[str, object]]) -> frozenset[Key]:
    return frozenset(
        [
            one.key
            for one in draft.shared
            if any((name, piece.id.key) in wrong for name, piece in one.slot.pieces.items())
        ]
    )
