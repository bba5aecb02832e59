"""Keys, certificates and kubeconfigs: how they are made, and what is wrong with those that exist."""
