{{/* What every pod says of itself. */}}
{{- define "backend-ai.pod" -}}
# Service links would set ETCD_*, VALKEY_* and the like, which programs read as options.
enableServiceLinks: false
automountServiceAccountToken: false
{{- end }}

{{/* Pods without a part that needs root: Pod Security "restricted". */}}
{{- define "backend-ai.user" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "backend-ai.restricted" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* Variables from the Secret with this release's secrets. Argument: list of names, "DATABASE_PASSWORD" for key database-password. */}}
{{- define "backend-ai.secretEnv" -}}
{{- range . }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: backend-ai-secrets
      key: {{ . | lower | replace "_" "-" }}
{{- end }}
{{- end }}

{{/*
First container of a pod: its termination message is the record of what is installed in the image (images/backend-ai/record.py). The
operator reads it there, so the version in its status is that of the packages. The name of the image does not matter. Arguments:
list of root, key of the image.
*/}}
{{- define "backend-ai.releaseRecord" -}}
- name: release-record
  image: {{ include "backend-ai.image" . }}
  imagePullPolicy: IfNotPresent
  # Images that this project did not build may lack it.
  command: [sh, -c, "cat /opt/bai/release.json > /dev/termination-log || true"]
  resources:
    requests: { cpu: 1m, memory: 8Mi }
    limits: { cpu: "1", memory: 32Mi }
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: { drop: [ALL] }
{{- end }}

{{/* Makes the node's folder for a component's data: as root, because the kubelet creates it for root. Arguments: list of root, key of the image, extra scripts. */}}
{{- define "backend-ai.prepareData" -}}
- name: prepare-data
  image: {{ include "backend-ai.image" . }}
  imagePullPolicy: IfNotPresent
  command:
    - sh
    - -ec
    - |
      sh /scripts/prepare-data.sh
      {{- range slice . 2 }}
      sh /scripts/{{ . }}
      {{- end }}
  env:
    {{- include "backend-ai.secretEnv" (list "INSTALLATION_ID") | nindent 4 }}
  volumeMounts:
    - { name: data, mountPath: /data }
    - { name: scripts, mountPath: /scripts }
  resources:
    requests: { cpu: 3m, memory: 16Mi }
    limits: { cpu: "1", memory: 64Mi }
  securityContext:
    runAsNonRoot: false
    runAsUser: 0
    runAsGroup: 0
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    # To give the folder away, and to delete files of user 1000.
    capabilities: { drop: [ALL], add: [CHOWN, DAC_OVERRIDE, FOWNER] }
{{- end }}

{{/* Volumes of a component with data. Arguments: list of root, folder below the namespace's. */}}
{{- define "backend-ai.dataVolume" -}}
- name: data
  hostPath:
    path: {{ (index . 0).Values.dataRoot }}/{{ (index . 0).Release.Namespace }}/{{ index . 1 }}
    type: DirectoryOrCreate
{{- end }}

{{- define "backend-ai.scriptsVolume" -}}
- name: scripts
  configMap: { name: scripts }
{{- end }}

{{/* Annotations of a pod that start.py starts: a change of its files replaces it. Arguments: list of root, component. */}}
{{- define "backend-ai.checksums" -}}
e2e.backend.ai/config: {{ include "backend-ai.configData" . | sha256sum | trunc 16 | quote }}
e2e.backend.ai/scripts: {{ (index . 0).Files.Get "files/scripts/start.py" | sha256sum | trunc 16 | quote }}
{{- end }}

{{/* Templates of a component's configuration: no secret is in them. Arguments: list of root, component. */}}
{{- define "backend-ai.configData" -}}
{{- $root := index . 0 -}}
{{- $files := dict
  "manager" (list "manager.toml")
  "storage-proxy" (list "storage-proxy.toml" "aws.conf")
  "webserver" (list "webserver.conf")
  "appproxy-coordinator" (list "app-proxy-coordinator.toml")
  "appproxy-worker" (list "app-proxy-worker.toml")
  "agent" (list "agent.toml")
  "registry" (list "registry-guarded.yaml")
  "bootstrap" (list "manager.toml" "alembic.ini" "alembic-appproxy.ini") -}}
{{- range get $files (index . 1) }}
{{ . }}: |
  {{- $root.Files.Get (printf "files/config/%s" .) | nindent 2 }}
  {{- if and (eq . "storage-proxy.toml") $root.Values.storageProxy.brokenObjectStorages }}
  {{- $root.Files.Get "files/config/storage-proxy-broken.toml" | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Variables of every pod that start.py starts. */}}
{{- define "backend-ai.startEnv" -}}
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: HOME
  value: /tmp
{{- end }}

{{- define "backend-ai.startMounts" -}}
- { name: scripts, mountPath: /scripts }
- { name: templates, mountPath: /templates }
- { name: config, mountPath: /etc/backend.ai }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{/* Argument: component. */}}
{{- define "backend-ai.startVolumes" -}}
{{ include "backend-ai.scriptsVolume" . }}
- name: templates
  configMap: { name: {{ . }}-config }
# Holds secrets: in memory only.
- name: config
  emptyDir: { medium: Memory, sizeLimit: 1Mi }
- name: tmp
  emptyDir: {}
{{- end }}

{{/*
Probes over HTTP. Arguments: dict of port, startup (path), readiness, liveness.
The start may take long where everything starts at once on two cores. While etcd or Valkey are away, each component fails its
liveness probe, and it recovers without a restart. It checks them once a minute, so an outage of a minute may show for two. So a
component is restarted only after three minutes of failed liveness.
*/}}
{{- define "backend-ai.httpProbes" -}}
startupProbe:
  httpGet: { path: {{ .startup }}, port: {{ .port }} }
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 600
readinessProbe:
  httpGet: { path: {{ .readiness }}, port: {{ .port }} }
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 3
livenessProbe:
  httpGet: { path: {{ .liveness }}, port: {{ .port }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 18
{{- end }}

{{/*
Probes by a command. Argument: the command, a list.
A command in a container costs almost a tenth of a second of a core, an HTTP request almost nothing. So readiness and liveness
ask less often here. A start is seen no later: the kubelet asks for readiness when the startup probe has succeeded.
*/}}
{{- define "backend-ai.execProbes" -}}
startupProbe:
  exec: { command: {{ toJson . }} }
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 120
readinessProbe:
  exec: { command: {{ toJson . }} }
  periodSeconds: 15
  timeoutSeconds: 3
  failureThreshold: 2
livenessProbe:
  exec: { command: {{ toJson . }} }
  periodSeconds: 60
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}
