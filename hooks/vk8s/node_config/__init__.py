"""The configuration of a node: the environment variables of its pod, and the configuration of Kubernetes' programs."""
