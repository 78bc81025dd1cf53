"""Days of a contact centre in memory, each from a seed, in which whatever can go wrong does; after it, all is well."""
