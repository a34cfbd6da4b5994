#!/bin/bash
# An S3 server that truly enforces Object Lock, for tests: one Ceph monitor, one OSD in memory and radosgw, on 127.0.0.1 alone.
# Rule: everything it starts and writes belongs to DIRECTORY, so several can run side by side and each is stopped by its own name.
#
#   object-lock-server.sh start DIRECTORY PORT MONITOR_PORT [OWNER_PID]   about 15 s and 150 MB; keys testkey / testsecret
#   object-lock-server.sh stop DIRECTORY
#
# Both ports must be free. With OWNER_PID the server also stops by itself when that process is gone.
# Needs Debian's packages: apt-get install -y --no-install-recommends ceph-mon ceph-osd ceph-common radosgw
set -euo pipefail

usage() {
  echo "usage: $0 start DIRECTORY PORT MONITOR_PORT [OWNER_PID] | stop DIRECTORY" >&2
  exit 64
}
[ $# -ge 2 ] || usage
action=$1
# Nothing is left to stop where nothing is left.
[ "$action" = stop ] && [ ! -d "$2" ] && exit 0
mkdir -p "$2"
dir=$(cd "$2" && pwd)

# A pid is only believed while its command line names our directory: pids are used again.
is_ours() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "$dir/ceph.conf"; }

stop() {
  local signal file pid alive
  for signal in TERM KILL; do
    # TERM gets 5 s: the data lives in memory, so nothing is lost by the KILL after it.
    for _ in $(seq 50); do
      alive=0
      for file in "$dir"/*.pid; do
        [ -e "$file" ] || continue
        pid=$(cat "$file")
        if [ -n "$pid" ] && is_ours "$pid"; then
          alive=1
          kill -s "$signal" "$pid" 2>/dev/null || true
        else
          rm -f "$file"
        fi
      done
      [ $alive = 0 ] && return 0
      sleep 0.1
    done
  done
  echo "a process of $dir does not end" >&2
  return 1
}

start() {
  local port=$1 monitor_port=$2 owner=${3:-}
  mkdir -p "$dir/mon" "$dir/osd"
  local conf="$dir/ceph.conf" fsid
  fsid=$(cat /proc/sys/kernel/random/uuid)
  cat >"$conf" <<C
[global]
fsid = $fsid
mon_host = v1:127.0.0.1:$monitor_port
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
run_dir = $dir
log_file = $dir/\$name.log
pid_file = $dir/\$name.pid
admin_socket = $dir/\$name.asok
[mon.a]
mon_data = $dir/mon
mon_addr = 127.0.0.1:$monitor_port
[osd.0]
osd_data = $dir/osd
osd_objectstore = memstore
# Placed by the command below alone: by itself the OSD would do the same, now before it and now after.
osd_crush_update_on_start = false
# 1 GB: many times what the tests store.
memstore_device_bytes = 1073741824
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_dns_name = localhost
C
  trap 'tail -n 20 "$dir/start.log" >&2; stop || true' ERR
  {
    monmaptool --create --clobber --fsid "$fsid" --addv a "v1:127.0.0.1:$monitor_port" "$dir/monmap"
    ceph-mon --conf "$conf" --mkfs -i a --monmap "$dir/monmap"
    ceph-mon --conf "$conf" -i a
    ceph --conf "$conf" osd create
    # The monitor's settings are not asked for: an OSD of version 16 may crash when they arrive while it starts.
    ceph-osd --conf "$conf" --no-mon-config -i 0 --mkfs
    ceph-osd --conf "$conf" --no-mon-config -i 0
    ceph --conf "$conf" osd crush add osd.0 1 root=default host=localhost
    radosgw --conf "$conf" --no-mon-config -n client.rgw
    radosgw-admin --conf "$conf" -n client.rgw user create --uid=test --display-name=test \
      --access-key=testkey --secret-key=testsecret
  } >"$dir/start.log" 2>&1
  # radosgw answers as soon as it has made its pools.
  for _ in $(seq 300); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 0.1
  done
  trap - ERR
  if [ -n "$owner" ]; then
    setsid bash -c 'while [ -d "$3" ] && kill -0 "$1" 2>/dev/null; do sleep 1; done; exec "$2" stop "$3"' _ "$owner" "$(realpath "$0")" "$dir" \
      >/dev/null 2>&1 </dev/null &
  fi
}

case $action in
  start) [ $# -ge 4 ] || usage; start "$3" "$4" "${5:-}" ;;
  stop) stop ;;
  *) usage ;;
esac
