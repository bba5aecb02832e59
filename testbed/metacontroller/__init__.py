"""A small fake of Metacontroller 4.17.2, for testbeds that can't have the original. Never part of the product.

It does what the original does for composite controllers with hooks v2, behind TLS and a token or not, related objects,
generated selectors and the update strategies OnDelete and InPlace, traps included, and refuses every manifest that asks
for more.
"""
