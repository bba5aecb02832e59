# shellcheck shell=bash
# What to do after an installation: the commands that create a first virtual cluster.

has_virtual_clusters() {
  [[ -n $(kube get vk8s --all-namespaces --output=name) ]]
}

# The registry of the hooks' image, which `install.sh <image-registry>` expects to have the other images as well.
find_registry() { # IMAGE
  case $1 in
  */vk8s/controller:* | */vk8s/controller@*) echo "${1%/vk8s/controller[:@]*}" ;;
  *) echo '<image-registry>' ;;
  esac
}

# Two commands, to be copied as they are.
print_first_steps() { # IMAGE OF THE HOOKS, EXAMPLE
  say "A first virtual cluster, once the images for nodes and access pods are in your registry (docs/installation.md):"
  say
  say "  kubectl create namespace demo && kubectl label namespace demo pod-security.kubernetes.io/enforce=privileged"
  say "  sed 's#registry.example.com#$(find_registry "$1")#' $2 | kubectl apply -n demo -f -"
}
