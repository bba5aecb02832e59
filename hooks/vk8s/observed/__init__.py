"""The observed children, and the facts that are read from them."""
