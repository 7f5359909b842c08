"""Put a setting where an environment's own source sets it, or add it there where it is inherited."""

from __future__ import annotations

from overlay.errors import UsageError
from overlay.files.paths import resolve
from overlay.source.setting import VERSION_FIELDS
from overlay.yaml import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.spec import Chart
    from overlay.source.draft import Draft
    from overlay.source.setting import Setting

_CHART = ("repository", "name", "oci", "git", "ref", "path", "url", "version", "digest")
_CONTENT = ("newTag", "digest")


def put_setting(draft: Draft, document: str, setting: Setting, chart: Chart | None) -> None:
    """Change the draft so that an environment sets this itself.

    document: the environment's own document. chart: the one it uses now, its own or inherited.
    Raises UsageError, DocumentError.
    """
    if setting.kind == "image":
        _put_image(draft, document, setting)
    elif setting.kind == "chart":
        _put_chart(draft, document, setting, chart)
    else:
        file = _values_file(draft, document, setting.path)
        _refuse_parts_of_inherited_lists(draft, file, setting)
        draft.put(file, setting.path, setting.content)


def version_field(chart: Chart) -> str:
    """Return the field of a chart that says its version; empty for a local folder, which has none."""
    if chart.git:
        return "ref"
    if chart.local is not None or chart.url:
        return ""
    return "digest" if chart.version is None and chart.digest else "version"


def own_values_files(draft: Draft, document: str) -> list[str]:
    """Return the values files that a document names and that lie in its own folder, in their order."""
    folder = document.rpartition("/")[0]
    listed = (draft.value(document).get("spec") or {}).get("values") or []
    paths = [resolve(folder, one) for one in listed if isinstance(one, str)]
    return [path for path in paths if not folder or path.startswith(f"{folder}/")]


def own_values(draft: Draft, path: str) -> Any:
    """Return the content of a values file: a map, empty for an empty file."""
    documents = read_documents(draft.text(path), path)
    return documents[0].value if documents else {}


def value_at(values: Any, path: tuple[str | int, ...]) -> tuple[Any, ...]:
    """Return what values hold at a key in a tuple of one; an empty tuple where there is nothing."""
    for part in path:
        if not (part in values if isinstance(values, dict) else _has_index(values, part)):
            return ()
        values = values[part]
    return (values,)


def _has_index(values: Any, part: str | int) -> bool:
    return isinstance(values, list) and isinstance(part, int) and part < len(values)


def _put_image(draft: Draft, document: str, setting: Setting) -> None:
    images = (draft.value(document).get("spec") or {}).get("images") or []
    at = next((at for at in range(len(images) - 1, -1, -1) if images[at].get("name") == setting.name), None)
    if at is None:
        draft.put(document, ("spec", "images", len(images)), {"name": setting.name, **setting.content})
        return
    place = ("spec", "images", at)
    # A tag and a digest of different builds would contradict each other: what is not set anew goes.
    stale = [name for name in _CONTENT if name in images[at] and name not in setting.content]
    fresh = [name for name in _CONTENT if name in setting.content and name not in images[at]]
    if stale and fresh:
        draft.rename(document, (*place, stale.pop()), fresh[0])
    for name, text in setting.content.items():
        draft.put(document, (*place, name), text)
    for name in stale:
        draft.drop(document, (*place, name))


def _put_chart(draft: Draft, document: str, setting: Setting, chart: Chart | None) -> None:
    field = version_field(chart) if chart is not None else ""
    if chart is None or not field:
        what = (
            "has no version: it is a folder of the project" if chart is not None and chart.local else "has no version"
        )
        raise UsageError(
            f"the chart {what}" if chart is not None else "there is no chart",
            hint="--chart changes the version of a chart from a repository, a registry or Git",
        )
    content = {name: text for name, text in setting.content.items() if text}
    own = (draft.value(document).get("spec") or {}).get("chart")
    if not isinstance(own, dict):
        inherited = {name: getattr(chart, name) for name in _CHART if getattr(chart, name) is not None}
        kept = {name: text for name, text in inherited.items() if name not in VERSION_FIELDS}
        draft.put(document, ("spec", "chart"), {**kept, **content})
        return
    stale = [name for name in VERSION_FIELDS if name in own and name not in content]
    fresh = [name for name in content if name not in own]
    if stale and fresh:
        draft.rename(document, ("spec", "chart", stale.pop()), fresh[0])
    for name, text in content.items():
        draft.put(document, ("spec", "chart", name), text)
    for name in stale:
        draft.drop(document, ("spec", "chart", name))


def _values_file(draft: Draft, document: str, path: tuple[str | int, ...]) -> str:
    """Return the last of the environment's own values files that sets a key, else the last of all; one is made."""
    files = own_values_files(draft, document)
    setting = [file for file in files if value_at(own_values(draft, file), path)]
    if files:
        return (setting or files)[-1]
    folder = document.rpartition("/")[0]
    new = f"{folder}/values.yaml" if folder else "values.yaml"
    if draft.before(new) is not None:
        raise UsageError(
            f"{new} is there, but {document} does not name it",
            hint="add it under `values:`, so that it is clear what it does",
        )
    listed = (draft.value(document).get("spec") or {}).get("values") or []
    draft.put(document, ("spec", "values", len(listed)), "values.yaml")
    return new


def _refuse_parts_of_inherited_lists(draft: Draft, file: str, setting: Setting) -> None:
    at = next((at for at, part in enumerate(setting.path) if isinstance(part, int)), None)
    if at is not None and not value_at(own_values(draft, file), setting.path[:at]):
        raise UsageError(
            f"{file} has no list at {setting.name}: one element there would replace all that is inherited",
            hint="set the whole list",
        )
