"""Using codes and taking uses back: one way for tills, people and files."""
