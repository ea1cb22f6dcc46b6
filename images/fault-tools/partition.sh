# Drops packets between this pod and its peers, in the pod's own network namespace. The peers are elements with a time-out.
# So the kernel mends the partition even if no process is left to delete the table.

# Address families of a comma list of addresses: those with a colon are IPv6.
only4() { tr ',' '\n' <<<"$1" | grep -v : | grep . ; }
only6() { tr ',' '\n' <<<"$1" | grep : ; }

# Elements of a set: "{ a timeout 9s, b timeout 9s }".
elements() { sed "s/\$/ timeout ${1}s/" | paste -sd, | sed 's/^/{ /; s/$/ }/'; }

# Commands that fill the sets of the table with the peers, for that many seconds.
fill() {
  local four six
  four=$(only4 "$peers" | elements "$1")
  six=$(only6 "$peers" | elements "$1")
  [ -z "$(only4 "$peers")" ] || echo "add element inet $table peers4 $four"
  [ -z "$(only6 "$peers")" ] || echo "add element inet $table peers6 $six"
}

# Rules of one chain: $1 is daddr (packets to the peers) or saddr. Before connection tracking (-300, "raw"), so that
# connections which are open count no more than others.
rules() {
  local match
  for match in "ip $1 @peers4" "ip6 $1 @peers6"; do
    if [ -z "$ports" ]; then
      echo "$match counter name drops drop"
    else
      # The port of the side that listens: it may be either.
      echo "$match tcp dport { $ports } counter name drops drop"
      echo "$match tcp sport { $ports } counter name drops drop"
    fi
  done
}

ruleset() {
  cat <<RULES
table inet $table {
  counter drops { }
  set peers4 { type ipv4_addr; flags timeout; }
  set peers6 { type ipv6_addr; flags timeout; }
  chain outgoing {
    type filter hook output priority -300; policy accept;
    $([ "$direction" = incoming ] || rules daddr)
  }
  chain incoming {
    type filter hook input priority -300; policy accept;
    $([ "$direction" = outgoing ] || rules saddr)
  }
}
RULES
  # The kernel's own end of it comes a little later than ours, which is the one that is reported.
  fill $((seconds + 5))
}

in_place() { nft list table inet "$table" >/dev/null 2>&1; }
dropped() { nft list counter inet "$table" drops 2>/dev/null | awk '/packets/ { print $2 }'; }

# Tries a TCP connection to each probe at once, for $1 seconds. Prints "IP:PORT answered" (also a refusal is an answer:
# packets pass both ways) or "IP:PORT silent".
probe_all() {
  local probe
  for probe in ${probes//,/ }; do
    (
      # "(exec 3<>…)" in a child: the time-out must be able to end a connection attempt.
      timeout "$1" bash -c "exec 3<>/dev/tcp/${probe%:*}/${probe##*:}" 2>/dev/null
      [ $? -eq 124 ] && echo "$probe silent" || echo "$probe answered"
    ) &
  done
  wait
}
one_line() { paste -sd, | sed 's/,/, /g'; }

# Whether the probe sees the partition. No peer answers that answered before, and the rules have dropped the probe's packets.
seen_in_force() {
  local seen count
  seen=$(probe_all 1)
  count=$(dropped)
  evidence="TCP probe: $(one_line <<<"$seen"); packets dropped: ${count:-0}"
  ! grep -q answered <<<"$seen" && [ "${count:-0}" -gt 0 ]
}

partition() {
  local before error answered tries
  # A peer that does not answer anyway proves nothing. A busy one gets a second chance.
  for tries in 1 2 3; do
    before=$(probe_all 2)
    answered=$(awk '$2 == "answered" { print $1 }' <<<"$before" | paste -sd,)
    [ -n "$answered" ] && break
  done
  if [ -z "$answered" ]; then
    say refused "no peer answers before the partition, so that its silence would prove nothing: $(one_line <<<"$before")"
    exit 2
  fi
  probes=$answered
  if ! error=$(ruleset | nft -f - 2>&1); then
    say refused "nftables of this kernel refuses the rules: $error"
    exit 2
  fi
  say injected "table inet $table; before it: $(one_line <<<"$before")"
  if seen_in_force || seen_in_force || seen_in_force; then say inForce "$evidence"; else say notSeen "$evidence"; fi
  until_over in_place
  mend_partition
}

# Other peers for a partition that is in force: they came back under other addresses. Old ones stay for those who keep
# a connection to them; all end with the fault.
repartition() {
  local error
  if ! in_place; then
    say late "there is no table inet $table any more"
    exit 0
  fi
  if ! error=$(fill "$seconds" | nft -f - 2>&1); then
    say failed "cannot add the peers $peers: $error"
    exit 1
  fi
  if seen_in_force; then say inForce "peers $peers; $evidence"; else say notSeen "peers $peers; $evidence"; fi
}

# A probe for every peer of the table, at the port of the listening side. The table may have got peers later.
known_probes() {
  local port=${ports%%,*} address
  [ -n "$port" ] || { port=${probes%%,*}; port=${port##*:}; }
  nft list table inet "$table" 2>/dev/null | tr ' {},' '\n\n\n\n' | grep -E '^[0-9a-f]*[.:][0-9a-f.:]+$' |
    while read -r address; do echo "$address:${port:-9}"; done
}

# Deletes the table and looks whether packets pass again: at least one peer must answer, for another may be gone.
# Says the same however often it is called.
mend_partition() {
  local error seen tries
  probes=$({ known_probes; tr ',' '\n' <<<"$probes"; } | grep . | sort -u | paste -sd,)
  if in_place && ! error=$(nft delete table inet "$table" 2>&1) && in_place; then
    say failed "cannot delete table inet $table: $error"
    return 1
  fi
  say healed "there is no table inet $table"
  for tries in 1 2 3; do
    seen=$(probe_all 2)
    if [ -z "$seen" ] || grep -q answered <<<"$seen"; then
      say seenHealed "nftables has no such table; TCP probe: $(one_line <<<"$seen")"
      return 0
    fi
  done
  # Whoever called this tries again with the peers that there are then.
  say notSeen "there is no table inet $table, but no peer answers: $(one_line <<<"$seen")"
  return 1
}
