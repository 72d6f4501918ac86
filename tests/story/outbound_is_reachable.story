# The registrar confirmed RFC 5626: it uses the flow, any Contact will do.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 300 outbound mapped 203.0.113.7 contact 10.0.0.2
expect reachable yes
expect reason ok
pass 500ms
lost flow-lost
expect reachable no
expect resolve within 4s..8s
