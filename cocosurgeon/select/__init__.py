"""Filters, expressions and plans.

filter      filters, and their combination with ``& | ~``
plan        steps in order
where       where expressions: columns, counts and arithmetic, nothing else
categories  categories by name or id, in a file
counts      objects and categories of each image
effective   images without an object that a loader would train on
"""
