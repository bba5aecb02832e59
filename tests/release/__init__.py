"""Tests of what a release consists of, with small archives; nothing is built but one program of Go."""
