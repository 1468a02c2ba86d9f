"""A source's pictures, decoded once: what is measured on each, and the small JPEG that is kept."""
