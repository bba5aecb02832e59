"""The forms of names that Kubernetes requires, and the maximum length of a node's name."""

DNS_1035 = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
DNS_1123 = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

# So that `<node>-state`, too, is a DNS label of at most 63 characters.
MAX_NODE_NAME = 57
