# RFC 5626 §4.2.1: with outbound the same instance and reg-id take the place of
# the binding; nothing is named, and the Contact may be any.
account tcp interval 30 policy auto local 10.0.0.2:40000
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 3600 outbound mapped 203.0.113.7:61000
expect registers 1
expect crlf within 0..1s
pong
expect reachable yes
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
expect reachable no
resolved 1
expect open
connected
expect register none
expect named 0
reply 200 lease 3600 outbound mapped 203.0.113.7:61001
expect retire
expect reachable yes
expect state bound
