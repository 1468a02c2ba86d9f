"""The drawings of the animals, with their parts."""
