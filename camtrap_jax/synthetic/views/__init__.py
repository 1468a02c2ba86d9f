"""What the cameras look at, before any animal comes."""
