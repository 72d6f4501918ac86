# The registrar holds the address at which it sees our flow: reachable.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 300 mapped 203.0.113.7 contact 203.0.113.7
expect reachable yes
expect reason ok
