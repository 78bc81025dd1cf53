"""`make scale`: what larger tenants write, read and cost, and where the next wall is.

`recorded` plays lives on the store and keeps where every write went; `partitions` lets them through partitions that
take 1,000 write units a second; `paper` multiplies what was counted by agents, engagements and prices. What comes out
stands in `docs/scale.md`, which a test holds to it.
"""
