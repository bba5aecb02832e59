"""The fake Metacontroller: it must be no kinder than the original."""
