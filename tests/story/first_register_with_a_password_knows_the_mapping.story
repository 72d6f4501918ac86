# DESIGN §6: the challenge teaches the mapping, so the registrar never holds a
# private Contact; on each new flow again.
account tcp policy auto local 10.0.0.2:40000 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
expect contact 10.0.0.2:40000
reply 401 mapped 203.0.113.7:61000
expect mapping 203.0.113.7:61000
expect register fresh
expect contact 203.0.113.7:61000
reply 200 lease 3600 mapped 203.0.113.7:61000
expect reachable yes
expect reason ok
expect registers 2
lost flow-lost
expect resolve within 1ms..60s
resolved 1
expect open
connected
# what was said of the old flow is not said of this one
expect register none
expect contact 10.0.0.2:40001
expect named 1
reply 401 mapped 203.0.113.7:61001
expect register fresh
expect contact 203.0.113.7:61001
expect named 1
reply 200 lease 3600 mapped 203.0.113.7:61001
expect reachable yes

# the operator wants the socket's own address: no rewrite, and no illusion
account tcp policy local local 10.0.0.2:40000 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401 mapped 203.0.113.7:61000
expect register fresh
expect contact 10.0.0.2:40000
reply 200 lease 3600 mapped 203.0.113.7:61000
expect state bound
expect reachable no
expect reason binding-private
