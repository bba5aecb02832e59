"""The stand-in for Metacontroller: it must be no kinder than the original."""
