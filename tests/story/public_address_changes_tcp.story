# SCENARIOS N4 on a stream: the connection swallows everything. Another one is
# made beside it; the 401 shows the new address, and the old Contact goes in the
# same REGISTER. A new address explains the silence: nothing is learned.
account tcp policy auto local 10.0.0.2:40000 interval 30
pass 1s
come-up 3600s mapped 203.0.113.7:61000
expect crlf within 0..1s
pong
expect reachable yes
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
expect reachable no
expect registered yes
resolved 1
expect open
connected
expect register none
reply 401 mapped 198.51.100.77:40001
expect register fresh
expect contact 198.51.100.77:40001
expect named 1
reply 200 lease 3600 mapped 198.51.100.77:40001
expect retire
expect reachable yes
expect interval 30s..30s
expect interval-reason configured
