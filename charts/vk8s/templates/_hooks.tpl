{{- /* Annotations of what lives for a hook alone: (dict "hooks" NAMES "weight" WEIGHT). A failed Job stays, to be looked at. */ -}}
{{- define "vk8s.hookAnnotations" -}}
helm.sh/hook: {{ .hooks }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- if eq .weight "0" }}
# Its last words are those of Helm (3.18 and newer).
helm.sh/hook-output-log-policy: hook-failed
{{- end }}
{{- end -}}

{{- /* Binds a role of a hook to its ServiceAccount: (dict "component" COMPONENT "hooks" NAMES "kind" KIND "namespace" NAMESPACE). */ -}}
{{- define "vk8s.hookBinding" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .component.name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "vk8s.componentLabels" .component | nindent 4 }}
  annotations: {{- include "vk8s.hookAnnotations" (dict "hooks" .hooks "weight" "-8") | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .component.name }}
subjects:
- {kind: ServiceAccount, name: {{ .component.name }}, namespace: {{ .component.root.Release.Namespace }}}
{{- end -}}

{{- /* The pod of a Job, except for its container: a component. */ -}}
{{- define "vk8s.jobPod" -}}
{{- $values := .root.Values -}}
restartPolicy: Never
serviceAccountName: {{ .name }}
enableServiceLinks: false
securityContext: {{- include "vk8s.podSecurity" .root | nindent 2 }}
{{- include "vk8s.pullSecrets" .root }}
{{- with $values.hooks.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.hooks.tolerations }}
tolerations: {{- toYaml . | nindent 0 }}
{{- end }}
{{- with $values.hooks.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "vk8s.jobContainer" -}}
image: {{ include "vk8s.hooksImage" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- include "vk8s.containerSecurity" . | nindent 2 }}
resources:
  requests: {cpu: 100m, memory: 128Mi}
  limits: {memory: 256Mi}
{{- end -}}
