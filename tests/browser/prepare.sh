#!/usr/bin/env bash
# prepare.sh FOLDER WRITER: npm packages and sample reports for the tests of the page, into FOLDER.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$1
writer=$2

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

mkdir -p "$folder"
"$writer" "$folder/samples"
command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are not on this machine"

stamp=$folder/node_modules/.plumbline-lock
if ! cmp -s "$here/package-lock.json" "$stamp"; then
    cp "$here/package.json" "$here/package-lock.json" "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error </dev/null ||
        skip "npm could not install the packages of tests/browser"
    cp "$here/package-lock.json" "$stamp"
fi
