"""The event handlers: the doorbell, the schedule and the stream. Thin: they unpack, call an operation, and report."""
