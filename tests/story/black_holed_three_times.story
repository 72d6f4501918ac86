# SCENARIOS T6: the line swallows everything, three times in a row. Each time it
# is found by the next ping and replaced beside itself a second later; and the
# interval is shorter than the silence that the NAT had used to forget.
account tcp interval 30 expires 3600
come-up 3600s
expect crlf within 0..1s
pong
pass 20s
expect crlf within 1s..10s
expect aside within 1s..1s
expect resolve
expect reachable no
expect registered yes
resolved 1
expect open
connected
expect register reused
expect named 1
reply 200 lease 3600
expect retire
expect elder draining
expect reachable unknown
expect interval 18s..22.5s
expect interval-reason learned
expect crlf within 0..1s
pong
expect flow proven
expect elder-gone within 9s..10s
expect crlf within 4s..13s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
expect named 1
reply 200 lease 3600
expect retire
expect interval 10.8s..17s
expect crlf within 0..1s
pong
expect crlf within 8.6s..17s
expect aside within 1s..1.1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect retire
expect registered yes
expect elder-gone within 10s..10s
