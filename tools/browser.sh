#!/bin/sh
# Prints the path of a Chromium for the browser tests; checks that there is a Chinese font and, where
# CI is set, nginx. What is missing is installed where that needs no password; else one sentence says
# what to do.
set -eu

find_chromium() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$name" ] && command -v "$name"; then return; fi
    done
    return 1
}

# `grep -q` would close the pipe early; a fontconfig that is missing counts as no font.
chinese_font() { [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

missing=""
find_chromium >/dev/null || missing="chromium"
chinese_font || missing="$missing fontconfig fonts-noto-cjk"
# Only on CI: nginx is a service, and its test is skipped where it is not installed.
[ -z "${CI:-}" ] || command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"

if [ -n "$missing" ] && command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    log=$(mktemp)
    # shellcheck disable=SC2086 # several packages, one word each
    as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get -qq update && apt-get -qq install --yes --no-install-recommends "$@"' install $missing \
        >"$log" 2>&1 || cat "$log" >&2
    rm -f "$log"
fi

if ! find_chromium; then
    echo "The browser tests need Chromium: install it (the package is called chromium), or name it, as in: make test CHROMIUM=/opt/chrome/chrome" >&2
    exit 1
fi
if ! chinese_font; then
    echo "The browser tests need a Chinese font: install one (the package is called fonts-noto-cjk) and fontconfig" >&2
    exit 1
fi
