"""Tests of public events and their delivery."""
