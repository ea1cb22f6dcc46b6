{{/* Full DNS name of a Service of this release. Arguments: list of root, Service. */}}
{{- define "backend-ai.host" -}}
{{- $root := index . 0 -}}
{{ index . 1 }}.{{ $root.Release.Namespace }}.svc.{{ $root.Values.clusterDomain }}
{{- end }}

{{/* Name of the registry in image references. It is the shortest that resolves in every pod and in every agent's engine. */}}
{{- define "backend-ai.registry" -}}
registry.{{ .Release.Namespace }}:5000
{{- end }}

{{/* The same registry where it wants a password. */}}
{{- define "backend-ai.guardedRegistry" -}}
registry.{{ .Release.Namespace }}:5001
{{- end }}

{{/* Reference of the image that sessions run. */}}
{{- define "backend-ai.kernelImage" -}}
{{ include "backend-ai.registry" . }}/stable/python:3.13-debian13
{{- end }}

{{/*
Version of a component, for its label: of the services that this chart brings. What Backend.AI is installed, only the image knows
(backend-ai.releaseRecord).
*/}}
{{- define "backend-ai.version" -}}
{{- get (dict "postgres" "17" "valkey" "8" "etcd" "3.5" "registry" "2.8" "s3" "1.8.0") (index . 1) -}}
{{- end }}

{{/* Labels that pick the pods of a component. Arguments: list of root, component. */}}
{{- define "backend-ai.selector" -}}
app.kubernetes.io/name: backend-ai
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of every object and pod. Arguments: list of root, component. */}}
{{- define "backend-ai.labels" -}}
{{ include "backend-ai.selector" . }}
{{- with include "backend-ai.version" . }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Metadata of a workload. Arguments: list of root, component, replicas. */}}
{{- define "backend-ai.workload" -}}
name: {{ index . 1 }}
labels:
  {{- include "backend-ai.labels" . | nindent 2 }}
annotations:
  e2e.backend.ai/desired-replicas: {{ index . 2 | quote }}
{{- end }}

{{/*
A reference that must be given. A component without an image of its own runs images.backendAi. Arguments: list of root, key below
images.
*/}}
{{- define "backend-ai.image" -}}
{{- $images := (index . 0).Values.images }}
{{- $key := index . 1 }}
{{- if and (not (get $images $key)) (has $key (list "manager" "storageProxy" "webserver" "appproxyCoordinator" "appproxyWorker")) }}
{{- $key = "backendAi" }}
{{- end -}}
{{ required (printf "images.%s is needed: the full reference of that image" $key) (get $images $key) }}
{{- end }}
