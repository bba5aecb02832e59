"""The hooks as an HTTP server. What decides never imports it."""
