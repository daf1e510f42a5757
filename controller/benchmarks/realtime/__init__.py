"""How punctual the loop is on this machine, beside a program in C that does the same, in the same run."""
