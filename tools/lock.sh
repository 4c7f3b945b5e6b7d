#!/bin/sh
# Writes requirements/*.txt anew: for every platform, with hashes, without addresses.
# uv asks the package index of its own settings (UV_DEFAULT_INDEX, uv.toml), not of pip's.
set -eu

PYTHON="${PYTHON:-}" sh tools/venv.sh
# uv lives beside .venv, not in it: it is no part of what the project runs on.
[ -x build/uv/bin/uv ] || {
    .venv/bin/python -m venv build/uv
    build/uv/bin/python -m pip -qq --disable-pip-version-check install uv
}

compile() {
    out=$1
    shift
    build/uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate "$@" --output-file "$out" >/dev/null
}
# The larger set first; the smaller is held to it, so that a version is the same in both.
compile requirements/dev.txt --extra dev pyproject.toml
compile requirements/cluster.txt --extra cluster --constraint requirements/dev.txt pyproject.toml
compile requirements/run.txt --constraint requirements/dev.txt pyproject.toml
