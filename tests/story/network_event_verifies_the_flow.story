# SCENARIOS N6, T12: an address or a route changed. The flow is asked at once,
# and replaced a second later if it says nothing.
account tcp interval 300
come-up 3600s
expect crlf within 0..1s
pong
pass 60s
verify
expect crlf
pong
expect flow proven
expect nothing for 60s
verify
expect crlf
expect aside within 1s..1s
expect resolve

# UDP
account udp interval 300
come-up 3600s
expect options within 0..1s
options-answer
pass 60s
verify
expect options
options-answer
expect nothing for 60s
verify
expect options
expect aside within 3.5s..3.5s
expect resolve

# its packets would leave from another address: beside it at once, and what the
# old one may still say changes nothing
account tcp interval 300 policy auto local 10.0.0.2:40000
pass 1s
come-up 3600s mapped 203.0.113.7:61000
expect crlf within 0..1s
pong
pass 60s
local 10.9.9.9:50000
moved
expect aside
expect resolve
expect registered yes
expect reachable no
elder-pong
expect state resolve
resolved 1
expect open
connected
expect register none
expect contact 10.9.9.9:50001
expect named 1
reply 401 mapped 198.51.100.5:7777
expect register fresh
expect contact 198.51.100.5:7777
expect named 1
reply 200 lease 3600 mapped 198.51.100.5:7777
expect retire
expect reachable yes

# without an answer to expect, nothing but another flow can tell
account udp method crlf
come-up 3600s
pass 60s
expect registered yes
verify
expect aside
expect resolve

# and a wait is over
account tcp
start
expect resolve
resolve-failed
verify
expect resolve within 1ms..250ms
