"""Moving over: what other systems' own endpoints answer becomes a tenant's document, and a list of what did not."""
