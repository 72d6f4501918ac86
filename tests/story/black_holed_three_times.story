# SCENARIOS T6: the line swallows everything, three times in a row; found
# within the interval and ten seconds, and replaced at once each time.
account tcp interval 30 expires 3600
come-up 3600s
expect crlf within 0..1s
pong
pass 20s
expect crlf within 1s..10s
expect resolve within 9.9s..10.3s
expect reason flow-lost
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect crlf within 0..1s
pong
expect flow proven
expect crlf within 24s..30s
expect resolve within 9.9s..10.3s
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect resolve within 9.9s..10.3s
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect registered yes
