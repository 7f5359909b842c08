"""What one environment's own source sets and another one should set, too."""

from __future__ import annotations

from overlay.chart.values import flat
from overlay.errors import UsageError
from overlay.kube.dotted import format_path
from overlay.model.value import value
from overlay.nearest import did_you_mean
from overlay.source.behind import values_behind
from overlay.source.pattern import is_like
from overlay.source.place import own_values, own_values_files, value_at, version_field
from overlay.source.setting import VERSION_FIELDS, Move, Setting, content_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from overlay.model.contents import ReadEnvironment
    from overlay.model.spec import Chart
    from overlay.source.draft import Draft

_HINT = "write --only image=NAME, --only chart or --only values:KEY; * matches anything"


@value(kw_only=True)
class Wanted:
    """One `--only`: a kind of setting and a pattern of its name."""

    kind: str
    pattern: str

    def means(self, setting: Setting) -> bool:
        """Tell whether a setting is meant; the key of a map means all values below it, however it is written."""
        if self.kind != "value" or setting.kind != "value":
            return setting.kind == self.kind and is_like(setting.name, self.pattern)
        names = (setting.name, ".".join([str(part) for part in setting.path]))
        return any(is_like(name, each) for name in names for each in (self.pattern, f"{self.pattern}.*"))


# What moves where nothing is asked for.
USUAL = (Wanted(kind="image", pattern="*"), Wanted(kind="chart", pattern="*"))


@value(kw_only=True)
class Standing:
    """What an environment is set to now, wherever it comes from: its layers, its chart, all values with defaults."""

    environment: ReadEnvironment
    chart: Chart | None
    values: dict[str, Any]


def read_only(texts: Sequence[str]) -> tuple[Wanted, ...]:
    """Return what `--only` asks for.

    Raises UsageError.
    """
    found = []
    for text in texts:
        kind, pattern = text, "*"
        if text.startswith("image="):
            kind, pattern = "image", text.removeprefix("image=")
        elif text.startswith("values:"):
            kind, pattern = "value", text.removeprefix("values:")
        if kind not in ("image", "chart", "value") or not pattern or text == "value":
            raise UsageError(f"--only {text!r} is no kind of setting", hint=_HINT)
        found.append(Wanted(kind=kind, pattern=pattern))
    return tuple(found)


def own_settings(draft: Draft, document: str, chart: Chart | None) -> list[Setting]:
    """Return everything of these kinds that an environment's own source sets; a list of values is one setting."""
    spec = draft.value(document).get("spec") or {}
    found: dict[tuple[str, str], Setting] = {}
    for entry in spec.get("images") or ():
        content = {name: entry[name] for name in ("newName", "newTag", "digest") if entry.get(name)}
        found["image", entry["name"]] = Setting(kind="image", name=entry["name"], content=content)
    own = spec.get("chart")
    if isinstance(own, dict) and chart is not None and version_field(chart):
        content = {name: own[name] for name in VERSION_FIELDS if own.get(name)}
        found["chart", ""] = Setting(kind="chart", name=chart.label, content=content)
    for path in own_values_files(draft, document):
        for key, item in flat(own_values(draft, path)):
            name = format_path(key)
            found["value", name] = Setting(kind="value", name=name, content=item, path=key)
    return list(found.values())


def select(
    settings: Sequence[Setting], only: Sequence[Wanted], source: str, images: Callable[[], Sequence[str]]
) -> list[Setting]:
    """Return the settings that `--only` means, the usual ones where it is empty.

    images: what containers of the source use. Raises UsageError where one means nothing, with the nearest names.
    """
    for wanted in only:
        if not any(wanted.means(setting) for setting in settings):
            names = [setting.name for setting in settings if setting.kind == wanted.kind]
            shown = f"it sets {', '.join(sorted(names)[:10])}" if names else None
            what = "version of a chart" if wanted.kind == "chart" else f"{wanted.kind} {wanted.pattern!r}"
            behind = values_behind(images(), wanted.pattern, settings) if wanted.kind == "image" else []
            hint = f"what it uses is set by a value: --only values:{behind[0].name}" if behind else shown
            raise UsageError(
                f"the own source of {source} sets no {what}", hint=did_you_mean(wanted.pattern, names) or hint
            )
    found = [setting for setting in settings if any(wanted.means(setting) for wanted in only or USUAL)]
    if not found:
        names = sorted([setting.name for setting in settings])
        raise UsageError(
            f"the own source of {source} sets no image and no version of a chart, which is what moves by itself",
            hint=f"values move by name: --only values:KEY; it sets {', '.join(names[:10])}"
            if names
            else "what it inherits moves where it is set",
        )
    return found


def moves(settings: Sequence[Setting], chart: Chart | None, target: Standing) -> list[Move]:
    """Return the settings that the target does not have yet; chart: the source's.

    Raises UsageError where the two use different charts.
    """
    found = []
    for setting in settings:
        if setting.kind == "chart":
            _refuse_other_chart(chart, target)
        before = standing(setting, target)
        if before != setting.content or type(before) is not type(setting.content):
            found.append(Move(setting=setting, before=_text(setting, before)))
    return found


def standing(setting: Setting, target: Standing) -> Any:
    """Return the content that an environment has for a setting now; None where nothing sets it."""
    if setting.kind == "image":
        specs = [layer.layer.spec for layer in reversed(target.environment.layers)]
        entry = next((one for spec in specs for one in reversed(spec.images) if one.name == setting.name), None)
        if entry is None:
            return None
        fields = {"newName": entry.new_name, "newTag": entry.new_tag, "digest": entry.digest}
        # Where the source says nothing of a name, the target keeps its own.
        kept = {name: text for name, text in fields.items() if text}
        return kept if "newName" in setting.content else {name: kept[name] for name in kept if name != "newName"}
    if setting.kind == "chart":
        chart = target.chart
        fields = {name: getattr(chart, name) for name in VERSION_FIELDS} if chart is not None else {}
        return {name: text for name, text in fields.items() if text} or None
    known = value_at(target.values, setting.path)
    return known[0] if known else None


def _text(setting: Setting, before: Any) -> str | None:
    return None if before is None else content_text(setting.kind, before)


def _refuse_other_chart(chart: Chart | None, target: Standing) -> None:
    other = target.chart
    same = ("repository", "name", "oci", "git", "path", "url")
    if chart is None or other is None or any(getattr(chart, name) != getattr(other, name) for name in same):
        shown = other.label if other is not None else "none"
        raise UsageError(
            f"the two use different charts: {chart.label if chart is not None else 'none'} and {shown}",
            hint="name what is to be moved with --only",
        )
