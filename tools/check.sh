#!/bin/sh
# Checks style, types, unused code and the order of imports. Prints nothing when all is well.
set -eu
bin=.venv/bin

"$bin/ruff" check --quiet --output-format concise .
"$bin/ruff" format --quiet --check . || {
    echo "some files are not formatted; to mend them: .venv/bin/ruff format ." >&2
    exit 1
}
"$bin/mypy" --no-error-summary
"$bin/vulture"
# import-linter has no quiet mode.
report=$("$bin/lint-imports" 2>&1) || {
    echo "$report" >&2
    exit 1
}
