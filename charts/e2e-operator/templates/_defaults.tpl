{{- /*
An upgrade with --reuse-values has the defaults of the earlier version, and lacks the values that came later. Every template adds
them first, from files/defaults.yaml: `make docs` writes it from values.yaml.
*/ -}}
{{- define "e2e-operator.fillValues" -}}
{{- include "e2e-operator.fill" (dict "to" .Values "from" (.Files.Get "files/defaults.yaml" | fromYaml)) -}}
{{- end -}}

{{- /* Adds what a map lacks. What a user gives as a whole stays as it is: a null there removes a default. */ -}}
{{- define "e2e-operator.fill" -}}
{{- $to := .to -}}
{{- range $key, $default := .from -}}
{{- if not (hasKey $to $key) -}}
{{- $_ := set $to $key $default -}}
{{- else if and (kindIs "map" $default) (kindIs "map" (index $to $key)) (not (has $key (list "resources" "requests" "limits" "labels" "annotations" "run"))) -}}
{{- include "e2e-operator.fill" (dict "to" (index $to $key) "from" $default) -}}
{{- end -}}
{{- end -}}
{{- end -}}
