#!/usr/bin/env bash
# Install overlay as it is in this action's own repository, and what it needs by the hashes of its lock files.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
venv="$RUNNER_TEMP/overlay-venv"
[ -x "$venv/bin/overlay" ] && exit 0
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "overlay needs Python 3.11 or newer: run actions/setup-python before")'
python3 -m venv "$venv"
pip=("$venv/bin/python" -m pip --isolated install --quiet --disable-pip-version-check --no-input)
"${pip[@]}" --require-hashes -r "$root/lock/runtime.txt" -r "$root/lock/build.txt"
# A copy: building writes beside what it builds.
cp -R "$root" "$RUNNER_TEMP/overlay-source"
"${pip[@]}" --no-deps --no-build-isolation "$RUNNER_TEMP/overlay-source"
rm -rf "$RUNNER_TEMP/overlay-source"
