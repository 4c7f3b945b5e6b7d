#!/bin/sh
# Makes .venv with a Python that is new enough: the one in $PYTHON, else the first found.
set -eu

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# A .venv whose interpreter is missing, after an upgrade for instance, is rebuilt.
if [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1; then exit 0; fi

if [ -n "${PYTHON:-}" ]; then
    if ! new_enough "$PYTHON"; then
        echo "PYTHON=$PYTHON is not a Python of version 3.11 or newer; name one that is, as in: make setup PYTHON=python3.12" >&2
        exit 1
    fi
else
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if new_enough "$candidate"; then PYTHON=$candidate; break; fi
    done
    if [ -z "${PYTHON:-}" ]; then
        echo "No Python of version 3.11 or newer was found; install one, or name it, as in: make setup PYTHON=/opt/python3.12/bin/python3" >&2
        exit 1
    fi
fi

# Debian and Ubuntu have these in a separate package, and `venv` fails half-way without them.
if ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
    version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$PYTHON cannot make a virtual environment; install the package python$version-venv (on Debian and Ubuntu: apt-get install python$version-venv) and try again" >&2
    exit 1
fi

"$PYTHON" -m venv --clear .venv
