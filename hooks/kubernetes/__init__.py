"""What any Kubernetes object has in common: nothing here knows of Vk8s or IPPools."""
