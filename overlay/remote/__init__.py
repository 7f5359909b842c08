"""Remote inputs of a project: what its documents ask for, resolved, fetched, locked and vendored."""
