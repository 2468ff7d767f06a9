"""Configuration, read once into one typed object; a wrong value stops the start with a message that names it."""
