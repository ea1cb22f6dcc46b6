{{/*
The Job's pod. It is a template of its own because its hash names the Job and marks the stages in etcd. A Job cannot be changed,
so other content needs another Job.
*/}}
{{- define "backend-ai.bootstrapPod" -}}
{{- $image := ternary "bootstrap" "manager" (ne .Values.images.bootstrap "") -}}
{{ include "backend-ai.pod" . }}
{{ include "backend-ai.user" . }}
restartPolicy: Never
initContainers:
  {{- include "backend-ai.releaseRecord" (list . $image) | nindent 2 }}
containers:
  - name: bootstrap
    image: {{ include "backend-ai.image" (list . $image) }}
    imagePullPolicy: IfNotPresent
    command: [python, /scripts/start.py, --, /bootstrap/bootstrap.py]
    env:
      {{- include "backend-ai.startEnv" . | nindent 6 }}
      # The hash of this very text, so it cannot stand here.
      - name: BOOTSTRAP_ID
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['e2e.backend.ai/bootstrap']" } }
      {{- include "backend-ai.secretEnv" (list "DATABASE_PASSWORD" "VALKEY_PASSWORD" "MANAGER_SECRET" "STORAGE_MANAGER_SECRET" "APPPROXY_API_SECRET" "S3_ACCESS_KEY" "S3_SECRET_KEY" "ACCOUNTS") | nindent 6 }}
      - { name: HEARTBEAT_TIMEOUT, value: {{ .Values.manager.heartbeatTimeoutSeconds | toString | quote }} }
      - { name: STORAGE_CLIENT_URL, value: "http://{{ include "backend-ai.host" (list . "storage-proxy") }}:6021" }
      - { name: COORDINATOR_URL, value: "http://{{ include "backend-ai.host" (list . "appproxy-coordinator") }}:10200" }
      - { name: REGISTRY_NAME, value: {{ include "backend-ai.registry" . | quote }} }
      - { name: REGISTRY_PROJECT, value: stable }
      # Which registries sessions may take images from, besides that one.
      - { name: FURTHER_REGISTRIES, value: {{ ternary (include "backend-ai.guardedRegistry" .) "" .Values.registry.guarded | quote }} }
      - { name: KERNEL_IMAGE, value: {{ include "backend-ai.kernelImage" . | quote }} }
      - { name: MAX_SESSIONS, value: {{ .Values.bootstrap.maxConcurrentSessions | quote }} }
    workingDir: /tmp
    volumeMounts:
      {{- include "backend-ai.startMounts" . | nindent 6 }}
      - { name: bootstrap, mountPath: /bootstrap }
    resources:
      {{- toYaml .Values.bootstrap.resources | nindent 6 }}
    {{- include "backend-ai.restricted" . | nindent 4 }}
  - name: kernel-push
    image: {{ include "backend-ai.image" (list . "kernelPush") }}
    imagePullPolicy: IfNotPresent
    args: [{{ include "backend-ai.kernelImage" . | quote }}]
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      - { name: tmp, mountPath: /var/tmp }
    resources:
      requests: { cpu: 10m, memory: 32Mi }
      limits: { cpu: "1", memory: 512Mi }
    {{- include "backend-ai.restricted" . | nindent 4 }}
volumes:
  {{- include "backend-ai.startVolumes" "bootstrap" | nindent 2 }}
  - name: bootstrap
    configMap: { name: bootstrap }
{{- end }}

{{/* Changes with all that the bootstrap does. */}}
{{- define "backend-ai.bootstrapId" -}}
{{ list (include "backend-ai.bootstrapPod" .) (include "backend-ai.configData" (list . "bootstrap")) ((.Files.Glob "files/bootstrap/*").AsConfig) (.Files.Get "files/scripts/start.py") | join "\n" | sha256sum | trunc 10 }}
{{- end }}
