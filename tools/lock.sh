#!/bin/sh
# Rebuilds requirements/*.txt: for every platform, with hashes, without addresses.
# uv uses the package index of its own settings (UV_DEFAULT_INDEX, uv.toml), not pip's.
set -eu

PYTHON="${PYTHON:-}" sh tools/venv.sh
# uv is installed beside .venv, not in it: the project does not depend on it.
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
# The larger set first; it constrains the smaller ones, so that versions are the same in all.
compile requirements/dev.txt --extra dev pyproject.toml
compile requirements/cluster.txt --extra cluster --constraint requirements/dev.txt pyproject.toml
compile requirements/run.txt --constraint requirements/dev.txt pyproject.toml
