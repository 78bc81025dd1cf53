"""Interleave: a routing engine that treats a case, a ticket or an invoice like a call."""
