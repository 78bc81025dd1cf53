"""The routing core, pure: who gets what next, and why."""
