#!/bin/sh
# A short story on the sample project; every command is printed before it runs.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work" "$work.cache" "$work.data" "$work.git"' EXIT
cp -R environments overlay.yaml "$work/"
cp -R schemas "$work/"
cd "$work"

say() { printf '\n# %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "A web shop in several environments: one base, small differences."
run overlay env list
run overlay env list --graph

say "What exactly is prod? Each object once, in apply order (the first lines):"
printf '$ overlay render prod | head -n 24\n'
overlay render prod | head -n 24
printf '$ overlay render prod -o name\n'
overlay render prod -o name

say "A typo never passes in silence: prod's patch now names a Deployment that is not there."
printf "$ sed -i 's/name: web$/name: wbe/' environments/prod/patches/web.yaml\n"
sed 's/name: web$/name: wbe/' environments/prod/patches/web.yaml > patched && cp patched environments/prod/patches/web.yaml
printf '$ overlay render prod\n'
if overlay render prod > /dev/null; then echo "this should have been refused" >&2; exit 1; fi
sed 's/name: wbe$/name: web/' environments/prod/patches/web.yaml > patched && cp patched environments/prod/patches/web.yaml

say "Rendered files can live in Git; --check tells whether they are what would be written."
run overlay render --all --output-dir rendered
run overlay render --all --output-dir rendered --check
say "Better: let overlay keep them. The project becomes a repository, with a bare one beside it as its remote."
rm -rf rendered
export XDG_CACHE_HOME="$work.cache" GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main . && git config user.name Ada && git config user.email ada@shop.example
git add . && git commit -q -m "The shop opens"
git init -q --bare "$work.git" && git remote add origin "$work.git" && git push -q origin main
run overlay sync dev prod -y

say "Prod gets more workers: one line of its source. What will that change, and where?"
printf '$ sed -i s/count: 6/count: 8/ environments/prod/environment.yaml && git commit -a -m "More workers"\n'
sed 's/count: 6/count: 8/' environments/prod/environment.yaml > changed && mv changed environments/prod/environment.yaml
git commit -q -a -m "More workers" && git push -q origin main
run overlay plan dev prod
run overlay sync dev prod -y

say "Too many: back to the revision before, all objects together. It is held, so that sync does not bring it back."
run overlay rollback prod 1 --reason "too many workers" -y
run overlay history prod
printf '$ overlay sync prod -y\n'
if overlay sync prod -y; then echo "this should have been refused" >&2; exit 1; fi

say "A version for others: one bundle of all environments, the same bytes on every machine. No server is needed."
export XDG_DATA_HOME="$work.data"
run overlay package --version 1.4.0 --to bundles
run overlay show bundles:1.4.0
run overlay pull bundles:1.4.0 -d pulled
run overlay render --all --output-dir rendered -q
run diff -r rendered pulled/environments

say "That was it. Next: docs/tutorial/first-project.md, or \`overlay init shop\`."
