#!/bin/sh
# Publishes the inbox; where the gate refuses, the release on show stays. The server follows
# `current` by itself; the cache in front of it is emptied, so that nothing withdrawn lives on there.
set -eu
cd /srv/gongshi
venv/bin/gongshi publish inbox --site site --private private
find /var/cache/nginx/gongshi -type f -delete
