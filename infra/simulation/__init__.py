"""What would have happened with another configuration: recorded or drawn work through the routing core.

`work` and `centre` say what is simulated, `run` and `desk` simulate it, `figures` measures it, `compare` does so under
many seeds on all cores, `staffing` searches over it. Nothing here is in the package that is deployed.
"""
