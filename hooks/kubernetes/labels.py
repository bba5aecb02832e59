"""The API group of our kinds, and the labels that children of both kinds carry."""

PREFIX = "vk8s.sktelecom.com/"
VK8S = f"{PREFIX}vk8s"
NODE = f"{PREFIX}node"
# Metacontroller's own label, by which it recognizes the children of a parent (generateSelector).
CONTROLLER_UID = "controller-uid"
MANAGED_BY = {"app.kubernetes.io/managed-by": "vk8s-metacontroller"}
