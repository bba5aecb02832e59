"""The forms that Kubernetes asks of names, and the length of a node's."""

DNS_1035 = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
DNS_1123 = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

# `<node>-state` stays a label of at most 63 characters, as the node's name itself does.
MAX_NODE_NAME = 57
