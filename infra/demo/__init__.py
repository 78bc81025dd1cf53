"""The demo: 500 real tickets, played against the local stack."""
