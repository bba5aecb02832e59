{{- /* What all objects of a release have in common. */ -}}
{{- define "vk8s.labels" -}}
app.kubernetes.io/part-of: vk8s
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* Labels of an object of a component: (dict "root" $ "name" NAME). */ -}}
{{- define "vk8s.componentLabels" -}}
app.kubernetes.io/name: {{ .name }}
{{ include "vk8s.labels" .root }}
{{- end -}}

{{- /* A reference to an image: (dict "root" $ "image" VALUES "tag" DEFAULT). */ -}}
{{- define "vk8s.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .tag }}{{ end -}}
{{- end -}}

{{- /* The image of the hooks. */ -}}
{{- define "vk8s.hooksImage" -}}
{{- if not (or .Values.global.imageRegistry .Values.image.registry) -}}
{{- fail "where are the images? --set image.registry=registry.example.com, or global.imageRegistry if Metacontroller's is there as well." -}}
{{- end -}}
{{- include "vk8s.image" (dict "root" . "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end -}}

{{- /* The image that installs Kubeflow. */ -}}
{{- define "vk8s.kubeflowInstaller" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry | trimSuffix "/" -}}
{{- .Values.kubeflow.installerImage | default (printf "%s/vk8s/kubeflow-installer:{version}" $registry) -}}
{{- end -}}

{{- /* The image that takes backups. */ -}}
{{- define "vk8s.backupImage" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry | trimSuffix "/" -}}
{{- .Values.backup.image | default (printf "%s/vk8s/backup:%s" $registry .Chart.AppVersion) -}}
{{- end -}}

{{- define "vk8s.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}

{{- /* Objects of a file of the project, in the namespace of the release: (dict "root" $ "file" PATH). */ -}}
{{- define "vk8s.objects" -}}
{{- $content := .root.Files.Get .file -}}
{{- if not $content }}{{ fail (printf "the chart has no %s: package it with `helm package`, or take it from a checkout with symbolic links" .file) }}{{ end -}}
{{- $labels := include "vk8s.labels" .root | fromYaml -}}
{{- range splitList "\n---\n" $content }}
{{- $object := . | replace "vk8s-system" $.root.Release.Namespace | fromYaml }}
{{- $_ := set $object.metadata "labels" (merge (dict) ($object.metadata.labels | default dict) $labels) }}
{{- include "vk8s.adapt" (dict "root" $.root "object" $object) }}
---
{{ toYaml $object }}
{{- end }}
{{- end -}}

{{- /* What values change of such an object: (dict "root" $ "object" OBJECT). */ -}}
{{- define "vk8s.adapt" -}}
{{- $values := .root.Values }}
{{- if and (eq .object.kind "ClusterRole") (not $values.rbac.aggregate) }}
{{- $_ := unset .object.metadata.labels "rbac.authorization.k8s.io/aggregate-to-view" }}
{{- end }}
{{- if eq .object.kind "CompositeController" }}
{{- range .object.spec.endpointConfigs }}
{{- $_ := set .caBundle "secretRef" (include "vk8s.authority" $.root | fromYaml) }}
{{- $_ := set .authorization.secretRef "name" (include "vk8s.clientSecret" $.root) }}
{{- end }}
{{- end }}
{{- if and (eq .object.kind "CustomResourceDefinition") $values.crds.keep }}
{{- $_ := set .object.metadata "annotations" (merge (dict "helm.sh/resource-policy" "keep") (.object.metadata.annotations | default dict)) }}
{{- end }}
{{- end -}}

{{- /* The Secret that the hooks mount: key and tokens, and the certificate if that is not cert-manager's. */ -}}
{{- define "vk8s.hooksSecret" -}}
{{- if eq .Values.tls.source "existingSecret" }}{{ required "tls.source=existingSecret needs tls.existingSecret, the Secret with tls.crt, tls.key and tokens" .Values.tls.existingSecret }}{{ else }}vk8s-hooks{{ end -}}
{{- end -}}

{{- /* The Secret that Metacontroller reads: token, and the CA if that is not cert-manager's. */ -}}
{{- define "vk8s.clientSecret" -}}
{{- if eq .Values.tls.source "existingSecret" }}{{ required "tls.source=existingSecret needs tls.clientSecret, the Secret with ca.crt and token" .Values.tls.clientSecret }}{{ else }}vk8s-hooks-client{{ end -}}
{{- end -}}

{{- /* Where the CA of the hooks is: a reference to a key of a Secret. */ -}}
{{- define "vk8s.authority" -}}
name: {{ if eq .Values.tls.source "certManager" }}vk8s-hooks-tls{{ else }}{{ include "vk8s.clientSecret" . }}{{ end }}
namespace: {{ .Release.Namespace }}
key: ca.crt
{{- end -}}

{{- /* Where the pods of a component run: (dict "name" NAME "values" VALUES). */ -}}
{{- define "vk8s.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if .values.topologySpreadConstraints }}
{{ toYaml .values.topologySpreadConstraints }}
{{- else }}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  # A cluster of one node has both on it.
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {app.kubernetes.io/name: {{ .name }}}
  # Of this rollout alone: those that are about to end count for nothing.
  matchLabelKeys: [pod-template-hash]
{{- end }}
# Should all be on a host that is lost, they are elsewhere soon after that is known; by default, after 5 minutes.
tolerations:
- {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 10}
- {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 10}
{{- with .values.tolerations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The restricted profile of Pod Security. */ -}}
{{- define "vk8s.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}
{{- define "vk8s.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* At least one pod of a component survives a drain: (dict "root" $ "name" NAME "values" VALUES). */ -}}
{{- define "vk8s.disruptionBudget" -}}
{{- if .values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "vk8s.componentLabels" . | nindent 4 }}
spec:
  minAvailable: 1
  selector:
    matchLabels: {app.kubernetes.io/name: {{ .name }}}
{{- end }}
{{- end -}}
