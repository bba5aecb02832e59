# shellcheck shell=bash
# Where `kubectl vk8s create` finds images, unless its user says where: ConfigMap vk8s-defaults.

print_defaults() { # IMAGE-REGISTRY
  cat <<YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: vk8s-defaults
  namespace: $SYSTEM_NAMESPACE
  labels: {app.kubernetes.io/part-of: vk8s}
data:
  registry: "$1"
YAML
}

# One that is there was written by an administrator, or by Helm, and stays. IMAGE-REGISTRY is empty where only the image
# of the hooks is known.
ensure_defaults() { # IMAGE-REGISTRY DIRECTORY
  [[ -n $1 ]] || return 0
  [[ -z $(kube get configmap vk8s-defaults --namespace="$SYSTEM_NAMESPACE" --ignore-not-found --output=name) ]] || return 0
  print_defaults "$1" >"$2/defaults.yaml"
  apply "$2/defaults.yaml"
}
