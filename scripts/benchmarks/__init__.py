"""Benchmarks, one module a subject."""
