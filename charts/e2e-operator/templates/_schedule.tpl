{{- /*
Fails for a schedule that the API server refuses, before the release creates anything. Helm knows time zones from the machine that
renders: where it has none, the API server checks them. Ranges that end before they begin are left to the API server too.
*/ -}}
{{- define "e2e-operator.checkSchedule" -}}
{{- if hasPrefix "@" .cron | not -}}
{{- $fields := list
  (list "minute" "[0-5]?[0-9]" "0 to 59")
  (list "hour" "[01]?[0-9]|2[0-3]" "0 to 23")
  (list "day of the month" "0?[1-9]|[12][0-9]|3[01]" "1 to 31")
  (list "month" "(?i:0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)" "1 to 12, or jan to dec")
  (list "day of the week" "(?i:[0-6]|sun|mon|tue|wed|thu|fri|sat)" "0 (Sunday) to 6, or sun to sat")
-}}
{{- range $index, $text := regexSplit " +" .cron -1 -}}
{{- $field := index $fields $index -}}
{{- $value := index $field 1 -}}
{{- $one := printf "([*?]|(%s)(-(%s))?)(/[1-9][0-9]*)?" $value $value -}}
{{- if regexMatch (printf "^%s(,%s)*$" $one $one) $text | not -}}
{{- fail (printf "schedule.cron is %q, and its %s is %q: use %s, *, a list, a range, or steps such as */5" $.cron (index $field 0) $text (index $field 2)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* Of an unknown time zone, Helm says UTC. */ -}}
{{- $utc := list "UTC" "Etc/UTC" "UCT" "Etc/UCT" "Universal" "Etc/Universal" "Zulu" "Etc/Zulu" -}}
{{- $known := eq (dateInZone "MST" now "Asia/Seoul") "KST" -}}
{{- if or (eq .timeZone "Local") (and $known (has .timeZone $utc | not) (eq (dateInZone "MST" now .timeZone) "UTC")) -}}
{{- fail (printf "schedule.timeZone is %q, which is no time zone of the IANA database: use a name such as Asia/Seoul" .timeZone) -}}
{{- end -}}
{{- end -}}
