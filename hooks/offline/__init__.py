"""The hooks without a cluster: which children they would return, and which request Metacontroller would send."""
