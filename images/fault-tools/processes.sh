# Stops, continues and kills every process of one container of this pod. The pod must share its process namespace. From
# inside a container's own namespace, a signal cannot stop or kill the first process of it (pid_namespaces(7)).

# Processes of the target container: its ID is in the name of their control group, whatever runtime and version.
targets() {
  local file
  for file in /proc/[0-9]*/cgroup; do
    grep -qs -- "$container" "$file" && basename "${file%/cgroup}"
  done
  return 0
}

# States of all threads of the given processes, a letter each, without those that ended in between.
states() {
  local pid
  for pid in "$@"; do cat "/proc/$pid/task/"*/status 2>/dev/null; done | awk '/^State:/ { print $2 }'
}

names() {
  local pid
  for pid in "$@"; do printf '%s ' "$pid $(cat "/proc/$pid/comm" 2>/dev/null),"; done
}

refuse_when_none() {
  [ ${#all[@]} -gt 0 ] && return
  say refused "no process of container $container is seen: the pod does not share its process namespace, or it has ended"
  exit 2
}

pause() {
  local tries all left held
  for tries in $(seq 1 50); do
    mapfile -t all < <(targets)
    refuse_when_none
    kill -STOP "${all[@]}" 2>/dev/null
    [ "$tries" = 1 ] && say injected "SIGSTOP to ${#all[@]} processes"
    # Once more when a process was born in between.
    mapfile -t left < <(states "${all[@]}" | grep -v '[TtZX]')
    [ "${#left[@]}" = 0 ] && [ "$(targets | wc -l)" = "${#all[@]}" ] && break
    sleep 0.1
  done
  held=("${all[@]}")
  if [ "${#left[@]}" = 0 ] && frozen; then
    say inForce "every thread of ${#held[@]} processes is stopped (state T in /proc): $(names "${held[@]}")"
  else
    say notSeen "${#left[@]} threads are not stopped (states $(states "${all[@]}" | sort | uniq -c | one_line))"
  fi
  until_over frozen
  resume
}

# Whether the processes that were stopped (held) are there and none of their threads can run. A stopped process starts no
# other. Younger processes come from the kubelet, which starts them for a probe, so they do not count.
frozen() {
  local seen
  seen=$(states "${held[@]}")
  grep -q '[Tt]' <<<"$seen" && ! grep -q '[^TtZX]' <<<"$seen"
}

resume() {
  local tries all stopped
  for tries in $(seq 1 50); do
    mapfile -t all < <(targets)
    [ ${#all[@]} -gt 0 ] && kill -CONT "${all[@]}" 2>/dev/null
    stopped=$(states "${all[@]}" | grep -c '[Tt]')
    [ "$tries" = 1 ] && say healed "SIGCONT to ${#all[@]} processes"
    if [ ${#all[@]} = 0 ]; then
      say seenHealed "no process of container $container is left to continue: it ended or restarted"
      return 0
    fi
    if [ "$stopped" = 0 ]; then
      say seenHealed "no thread of ${#all[@]} processes is stopped: $(names "${all[@]}")"
      return 0
    fi
    sleep 0.1
  done
  say failed "$stopped threads are still stopped"
  return 1
}

kill_all() {
  local tries all killed
  for tries in $(seq 1 50); do
    mapfile -t all < <(targets)
    if [ "$tries" = 1 ]; then
      refuse_when_none
      killed=$(names "${all[@]}")
      kill -KILL "${all[@]}" 2>/dev/null
      say injected "SIGKILL to ${#all[@]} processes"
    elif [ ${#all[@]} = 0 ]; then
      say inForce "none of these is left: $killed"
      return 0
    else
      kill -KILL "${all[@]}" 2>/dev/null
    fi
    sleep 0.1
  done
  say failed "still there: $(names "${all[@]}")"
  return 1
}
