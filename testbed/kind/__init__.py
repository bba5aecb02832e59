"""A kind cluster of three nodes with the product in it, on any machine: `make kind-up`, `make kind-down`."""
