{{- /* Parts that more than one object has. */ -}}
{{- define "plumbline.image" -}}
image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- if ne .Values.image.pullPolicy "IfNotPresent" }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}
{{- end }}

{{- define "plumbline.unprivileged" -}}
runAsNonRoot: true
runAsUser: 65534
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "plumbline.token" -}}
name: token
projected:
  defaultMode: 292
  sources:
  - serviceAccountToken: {path: token, expirationSeconds: 3600}
  - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}

{{- /* The nodes whose names the agents' certificate carries. */ -}}
{{- define "plumbline.nodes" -}}
{{- $nodes := .Values.tls.nodes -}}
{{- if not $nodes -}}
{{- range (lookup "v1" "Node" "" "").items }}{{ $nodes = append $nodes .metadata.name }}{{ end -}}
{{- end -}}
{{- if not $nodes }}{{ fail "tls.nodes is empty: name the nodes that have an agent" }}{{ end -}}
{{- toJson $nodes -}}
{{- end }}
