"""Stateless Metacontroller hooks: a request in, the desired children and the status out."""
