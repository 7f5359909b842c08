#!/bin/sh
# Build pinned peers from their Go modules into a folder; what is there at that version is kept.
# usage: install_tools.sh FOLDER
set -eu
folder=$1
command -v go >/dev/null || { echo "go is missing: tests use kustomize, helm, kubeconform and a registry, which are built from Go modules" >&2; exit 1; }

build() { # NAME MODULE@VERSION
    stamp="$folder/.$1@${2##*@}"
    [ -x "$folder/$1" ] && [ -e "$stamp" ] && return
    echo "building $1 ${2##*@} …"
    out=$(mktemp -d)
    (cd "$out" && GOBIN="$out" GOFLAGS=-trimpath CGO_ENABLED=0 go install "$2") || { rm -rf "$out"; exit 1; }
    mkdir -p "$folder"
    rm -f "$folder"/."$1"@*
    mv "$out"/* "$folder/$1"
    rm -rf "$out"
    touch "$stamp"
}

# A program of which a test has the source: its go.mod and go.sum pin what it is built from.
own() { # NAME FOLDER
    stamp="$folder/.$1@$(cat "$2"/main.go "$2"/go.mod "$2"/go.sum | cksum | cut -d ' ' -f 1)"
    [ -x "$folder/$1" ] && [ -e "$stamp" ] && return
    echo "building $1 …"
    mkdir -p "$folder"
    (cd "$2" && CGO_ENABLED=0 go build -mod=readonly -trimpath -o "$folder/$1" .) || exit 1
    rm -f "$folder"/."$1"@*
    touch "$stamp"
}

# The browser that tests of pages drive is Debian's; elsewhere it is the user's to install.
browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing chromium …"
        apt-get update -qq >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
    else
        echo "chromium is missing: tests of pages are left out without it (on Debian: apt-get install chromium)" >&2
    fi
}

# Tests of Git over SSH start a server of their own; on Debian the program is in a package of its own.
ssh_server() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v sshd >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing openssh-server …"
        apt-get update -qq >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends openssh-server >/dev/null
    else
        echo "sshd is missing: tests of Git over SSH need it (on Debian: apt-get install openssh-server)" >&2
    fi
}

# A registry of the generation before, another copier of images, another tar: Debian's own.
debian() { # PROGRAM [PACKAGE]
    command -v "$1" >/dev/null && return
    package=${2:-$1}
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing $package …"
        apt-get update -qq >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package" >/dev/null
    else
        echo "$1 is missing: tests of what reads our bundles need it (on Debian: apt-get install $package)" >&2
    fi
}

browser
ssh_server
debian docker-registry
debian skopeo
debian bsdtar libarchive-tools
build kustomize sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
build kubeconform github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
build helm helm.sh/helm/v4/cmd/helm@v4.2.3
build helm3 helm.sh/helm/v3/cmd/helm@v3.22.0
build oras oras.land/oras/cmd/oras@v1.3.6
build registry github.com/distribution/distribution/v3/cmd/registry@v3.1.2
build crane github.com/google/go-containerregistry/cmd/crane@v0.22.1
own referrers-registry "$(dirname "$0")/../tests/oci/referrers_registry"
build cosign github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
build fulcio github.com/sigstore/fulcio@v1.8.8
build rekor-server github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@v2.3.0
build sops github.com/getsops/sops/v3/cmd/sops@v3.13.3
build actionlint github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
build helm43 helm.sh/helm/v4/cmd/helm@v4.3.1
