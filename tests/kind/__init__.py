"""What only several hosts show, in a kind cluster of three nodes: `make kind-test`. The machine may be any."""
