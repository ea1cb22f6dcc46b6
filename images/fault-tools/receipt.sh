# What was done and seen, one JSON object a line: {"at": RFC 3339, "event": …, "evidence": …}.
# Events: injected, inForce (seen by a probe), healed, seenHealed, late, refused (cannot be done here), failed.
say() {
  local text=${2//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//[[:cntrl:]]/ }
  printf '{"at":"%s","event":"%s","evidence":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)" "$1" "${text:0:900}"
}
