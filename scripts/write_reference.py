"""Write docs/reference/ from the code: commands and options, documents, exit codes and errors, limits."""

from __future__ import annotations

import argparse
import inspect
import json
from pathlib import Path
from typing import Any

from overlay import errors
from overlay.chart import child, setgrammar, source
from overlay.check.problem import RULES
from overlay.cli.main import COMMANDS, load_command
from overlay.expressions import evaluator
from overlay.fetch import git, http, index, pinned, registry
from overlay.fetch.retry import Patience
from overlay.files import archive, reader
from overlay.load import graph
from overlay.merge import jsonpatch
from overlay.oci import manifest, media, transfer, upload, versions
from overlay.remote import lock
from overlay.yaml import limits

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reference"
NOTE = "<!-- made by scripts/write_reference.py; `make docs` writes it again -->\n"


def commands() -> str:
    """Return the page of commands and options."""
    out = [
        NOTE,
        "# Commands\n",
        "Every option can be given as an environment variable; lists are split at white space.\n",
    ]
    for place in COMMANDS.values():
        command = load_command(place)
        words = " ".join(param.metavar for param in command.params if not param.flags)
        out.append(
            f"## overlay {' '.join(command.path)}\n\n```\noverlay {' '.join(command.path)} [OPTIONS] {words}".rstrip()
        )
        out.append(f"```\n\n{command.help}\n")
        out.append("| option | variable | meaning |\n| --- | --- | --- |")
        for param in command.params:
            if param.flags:
                takes = "" if param.kind in ("flag", "tristate") else f" {param.metavar}"
                flags = ", ".join(f"`{flag}`" for flag in param.flags)
                out.append(f"| {flags}{takes} | `{param.variable}` | {param.help} |")
        out.append("")
    return "\n".join(out)


def exit_codes() -> str:
    """Return the page of exit codes and kinds of errors."""
    out = [NOTE, "# Exit codes and errors\n", "| code | name |\n| ---: | --- |"]
    names = [(getattr(errors, name), name) for name in dir(errors) if name.startswith("EXIT_")]
    out += [f"| {code} | {name.removeprefix('EXIT_').lower()} |" for code, name in sorted(names)]
    out += [
        "\n`--error-format json` names each error in `rule`, by its kind or more exactly:\n",
        "| rule | exit code | meaning |\n| --- | ---: | --- |",
    ]
    for _, one in sorted(inspect.getmembers(errors, inspect.isclass)):
        if issubclass(one, errors.OverlayError) and one not in (errors.OverlayError, errors.Problems):
            out.append(f"| `{one.kind}` | {one.exit_code} | {(one.__doc__ or '').splitlines()[0]} |")
    out.append(
        "\nWhat checks of patches and objects find has names of its own, all with exit code 2 when they are errors:\n"
    )
    out.append("| rule | meaning |\n| --- | --- |")
    out += [f"| `{rule}` | {meaning} |" for rule, meaning in sorted(RULES.items())]
    return "\n".join(out) + "\n"


def published_limits() -> str:
    """Return the page of limits."""
    rows: list[tuple[str, Any]] = [
        ("bytes of a file", reader.MAX_FILE),
        ("files below a folder", reader.MAX_FILES),
        ("depth of folders", reader.MAX_DEPTH),
        ("nesting of a YAML document", limits.MAX_DEPTH),
        ("aliases of a YAML document", limits.MAX_ALIASES),
        ("values of a YAML document once aliases are expanded", limits.MAX_EXPANDED),
        ("merge keys of a YAML text", limits.MAX_MERGE_KEYS),
        ("digits of a number", limits.MAX_DIGITS),
        ("levels of extends and components", graph.MAX_CHAIN),
        ("layers of an environment", graph.MAX_LAYERS),
        ("bytes of one chart file (Helm's own)", source.MAX_CHART_FILE),
        ("bytes of a chart (Helm's own)", source.MAX_CHART),
        ("entries of a packaged chart", archive.MAX_ENTRIES),
        ("bytes of a packaged chart, unpacked", archive.MAX_UNPACKED),
        ("depth of sub-charts", source.MAX_SUBCHART_DEPTH),
        ("bytes of a remote input", pinned.MAX_CONTENT),
        ("bytes of a Helm repository's index", index.MAX_INDEX),
        ("bytes of a manifest in a registry", registry.MAX_MANIFEST),
        ("layers of a manifest in a registry", registry.MAX_LAYERS),
        ("tags of a repository in a registry", registry.MAX_TAGS),
        ("redirects in a row", http.MAX_HOPS),
        ("attempts at one fetch", Patience().attempts),
        ("seconds for one fetch, waits included (--timeout)", int(Patience().total)),
        ("files of a folder in a Git repository", git.MAX_FILES),
        ("bytes of a folder in a Git repository", git.MAX_BYTES),
        ("bytes that a Git repository may send", git.MAX_PACK),
        ("bytes of a bundle's rendered files", media.MAX_BUNDLE),
        ("rendered files of a bundle", media.MAX_BUNDLE_FILES),
        ("parts of a manifest in an image layout", manifest.MAX_PARTS),
        ("manifests that an index leads to", transfer.MAX_MANIFESTS),
        ("indexes in indexes", transfer.MAX_NESTING),
        ("bytes of a piece of an upload", upload.PIECE),
        ("characters of a version", versions.MAX_VERSION),
        ("depth of charts that ask for charts", lock.MAX_DEPTH),
        ("list index in --set (Helm's own)", setgrammar.MAX_INDEX),
        ("names nested in --set (Helm's own)", setgrammar.MAX_NESTED),
        ("operations of a JSON patch", jsonpatch.MAX_OPERATIONS),
        ("seconds for one rendering", int(child.WALL_SECONDS)),
        ("bytes of address space for Helm", child.ADDRESS_SPACE),
        ("characters of an expression", evaluator.MAX_LENGTH),
        ("seconds of the processor for one expression", int(evaluator.SECONDS)),
        ("bytes of address space for expressions", evaluator.MEMORY),
    ]
    out = [
        NOTE,
        "# Limits\n",
        "Going over one is an error that names the limit and the file.\n",
        "| what | limit |\n| --- | ---: |",
    ]
    return "\n".join(out + [f"| {what} | {limit:,} |" for what, limit in rows]) + "\n"


def documents() -> str:
    """Return the page of documents and their fields, from the JSON Schemas."""
    out = [
        NOTE,
        "# Documents\n",
        "The same as JSON Schemas: `overlay schema environment` prints one, `schemas/` holds them.\n",
    ]
    for name in ("environment", "base", "component", "project", "test", "lock"):
        schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
        out += [f"## {name}\n", f"{schema.get('description', '')}\n", "| field | type | meaning |\n| --- | --- | --- |"]
        out += _fields(schema, schema, "")
        out.append("")
    return "\n".join(out)


def _fields(schema: dict[str, Any], root: dict[str, Any], prefix: str) -> list[str]:
    rows = []
    for name, field in schema.get("properties", {}).items():
        resolved = _resolve(field, root)
        description = (field.get("description") or resolved.get("description") or "").replace("\n", " ")
        rows.append(f"| `{prefix}{name}` | {_type(resolved, root)} | {description} |")
        inner = _resolve(resolved.get("items", {}), root) if resolved.get("type") == "array" else resolved
        if name == "chart":
            inner = {"properties": _union([way["properties"] for way in resolved["oneOf"]])}
        mark = "[]." if resolved.get("type") == "array" else "."
        if inner.get("properties") and prefix.count(".") < 3:
            rows += _fields(inner, root, f"{prefix}{name}{mark}")
    return rows


def _union(ways: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields of several maps; one that means something else beside another first field says so."""
    found: dict[str, Any] = {}
    for way in ways:
        first = next(iter(way))
        for name, field in way.items():
            meaning = field["description"]
            if name in found and found[name]["description"] != meaning:
                meaning = f"{found[name]['description']} Beside `{first}`: {meaning}"
            found[name] = {**field, "description": meaning}
    return found


def _resolve(field: Any, root: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(field, dict):
        return {}
    while "$ref" in field:
        node: Any = root
        for part in field["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        field = node
    return dict(field)


def _type(field: dict[str, Any], root: dict[str, Any]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{item}`" for item in field["enum"])
    kind = field.get("type", "any")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    if kind == "array":
        return f"list of {_type(_resolve(field.get('items', {}), root), root)}"
    return "map" if kind == "object" else str(kind)


def main() -> None:
    """Write the pages, or tell which are not what the code says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page differs")
    check = parser.parse_args().check
    pages = {
        "commands.md": commands(),
        "documents.md": documents(),
        "exit-codes.md": exit_codes(),
        "limits.md": published_limits(),
    }
    titles = {
        "commands.md": "commands and options",
        "documents.md": "fields of our documents",
        "exit-codes.md": "exit codes and errors",
        "limits.md": "limits",
    }
    pages["README.md"] = NOTE + "# Reference\n\n" + "".join(f"- [{titles[name]}]({name})\n" for name in sorted(titles))
    TARGET.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, text in pages.items():
        path = TARGET / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        raise SystemExit(f"docs/reference is not what the code says: {', '.join(stale)}; run make docs")


if __name__ == "__main__":
    main()
