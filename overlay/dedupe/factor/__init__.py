"""A project's own environments: what they share goes up into what they extend, as it is written."""
