# Black-holed after it has ponged: suspect a second after the ping, and another
# flow is made beside it at once; what there was is dead 10 s after the ping.
account tcp interval 10
come-up 300s
expect crlf within 0..1s
pong
expect crlf within 8s..10s
pass 990ms
expect flow proven
expect aside within 10ms..10ms
expect resolve
expect elder suspect
expect reachable no
expect registered yes
resolved 1
expect open
expect elder-gone within 8.9s..9.1s
expect state connect
connected
expect register reused
reply 200 lease 300
expect registered yes
