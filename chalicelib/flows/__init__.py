"""Flows, pure: the documents that say how work is routed, and their interpreter."""
