"""Findings of checks, and the table of their codes.

finding  Finding
codes    the table of codes
"""
