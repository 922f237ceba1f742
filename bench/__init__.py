"""Benchmarks: every figure is measured together with one to compare it with."""
