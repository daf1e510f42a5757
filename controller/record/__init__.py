"""The record of a procedure: written durably by a process of its own, hash-chained, and read back by everything that reports."""
