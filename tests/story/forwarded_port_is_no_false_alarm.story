# Contact policy static: the operator vouches for the address.
account udp policy static ponging
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 300 mapped 203.0.113.7 contact 198.51.100.1
expect registered yes
expect reachable unknown
expect reason unproven
