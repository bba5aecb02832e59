"""Keys, certificates and kubeconfigs: creating them, and checking those that exist."""
