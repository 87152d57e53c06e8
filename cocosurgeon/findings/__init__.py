"""Findings: what a check found, with a code, a meaning and what to do.

finding  Finding
codes    the table of codes
"""
