# SCENARIOS T21: of several targets the first is dead.
account tcp
start
expect resolve
resolved 3
expect open
# it says nothing at all
expect open within 10s..10s
expect address 1
# it says no
refused connect-refused down 3
expect open
expect address 2
connected
expect register
reply 200 lease 3600
expect registered yes

account udp
start
expect resolve
resolved 3
expect open
connected
expect register
expect open within 4s..4s
# no such port
connected
expect register
lost connect-refused
expect open
connected
expect address 2
expect register
reply 200 lease 3600
expect registered yes
