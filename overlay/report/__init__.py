"""Values to text for people and machines; nothing is read or written here."""
