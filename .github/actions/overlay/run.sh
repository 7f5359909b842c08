#!/usr/bin/env bash
# One command of overlay, as the action's inputs ask for it; they come as INPUT_* and are data, whatever is in them.
set -euo pipefail
PATH="$RUNNER_TEMP/overlay-venv/bin:$PATH"
fail() { printf '::error title=overlay::%s\n' "$1"; exit 2; }

names=()
read -r -a words <<<"${INPUT_ENVIRONMENTS//$'\n'/ }"
for word in "${words[@]+"${words[@]}"}"; do
    [[ $word =~ ^[a-z0-9]([a-z0-9-]*[a-z0-9])?$ ]] || fail "environments: names are small letters, digits and -"
    names+=("$word")
done
[ "${#names[@]}" -gt 0 ] || names=(--all)
[[ $INPUT_BASE != -* && $INPUT_RENDERED != -* && $INPUT_VERSION != -* && $INPUT_PROJECT != -* ]] ||
    fail "no input begins with -"
common=(--project "$INPUT_PROJECT" --error-format github)
[ "$INPUT_STRICT" != true ] || common+=(--strict)
report=${INPUT_REPORT:-$RUNNER_TEMP/overlay-report}

case $INPUT_COMMAND in
check)
    base=$INPUT_BASE
    if [ -z "$base" ] && [ -n "${GITHUB_BASE_REF:-}" ]; then base=origin/$GITHUB_BASE_REF; fi
    mkdir -p "$report"
    options=(--no-cache -o github --report "markdown=$report/report.md" --report "json=$report/report.json"
        --report "sarif=$report/report.sarif" --report "junit=$report/report.xml")
    [ -z "$base" ] || options+=(--base "$base")
    [ -z "$INPUT_RENDERED" ] || options+=(--rendered "$INPUT_RENDERED")
    code=0
    overlay check "${names[@]}" "${options[@]}" "${common[@]}" || code=$?
    if [ -s "$report/report.md" ]; then overlay post "$report/report.md" --to summary; fi
    exit "$code"
    ;;
render)
    [ -n "$INPUT_RENDERED" ] || fail "rendered: name the folder to write"
    overlay render "${names[@]}" --output-dir "$INPUT_RENDERED" --no-cache "${common[@]}"
    ;;
sync)
    if [ -n "$INPUT_TOKEN" ]; then
        # For this command alone, in its environment: nothing is left in the checkout, and no other server sees it.
        header=$(printf 'x-access-token:%s' "$INPUT_TOKEN" | base64 -w0)
        printf '::add-mask::%s\n' "$header"
        export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader"
        export GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $header"
    fi
    export GIT_AUTHOR_NAME="${GIT_AUTHOR_NAME:-github-actions[bot]}" GIT_COMMITTER_NAME="${GIT_COMMITTER_NAME:-github-actions[bot]}"
    export GIT_AUTHOR_EMAIL="${GIT_AUTHOR_EMAIL:-41898282+github-actions[bot]@users.noreply.github.com}"
    export GIT_COMMITTER_EMAIL="${GIT_COMMITTER_EMAIL:-$GIT_AUTHOR_EMAIL}"
    overlay sync "${names[@]}" --yes "${common[@]}"
    ;;
affected)
    base=$INPUT_BASE
    # A branch that is new has nothing before it.
    if [ -z "$base" ] || [[ $base =~ ^0+$ ]]; then
        found=$(overlay env list -o json "${common[@]}")
        path='[one["name"] for one in found]'
    else
        found=$(overlay affected "$base..HEAD" -o json "${common[@]}")
        path='found["environments"]'
    fi
    python3 -c "import json, sys; found = json.load(sys.stdin); print('environments=' + json.dumps($path))" \
        <<<"$found" >>"$GITHUB_OUTPUT"
    ;;
drift)
    if [ -n "$INPUT_KUBECONFIG" ]; then
        # One that a killed job left has the rights that it had then.
        rm -f "$RUNNER_TEMP/overlay-kubeconfig"
        (umask 077 && printf '%s\n' "$INPUT_KUBECONFIG" >"$RUNNER_TEMP/overlay-kubeconfig")
        trap 'rm -f "$RUNNER_TEMP/overlay-kubeconfig"' EXIT
        export KUBECONFIG=$RUNNER_TEMP/overlay-kubeconfig
    fi
    overlay drift "${names[@]}" "${common[@]}"
    ;;
package)
    [ -n "$INPUT_VERSION" ] || fail "version: which version of the bundle?"
    [ "${names[0]}" != --all ] || names=()
    overlay package "${names[@]+"${names[@]}"}" --version "$INPUT_VERSION" --to "$RUNNER_TEMP/bundle.tar" "${common[@]}"
    printf 'bundle=%s\n' "$RUNNER_TEMP/bundle.tar" >>"$GITHUB_OUTPUT"
    ;;
comment)
    [ -s "$report/report.md" ] || fail "report: there is no report.md in that folder"
    GITHUB_TOKEN="$INPUT_TOKEN" overlay post "$report/report.md" --error-format github
    ;;
*) fail "command: check, render, affected, sync, package, drift or comment" ;;
esac
