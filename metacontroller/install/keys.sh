# shellcheck shell=bash
# The keys of TLS and of the token between Metacontroller and the hooks. Two Secrets: `vk8s-hooks` is mounted by the
# hooks (certificate, key, tokens that open), `vk8s-hooks-client` is read by Metacontroller (CA, token that it shows).

readonly KEY_DAYS=3650
readonly HOST_NAMES=vk8s-hooks.$SYSTEM_NAMESPACE,vk8s-hooks.$SYSTEM_NAMESPACE.svc,vk8s-hooks

check_openssl() {
  command -v openssl >/dev/null || fail "openssl is missing: install it. The keys of the hooks are made with it."
}

# ca.crt, tls.crt, tls.key and token in DIRECTORY. The key of the CA is not kept: nothing else is ever to be signed by
# it.
make_keys() { # DIRECTORY
  (
    umask 077
    cd "$1" || exit
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key
    openssl ecparam -name prime256v1 -genkey -noout -out tls.key
    cat >openssl.conf <<CONF
[req]
distinguished_name = name
prompt = no
[name]
CN = vk8s-hooks
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:${HOST_NAMES//,/, DNS:}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CONF
    openssl req -new -x509 -sha256 -days $KEY_DAYS -key ca.key -config openssl.conf -extensions ca -subj "/CN=vk8s-hooks CA $(openssl rand -hex 4)" -out ca.crt
    openssl req -new -sha256 -key tls.key -config openssl.conf -out tls.csr
    openssl x509 -req -sha256 -days $KEY_DAYS -in tls.csr -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -extfile openssl.conf -extensions server -out tls.crt 2>/dev/null
    openssl rand -hex 32 >token
    cp token tokens
    rm ca.key tls.csr openssl.conf
  )
}

# Both Secrets as YAML, from the files in DIRECTORY; no key is ever an argument.
print_key_secrets() { # DIRECTORY
  kube create secret generic vk8s-hooks --namespace="$SYSTEM_NAMESPACE" --dry-run=client --output=yaml \
    --from-file="$1/tls.crt" --from-file="$1/tls.key" --from-file="$1/tokens"
  echo ---
  kube create secret generic vk8s-hooks-client --namespace="$SYSTEM_NAMESPACE" --dry-run=client --output=yaml \
    --from-file="$1/ca.crt" --from-file="$1/token"
}

has_keys() {
  kube get secret vk8s-hooks vk8s-hooks-client --namespace="$SYSTEM_NAMESPACE" >/dev/null 2>&1
}

apply_keys() { # DIRECTORY
  print_key_secrets "$1" >"$1/secrets.yaml"
  apply "$1/secrets.yaml"
}

read_secret() { # NAME KEY
  kube get secret "$1" --namespace="$SYSTEM_NAMESPACE" --output="go-template={{index .data \"$2\" | base64decode}}"
}

# New keys for all, in an order in which every call is let in: the hooks learn the new token, Metacontroller changes
# over to it and trusts both CAs, the hooks switch to the new certificate and drop the previous token.
rotate_keys() { # DIRECTORY OTHER-METACONTROLLER
  local new=$1/new now=$1/now
  mkdir "$new" "$now"
  make_keys "$new"
  for key in tls.crt tls.key; do read_secret vk8s-hooks $key >"$now/$key"; done
  read_secret vk8s-hooks-client token >"$now/token"
  read_secret vk8s-hooks-client ca.crt >"$now/ca.crt"

  cat "$now/token" "$new/token" >"$now/tokens"
  apply_keys "$now"
  restart_hooks
  cat "$new/ca.crt" >>"$now/ca.crt"
  cp "$new/token" "$now/token"
  apply_keys "$now"
  restart_metacontroller "$2"
  apply_keys "$new"
  restart_hooks
  forget_inputs
}

# The setup of the Helm chart notes which keys pods have started with, and would restart them once more for the new ones.
forget_inputs() {
  kube annotate deployments --all --namespace="$SYSTEM_NAMESPACE" vk8s.sktelecom.com/started-with- >&2
}

# The mounted files follow by themselves in a minute or two; a restart makes it certain.
restart_hooks() {
  kube rollout restart deployment/vk8s-hooks --namespace="$SYSTEM_NAMESPACE" >&2
  [[ -n ${NO_WAIT:-} ]] || wait_for_rollout vk8s-hooks
}
