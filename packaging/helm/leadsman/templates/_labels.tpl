{{- define "leadsman.name" -}}
{{- if contains "leadsman" .Release.Name -}}
{{- .Release.Name | trunc 20 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-leadsman" (.Release.Name | trunc 20 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "leadsman.selector" -}}
app.kubernetes.io/name: leadsman
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "leadsman.labels" -}}
{{ include "leadsman.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
