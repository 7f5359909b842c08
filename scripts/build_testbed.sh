#!/bin/sh
# Build a Kubernetes control plane from pinned Go modules, once; print the folder that holds it.
# usage: build_testbed.sh
# The folder is named after what it is built from, so that a change of a pin or of this script builds anew.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")/.." && pwd)
modules="$here/tests/cluster/testbed"
key=$(cat "$modules"/*/go.mod "$modules"/*/go.sum "$here/scripts/build_testbed.sh" | sha256sum | cut -c1-16)
folder="${OVERLAY_TESTBED:-${XDG_CACHE_HOME:-$HOME/.cache}/overlay-testbed}/$key"
[ -e "$folder/complete" ] && { echo "$folder"; exit; }
command -v go >/dev/null || { echo "go is missing: tests of clusters use a Kubernetes that is built from Go modules" >&2; exit 1; }
mkdir -p "$folder"

build() { # MODULE LINKER-FLAGS PACKAGE…
    echo "building $1 of the testbed …" >&2
    module=$1 flags=$2
    shift 2
    (cd "$modules/$module" && CGO_ENABLED=0 nice -n 10 go build -p 2 -mod=readonly -trimpath -buildvcs=false -ldflags="-s -w $flags" -o "$folder/" "$@")
}

# What a release is stamped with; without it the server calls itself v0.0.0.
release=$(cd "$modules/kubernetes" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
stamp=k8s.io/component-base/version
build kubernetes "-X $stamp.gitVersion=$release -X $stamp.gitMajor=1 -X $stamp.gitMinor=$(echo "$release" | cut -d. -f2)" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager \
    k8s.io/kubernetes/cmd/kube-scheduler k8s.io/kubernetes/cmd/kubectl
build etcd "" go.etcd.io/etcd/server/v3
build kwok "" sigs.k8s.io/kwok/cmd/kwok
mv "$folder/server" "$folder/etcd"
touch "$folder/complete"
echo "$folder"
