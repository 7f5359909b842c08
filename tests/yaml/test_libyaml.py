"""PyYAML is loaded in part by our own program only."""

from __future__ import annotations

import subprocess
import sys


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_overlay_leaves_pyyaml_whole() -> None:
    assert python("import overlay.yaml, yaml; print(yaml.load('a: [1, x]', yaml.CSafeLoader))") == "{'a': [1, 'x']}\n"


def test_our_program_reads_without_the_pure_python_half() -> None:
    code = (
        "import sys; from overlay import process; process.is_ours = True\n"
        "from overlay.yaml import read_documents\n"
        "print(read_documents('a: [1, x]', 'f')[0].value, hasattr(sys.modules['yaml'], 'load'))"
    )
    assert python(code) == "{'a': [1, 'x']} False\n"


def test_errors_are_the_same_either_way() -> None:
    code = (
        "from overlay import process; process.is_ours = {ours}\n"
        "from overlay.yaml import read_documents\nfrom overlay.errors import OverlayError\n"
        "for text in ('a: b: c', 'a: \\x00', '\\ta', 'a: *x', '[', '\"'):\n"
        "    try: read_documents(text, 'f')\n"
        "    except OverlayError as error: print([(str(e.location), e.message, e.hint) for e in error.each()])"
    )
    lean, whole = python(code.format(ours=True)), python(code.format(ours=False))
    assert lean == whole
    assert len(lean.splitlines()) == 6
