# Black-holed after it has ponged: suspect after 1 s, dead 10 s after the ping.
account tcp interval 10
come-up 300s
expect crlf within 0..1s
pong
expect crlf within 8s..10s
pass 990ms
expect flow proven
pass 20ms
expect flow suspect
expect reachable no
expect registered yes
expect resolve within 8.9s..9.3s
