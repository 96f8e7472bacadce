#!/bin/sh
# Kills the host in the middle of a run, starts it again, and shows that it is
# the same run: the task that was running keeps its process, and all ends well.
#
#   etc/demo/crash.sh [HAFT]      default: build/haft
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
haft=${1:-$top/build/haft}
folder=$(mktemp -d)
cd "$folder"

cat > crash.yaml <<'EOF'
version: 1
tasks:
  long:
    run: |
      echo $$ > "$HAFT_RUN_DIR/pid"
      for i in 1 2 3 4 5 6; do echo "step $i of process $$"; sleep 0.5; done
  after:
    needs: long
    run: echo "and then this"
EOF

say() {
    printf '\n== %s\n' "$*"
}

say "the host starts, in $folder"
"$haft" run crash.yaml > first.log 2>&1 &
host=$!
tries=0
pid_file() {
    find .haft/runs -name pid -size +0 2>/dev/null
}
until [ -n "$(pid_file)" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { cat first.log; exit 1; }
    sleep 0.05
done
pid=$(cat "$(pid_file)")
cat first.log
say "kill -9 of the host, process $host; the task is process $pid"
kill -9 "$host"
wait "$host" 2>/dev/null || true
kill -0 "$pid" || { echo "the task has died with the host"; exit 1; }
echo "the task is still running"

say "the host starts again, and takes the run up"
"$haft" attach last
say "what the task wrote: one process, every step once"
"$haft" logs last long
test "$("$haft" logs last long | grep -c "of process $pid")" -eq 6
say "all is well"
cd /
rm -rf "$folder"
