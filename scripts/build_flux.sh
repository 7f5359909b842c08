#!/bin/sh
# Build Flux's source-controller and kustomize-controller from pinned Go modules, once; print the folder that holds them.
# usage: build_flux.sh
# It has a key of its own beside the testbed's, so that a change of one does not build the other anew.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")/.." && pwd)
modules="$here/tests/cluster/flux"
key=$(cat "$modules"/*/go.mod "$modules"/*/go.sum "$here/scripts/build_flux.sh" | sha256sum | cut -c1-16)
folder="${OVERLAY_TESTBED:-${XDG_CACHE_HOME:-$HOME/.cache}/overlay-testbed}/flux-$key"
[ -e "$folder/complete" ] && { echo "$folder"; exit; }
command -v go >/dev/null || { echo "go is missing: tests of Flux use controllers that are built from Go modules" >&2; exit 1; }
mkdir -p "$folder/crds"

for name in source-controller kustomize-controller; do
    echo "building $name of Flux …" >&2
    cd "$modules/$name"
    CGO_ENABLED=0 nice -n 10 go build -p 2 -mod=readonly -trimpath -buildvcs=false -ldflags="-s -w" -o "$folder/" "github.com/fluxcd/$name"
    # What the controllers watch is defined beside them.
    cp "$(go list -m -f '{{.Dir}}' "github.com/fluxcd/$name")"/config/crd/bases/*.yaml "$folder/crds/"
done
chmod u+w "$folder"/crds/*
touch "$folder/complete"
echo "$folder"
