{{- /* One operator per namespace: names are fixed, so that the Lease and the bindings in environments are known. */ -}}
{{- define "e2e-operator.name" -}}backendai-e2e-operator{{- end -}}

{{- /* Cluster-wide roles carry the namespace: two operators in one cluster must not share them. */ -}}
{{- define "e2e-operator.clusterName" -}}{{ include "e2e-operator.name" . }}-{{ .Release.Namespace }}{{- end -}}
{{- define "e2e-operator.environmentRole" -}}{{ include "e2e-operator.clusterName" . }}-environment{{- end -}}

{{- define "e2e-operator.selector" -}}
app.kubernetes.io/name: e2e-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "e2e-operator.labels" -}}
{{ include "e2e-operator.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* The artifact server has labels other than the operator's: Deployments and Services select by them. */ -}}
{{- define "e2e-operator.artifacts" -}}backendai-e2e-artifacts{{- end -}}
{{- define "e2e-operator.artifactsSelector" -}}
app.kubernetes.io/name: e2e-artifacts
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}
{{- define "e2e-operator.artifactsLabels" -}}
{{ include "e2e-operator.artifactsSelector" . }}
app.kubernetes.io/component: artifacts
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* The catalog as the operator reads it: a list of {name, labels, spec} of TestSuites. */ -}}
{{- define "e2e-operator.catalog" -}}
{{- $list := list -}}
{{- $pull := dict -}}
{{- with .Values.imagePullSecrets }}{{ $_ := set $pull "imagePullSecrets" . }}{{ end -}}
{{- range (.Files.Get "files/suites.yaml" | fromYaml).suites -}}
{{- $spec := merge (dict "image" $.Values.suitesImage "imagePullPolicy" $.Values.imagePullPolicy) (omit . "name" "area" "runtime") $pull -}}
{{- with .runtime -}}
{{- if not (hasKey $.Values.runtimeImages .) -}}{{- fail (printf "runtimeImages has no key %q, which a suite of the catalog names" .) -}}{{- end -}}
{{- with index $.Values.runtimeImages . -}}{{- $_ := set $spec "runtimeImage" . -}}{{- end -}}
{{- end -}}
{{- $list = append $list (dict "name" .name "labels" (dict "e2e.backend.ai/area" .area) "spec" $spec) -}}
{{- end -}}
{{- toYaml $list -}}
{{- end -}}

{{- /* The namespaces whose objects the operator reconciles: a list. */ -}}
{{- define "e2e-operator.watched" -}}
{{- toYaml (.Values.watchNamespaces | default (list .Release.Namespace)) -}}
{{- end -}}

{{- /* Conditions of a policy: the request comes from an account of the namespace other than the operator's, as attempts have. */ -}}
{{- define "e2e-operator.byAttempt" -}}
- name: by-an-attempt
  expression: >-
    request.userInfo.username.startsWith('system:serviceaccount:' + request.namespace + ':')
    && request.userInfo.username != 'system:serviceaccount:{{ .Release.Namespace }}:{{ include "e2e-operator.name" . }}'
{{- end -}}

{{- /* The name of such an account, which is the attempt's. */ -}}
{{- define "e2e-operator.attemptVariable" -}}
- name: attempt
  expression: request.userInfo.username.substring(size('system:serviceaccount:' + request.namespace + ':'))
{{- end -}}

{{- /* The binding of a policy to the namespaces of runs. */ -}}
{{- define "e2e-operator.watchedOnly" -}}
validationActions: [Deny]
matchResources:
  namespaceSelector:
    matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values: {{- include "e2e-operator.watched" . | fromYamlArray | toYaml | nindent 10 }}
{{- end -}}

{{- /* Name servers, and the API server. No selector can name it: allow its ports, of its Service and its own. */ -}}
{{- define "e2e-operator.basicEgress" -}}
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
    {{- range .Values.networkPolicies.apiServerPorts }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}

{{- /* Where the operator's own image comes from: the path above it, or "." for an image without one. */ -}}
{{- define "e2e-operator.imagePath" -}}
{{- regexReplaceAll "/?[^/]*$" (regexReplaceAll "@.*$" .Values.image "") "" | default "." -}}
{{- end -}}

{{- /* What is added to the pods of suites, as JSON: the values that are set. */ -}}
{{- define "e2e-operator.suitePods" -}}
{{- $set := dict -}}
{{- range $from, $to := dict "podLabels" "labels" "podAnnotations" "annotations" "nodeSelector" "nodeSelector" "tolerations" "tolerations" "affinity" "affinity" "priorityClassName" "priorityClassName" -}}
{{- with index $.Values.suitePods $from -}}{{- $_ := set $set $to . -}}{{- end -}}
{{- end -}}
{{- toJson $set -}}
{{- end -}}

{{- /* The settings of the way out of the cluster. */ -}}
{{- define "e2e-operator.outbound" -}}
{{- $out := .Values.outbound -}}
{{- $ca := $out.ca -}}
{{- $kind := "" -}}
{{- if $ca.configMap }}{{ $kind = "configMap" }}{{ else if $ca.secret }}{{ $kind = "secret" }}{{ end -}}
{{- toJson (merge (dict "caKind" $kind "caName" ($ca.configMap | default $ca.secret) "caKey" $ca.key) (omit $out "ca")) -}}
{{- end -}}

{{- /* Variables of a container that calls what lies outside of the cluster. */ -}}
{{- define "e2e-operator.outboundEnv" -}}
{{- $out := include "e2e-operator.outbound" . | fromJson -}}
{{- range $variable, $key := dict "HTTPS_PROXY" "httpsProxy" "HTTP_PROXY" "httpProxy" -}}
{{- if $out.proxySecret }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $out.proxySecret | quote }}, key: {{ $key }}, optional: true}}
{{- else if index $out $key }}
- {name: {{ $variable }}, value: {{ index $out $key | replace "$" "$$" | quote }}}
{{- end }}
{{- end }}
{{- if or $out.proxySecret $out.httpsProxy $out.httpProxy }}
# helm calls the API server by its address. Kubernetes replaces the name in parentheses.
- {name: NO_PROXY, value: {{ list "localhost" "127.0.0.1" "$(KUBERNETES_SERVICE_HOST)" ".svc" ".cluster.local" $out.noProxy | compact | join "," | quote }}}
{{- end }}
{{- if $out.caKind }}
- {name: NODE_EXTRA_CA_CERTS, value: {{ printf "/etc/backendai-e2e/outbound-ca/%s" $out.caKey | quote }}}
{{- end }}
{{- end -}}

{{- define "e2e-operator.outboundMount" -}}
{{- if (include "e2e-operator.outbound" . | fromJson).caKind -}}
- {name: outbound-ca, mountPath: /etc/backendai-e2e/outbound-ca, readOnly: true}
{{- end -}}
{{- end -}}

{{- define "e2e-operator.outboundVolume" -}}
{{- with include "e2e-operator.outbound" . | fromJson -}}
{{- if eq .caKind "configMap" -}}
- name: outbound-ca
  configMap: {name: {{ .caName | quote }}}
{{- else if eq .caKind "secret" -}}
- name: outbound-ca
  secret: {secretName: {{ .caName | quote }}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The port of a URL. */ -}}
{{- define "e2e-operator.portOf" -}}
{{- $url := urlParse . -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary 443 80 (eq $url.scheme "https")) -}}
{{- end -}}

{{- /* A rule for the ports of the proxies that the values name. */ -}}
{{- define "e2e-operator.proxyEgress" -}}
{{- $ports := list -}}
{{- range list .Values.outbound.httpsProxy .Values.outbound.httpProxy -}}
{{- if . }}{{ $ports = append $ports (include "e2e-operator.portOf" .) }}{{ end -}}
{{- end -}}
{{- with uniq $ports -}}
- ports:
    {{- range . }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}
{{- end -}}
