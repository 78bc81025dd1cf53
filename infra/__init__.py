"""Packaging, deployment, the local stack, the demo and the bench. The package never imports anything from here."""
