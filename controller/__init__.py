import os

# The core solves many tiny systems: threads would only get in each other's way, and their stacks would be locked into memory.
# numpy reads this when it is imported for the first time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
