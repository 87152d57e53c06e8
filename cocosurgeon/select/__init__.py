"""Filters, expressions and plans.

filter      what a filter is, and how filters combine with ``& | ~``
plan        steps in order
where       where expressions: columns, counts and arithmetic, nothing else
categories  categories by name or id, in a file
counts      objects and categories of each image
effective   images of which a loader has nothing to use
"""
