"""The forms of names that Kubernetes requires, and the maximum lengths of names."""

import re

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS_1035 = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
DNS_1123 = rf"^{_LABEL}$"
SUBDOMAIN = rf"^{_LABEL}(\.{_LABEL})*$"

# As for any object whose name is a DNS subdomain.
MAX_OBJECT_NAME = 253
# So that `<node>-state`, too, is a DNS label of at most 63 characters.
MAX_NODE_NAME = 57


def is_subdomain(name: str) -> bool:
    """Whether it is a DNS subdomain, as are the names of most objects and the domains of labels."""
    return len(name) <= MAX_OBJECT_NAME and re.fullmatch(SUBDOMAIN, name) is not None
