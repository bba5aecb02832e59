"""The Vk8s resource: one object describes one virtual cluster, whose nodes are pods of the host cluster."""
