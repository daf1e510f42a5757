"""The same program with its inner loops compiled by mypyc: for campaigns and measurements, never beside a device.

mypyc is the compiler that comes with mypy: it makes C extensions of typed Python modules as they are. The compiled modules lie
in a whole copy of the program, in a cache, named by a hash of all its sources. A command that wants them runs again in that copy.
"""
