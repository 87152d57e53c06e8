"""Checks, by what they are about; see ``lint/check.py``."""
