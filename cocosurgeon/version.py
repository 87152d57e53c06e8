"""The version, and the address of the documentation: a wheel has no docs/."""

__version__ = "0.2.0"
DOCS = "https://github.com/cocosurgeon/cocosurgeon/blob/main/docs"
