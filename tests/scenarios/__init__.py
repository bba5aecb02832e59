"""Golden answers: one folder per scenario, the request as Metacontroller sends it, the whole answer as YAML."""
