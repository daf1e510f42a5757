"""How soon, and how reliably, tests of the line's pressure find that contrast does not stay in the duct.

Every patient is run once to the full target with nothing that stops the pump (open_run); every test is then fed with what
the host heard in that run (methods), and all of them are judged by the same rules (judging).
"""
