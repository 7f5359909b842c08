#!/bin/sh
# Run the whole suite. Tests drive real servers, which share the machine with the tests beside them: up to three that fail
# are run once more, alone, and named. One that fails alone too, or a fourth, fails the run.
# usage: run_tests.sh PYTHON WORKERS
set -u
python=$1
workers=$2
"$python" -m pytest -n "$workers" --dist worksteal
code=$?
[ "$code" = 1 ] || exit "$code"
failed=$("$python" -c 'import json; print("\n".join(json.load(open(".pytest_cache/v/cache/lastfailed"))))')
count=$(printf '%s\n' "$failed" | wc -l)
[ "$count" -le 3 ] || exit 1
printf 'unsteady, tried once more alone:\n%s\n' "$failed"
exec "$python" -m pytest -n 0 --last-failed --last-failed-no-failures none
