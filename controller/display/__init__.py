"""What the operator sees and types, in a process of its own: nothing in here can delay the control process."""
