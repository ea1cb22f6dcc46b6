#!/bin/bash
# Breaks something in the pod in which it runs, and proves it. When its time is over, it mends it and proves that too.
#   fault.sh partition|repartition|mend-partition|pause|resume|kill --OPTION VALUE ...
# Options:
#   --fault ID          name of the nftables table is e2e_fault_ID
#   --seconds N         a lasting fault mends itself after that time, counted from the injection
#   --not-after EPOCH   seconds since 1970: started later than this, it does nothing (a kubelet may come back hours later)
#   --direction both|outgoing|incoming, --ports P,P, --peers IP,IP, --probes IP:PORT,IP:PORT     for partitions
#   --container ID      ID of the target container at its runtime                                 for processes
# Prints what it did and saw as one JSON object a line (receipt.sh). Exit codes:
#   0   done, and mended if it lasts
#   1   could not do it or mend it
#   2   not possible with this kernel or in this pod
#   64  wrong arguments
set -uo pipefail
here=$(dirname "$0")
. "$here/receipt.sh"
. "$here/partition.sh"
. "$here/processes.sh"

fault= seconds=60 not_after= direction=both ports= peers= probes= container=
action=${1:-}
[ $# -gt 0 ] && shift
while [ $# -ge 2 ]; do
  case $1 in
    --fault) fault=$2 ;;
    --seconds) seconds=$2 ;;
    --not-after) not_after=$2 ;;
    --direction) direction=$2 ;;
    --ports) ports=$2 ;;
    --peers) peers=$2 ;;
    --probes) probes=$2 ;;
    --container) container=$2 ;;
    *) echo "fault.sh: unknown option $1" >&2; exit 64 ;;
  esac
  shift 2
done
table=e2e_fault_$fault

# Waits without being deaf to signals: bash runs a trap only between commands, and `wait` is interrupted by it.
pause_for() {
  sleep "$1" &
  wait $!
}

# Runs $1 (which must return 1 when nothing is left to mend) each second until the fault's time is over.
until_over() {
  local end=$((SECONDS + seconds))
  while [ $SECONDS -lt $end ]; do
    "$1" || return 1
    pause_for 1
  done
}

if [ -n "$not_after" ] && [ "$(date +%s)" -gt "$not_after" ]; then
  say late "it is $(date +%s), after $not_after: nothing was done"
  exit 1
fi

# A pod that is going takes its faults along, but not before they are mended: nothing outlives this process.
case $action in
  partition) trap 'mend_partition; exit' TERM INT; partition ;;
  repartition) repartition ;;
  mend-partition) mend_partition ;;
  pause) trap 'resume; exit' TERM INT; pause ;;
  resume) resume ;;
  kill) kill_all ;;
  *) echo "fault.sh: unknown action $action" >&2; exit 64 ;;
esac
