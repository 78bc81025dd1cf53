"""One plain function a command: load, ask the core, one conditional write, ring the bell.

Called by the HTTP layer and by the event handlers alike; neither holds rules of its own.
"""
