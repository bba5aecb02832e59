# shellcheck shell=bash
# Step gateway: the Service of Kubeflow's gateway gets the port at which the owner's Service finds it.

gateway() {
  local refusal
  is_api_there || return
  if sed "s/KUBEFLOW_PORT/${KUBEFLOW_PORT:-30000}/" "$BUNDLE/gateway.yaml" | apply >"$RUN/output" 2>"$RUN/errors"; then return; fi
  is_api_there || return
  refusal=$(find_refusal "$RUN/errors")
  record_missing "gateway $refusal" "Service istio-system/istio-ingressgateway is refused: $refusal"
  return 1
}
