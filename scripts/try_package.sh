#!/bin/sh
# Build the wheel, install it where no checkout is near, and do what a new user would do first.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$work/dist" .
python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$root/lock/runtime.txt"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$work"/dist/overlay-*.whl
cd "$work"
PATH="$work/venv/bin:/usr/bin:/bin"
export PATH
overlay version
overlay init shop --environments dev,staging,prod
cd shop
overlay render dev > dev.yaml
grep -q '^kind: Deployment$' dev.yaml
overlay render --all --output-dir rendered
overlay render --all --output-dir rendered --check
overlay schema environment | grep -q 'https://json-schema.org/draft/2020-12/schema'
echo "the installed package works"
