"""`make versus`: who gets what, decided by Interleave, by other systems' documented rules and by what one would build.

`day` draws one day of a contact centre; `policies` are the documented rules as strategies, `postgres` a queue in a
database, `procrastinated` one made of a maintained library; `watched` measures each of them while
`infra.simulation.run` plays the day with it. `race` lets several routers at the same work at once, `oracle` holds the
day's model against Ciw, `limits` says what is published of those that cannot be run. Nothing here is deployed.
"""
