# DESIGN §6: after a 200 that shows another address once more at once, with the
# old Contact removed; a second one in the same round waits for the refresh.
account udp policy auto local 10.0.0.2:40000 expires 300 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 300 mapped 203.0.113.7:61000
expect register none
expect contact 203.0.113.7:61000
expect named 1
reply 200 lease 300 mapped 203.0.113.7:61001
expect state bound
expect reachable no
expect reason mapping-moved
expect register within 135s..165s
expect contact 203.0.113.7:61001
expect named 1
reply 200 lease 300 mapped 203.0.113.7:61001
expect state bound
expect reachable yes
expect note none

# the one retry of a binding that was absent carries the new address as well:
# that was it
account udp policy auto local 10.0.0.2:40000 expires 300 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 absent mapped 203.0.113.7:61000
expect register none
expect contact 203.0.113.7:61000
reply 200 lease 300 mapped 203.0.113.7:61001
expect state bound
expect register within 135s..165s
expect contact 203.0.113.7:61001
