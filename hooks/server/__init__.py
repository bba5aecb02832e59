"""The hooks as an HTTP server. Nothing that decides imports it."""
