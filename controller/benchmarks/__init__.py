"""Measurements that people run: never part of the tests, which would fail on a busy machine."""
