#!/bin/sh
# Two servers of one site behind nginx, on this machine, to try what a balancer does:
#
#     sh examples/deploy/two-servers.sh SITE [PORT]
#
# Visitors come to PORT (8080); the servers listen on the two ports above it. Stop one, or publish
# anew: no visitor sees an error. Prints the servers' process ids; ends, with all it started, on Ctrl-C.
set -eu

site=${1:?name the folder that was published to, as in: sh examples/deploy/two-servers.sh site}
port=${2:-8080}
first=$((port + 1))
second=$((port + 2))
gongshi=${GONGSHI:-gongshi}
command -v nginx >/dev/null || PATH=$PATH:/usr/sbin:/usr/local/sbin
command -v nginx >/dev/null || {
    echo "nginx is not installed; install it (on Debian and Ubuntu: apt-get install nginx-light) and try again" >&2
    exit 1
}

work=$(mktemp -d)
pids=""
finish() {
    trap - EXIT INT TERM
    # shellcheck disable=SC2086 # several numbers, one word each
    kill $pids 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM

# Started by root, nginx would work as somebody who may not write into a folder of root's.
as=""
[ "$(id -u)" != 0 ] || as="user root;"

cat >"$work/nginx.conf" <<CONF
$as
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 512; }
http {
  access_log off;
  proxy_temp_path $work/proxy; client_body_temp_path $work/body; fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
  # What is kept is asked for again when it is old; the servers answer by the release's id (ETag).
  proxy_cache_path $work/cache levels=1:2 keys_zone=site:10m max_size=200m use_temp_path=off;
  upstream gongshi {
    server 127.0.0.1:$first max_fails=1 fail_timeout=2s;
    server 127.0.0.1:$second max_fails=1 fail_timeout=2s;
    keepalive 16;
  }
  server {
    listen 127.0.0.1:$port;
    location / {
      proxy_pass http://gongshi;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host \$http_host;
      proxy_connect_timeout 2s;
      proxy_next_upstream error timeout invalid_header http_502 http_503 http_504;
      proxy_buffers 32 64k;
      proxy_cache site;
      proxy_cache_revalidate on;
      proxy_cache_use_stale error timeout updating http_502 http_503 http_504;
      add_header X-Cache \$upstream_cache_status;
    }
  }
}
CONF

for each in $first $second; do
    "$gongshi" serve --site "$site" --port "$each" --workers 1 >"$work/serve-$each.log" 2>&1 &
    pids="$pids $!"
    echo "server $each process $!"
done
nginx -p "$work" -c "$work/nginx.conf" -e "$work/error.log" &
pids="$pids $!"
echo "visitors http://127.0.0.1:$port"
wait
