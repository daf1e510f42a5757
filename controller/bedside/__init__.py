"""The bedside: what is asked before and after a procedure, and the pages that show one while it runs."""
