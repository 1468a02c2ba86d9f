"""The stages of a study: each reads stored results, calls the methods, writes files."""
