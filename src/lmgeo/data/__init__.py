"""Text, labelled examples and arrays, as they come into the project."""
