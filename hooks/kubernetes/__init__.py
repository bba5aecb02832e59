"""What all Kubernetes objects have in common. Nothing here knows of Vk8s or IPPools."""
